"""Where segments stand on a new workspace's way to its first gated tab."""

from segments.models import Segment
from workspaces.first_steps import Step, register


def _has_one():
    return Segment.objects.filter(built_in_key=None, archived_at=None).exists()


register(
    Step(
        position=30,
        title="Group partners into a segment",
        text="Say it once, such as tier is Gold. Who fits joins and leaves by themselves.",
        route="settings:segments",
        label="Create a segment",
        permission="segments.manage",
        done=_has_one,
    )
)
