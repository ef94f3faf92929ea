"""Takes another segment wherever one decides something: in audiences and in the rules of other segments."""

from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse

from segments import editing, live, uses
from segments.engine import definitions
from segments.models import AudienceSegment, Build, Segment
from segments.moving import swapped
from workspaces.actors import Actor


def everywhere(segment: Segment) -> list[uses.Use]:
    """Everything that would lose it: what its audiences gate, and the rules that ask for it."""
    found = uses.used_in(segment)
    named = {use.url for use in found if use.url}
    for asking in _asking(segment):
        url = reverse("settings:segment", args=[asking.pk])
        if url not in named:
            found.append(uses.Use(kind="the rule of segment", name=asking.name, url=url, icon="segment"))
    return found


def fitting(segment: Segment) -> QuerySet[Segment]:
    """Those that can stand in its place. A rule asks for segments of a level; an audience takes either."""
    others = Segment.objects.live().exclude(pk=segment.pk)
    if _asking(segment):
        others = others.filter(level=segment.level)
    return others.order_by("level", "name", "pk")


def replace(segment: Segment, *, by_other: Segment, by: Actor) -> None:
    """Within the transaction of the caller: nothing is without a segment for a moment."""
    for asking in _asking(segment):
        _replace_in_rule(asking, segment, by_other, by)
    naming = AudienceSegment.objects.filter(segment=segment)
    already = AudienceSegment.objects.filter(segment=by_other).values("audience")
    naming.filter(audience__in=already).delete()
    naming.update(segment=by_other)
    definitions.change()
    live.announce_to_all()


def _asking(segment: Segment) -> list[Segment]:
    """Segments whose rule asks for this one, as it is or is about to be."""
    states = [Build.State.LIVE, Build.State.BUILDING]
    builds = Build.objects.filter(state__in=states, segment__archived_at=None, tree__isnull=False)
    found = {
        b.segment for b in builds.exclude(segment=segment).select_related("segment") if _asks(b, segment)
    }
    return sorted(found, key=lambda one: (one.name, one.pk))


def _asks(build: Build, segment: Segment) -> bool:
    return build.tree is not None and swapped(build.tree, segment.pk, UUID(int=0)) != build.tree


def _replace_in_rule(asking: Segment, segment: Segment, other: Segment, by: Actor) -> None:
    latest = asking.builds.filter(tree__isnull=False).exclude(state=Build.State.FAILED).order_by("-version")
    tree = latest.values_list("tree", flat=True).first()
    editing.save(
        asking,
        name=asking.name,
        description=asking.description,
        kind=asking.kind,
        tree=swapped(tree, segment.pk, other.pk),
        by=by,
    )
