"""Where tabs stand on a new workspace's way: the last step, a tab that only some can see."""

from portal.experiences.models import Tab
from segments.models import Audience
from workspaces.first_steps import Step, register

GATED = (Audience.Mode.ONLY, Audience.Mode.EXCEPT)


def _has_a_gated_tab():
    return Tab.objects.published().filter(audience__mode__in=GATED).exists()


register(
    Step(
        position=40,
        title="Show them a tab of their own",
        text="Choose who sees it and publish. It opens for those who join, while they look on.",
        route="settings:experiences",
        label="Open the experience",
        permission="experiences.manage",
        done=_has_a_gated_tab,
    )
)
