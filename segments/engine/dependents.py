"""Which rules ask for the membership of a segment, and so change with it."""

from collections.abc import Iterable

from django.db.models import BooleanField, F, Func, Value

from segments.models import Build, Segment
from segments.rules.fields import SEGMENTS

WAITING = [Build.State.LIVE, Build.State.BUILDING]


def asking(segment: Segment) -> list[Segment]:
    """The segments whose rule names this one, now or as soon as it is built."""
    # Ids are the product's own: nothing a person wrote stands in the path.
    path = f'$.**?(@.p == "{SEGMENTS}").v[*] ? (@ == "{segment.pk}")'
    names_it = Func(
        F("tree"),
        Value(path),
        function="jsonb_path_exists",
        template="%(function)s(%(expressions)s::jsonpath)",
        output_field=BooleanField(),
    )
    builds = Build.objects.filter(state__in=WAITING, segment__archived_at=None, kind=Segment.Kind.DYNAMIC)
    builds = builds.alias(names_it=names_it).filter(names_it=True)
    return list(Segment.objects.filter(pk__in=builds.values("segment")).order_by("number"))


def following(segment: Segment) -> list[Segment]:
    """All that ask for it, directly or by way of others, each once."""
    found: dict = {}
    waiting = [segment]
    while waiting:
        for one in asking(waiting.pop()):
            if one.pk not in found and one.pk != segment.pk:
                found[one.pk] = one
                waiting.append(one)
    return sorted(found.values(), key=lambda one: one.number)


def levels(segments: Iterable[Segment]) -> set[str]:
    return {one.level for one in segments}


def rule_of(segment: Segment) -> dict | None:
    """The rule that is to be built again: the one that is on its way, else the one that decides."""
    builds = segment.builds.filter(state__in=WAITING).order_by("-number")
    return builds.values_list("tree", flat=True).first()
