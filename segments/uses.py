"""Where a segment decides something, and whom an audience reaches."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.urls import reverse
from django.utils import timezone

from segments.engine.dependents import asking
from segments.models import Audience, AudienceSegment, Segment
from workspaces.tenancy import current_workspace_id


@dataclass(frozen=True)
class Use:
    """One thing whose audience names the segment."""

    kind: str
    name: str
    url: str = ""
    icon: str = "lock"
    # What people gain and lose by it: quote creation. Without one it is its kind and name.
    what: str = ""
    in_effect: bool = True  # a draft decides nothing yet
    outer: Audience | None = None  # of what it stands in, which has to let people in as well

    @property
    def gained(self) -> str:
        return self.what or f"{self.kind[:1].lower()}{self.kind[1:]} {self.name}"


@dataclass(frozen=True)
class Reach:
    count: int
    total: int


def gates() -> Iterator[tuple[Any, str]]:
    """Every model with an audience, and the field that holds it."""
    relations: list[Any] = Audience._meta.get_fields(include_hidden=True)
    for relation in relations:
        points_here = relation.auto_created and (relation.one_to_one or relation.one_to_many)
        if points_here and relation.related_model is not AudienceSegment:
            yield relation.related_model, relation.field.name


def used_in(segment: Segment) -> list[Use]:
    found = [use for use, _ in gates_naming([segment])]
    return found + [Use("Rule of a segment", one.name, _page(one), "segments") for one in asking(segment)]


ASKED = """
    SELECT (asked #>> '{}')::uuid, count(DISTINCT b.segment_id)
    FROM segments_build b JOIN segments_segment s ON s.id = b.segment_id AND s.archived_at IS NULL,
         LATERAL jsonb_path_query(b.tree, '$.**?(@.p == "segments").v[*]') asked
    WHERE b.workspace_id = %s AND b.state IN ('live', 'building') AND b.kind = 'dynamic' GROUP BY 1"""


def asked_by_rules() -> dict[UUID, int]:
    """By segment: how many rules of others name it, in one query for all."""
    with connection.cursor() as cursor:
        cursor.execute(ASKED, [current_workspace_id()])
        return dict(cursor.fetchall())


def gates_naming(segments: Iterable[Segment]) -> Iterator[tuple[Use, Audience]]:
    """In a model, `gate_use()` may tell more than its name: a Use. `gate_related` is what that reads beside."""
    naming = AudienceSegment.objects.filter(segment__in=list(segments)).values("audience")
    for model, field in gates():
        related = [field, *getattr(model, "gate_related", ())]
        things = model.objects.filter(**{f"{field}__in": naming}).select_related(*related)
        for thing in things.order_by("pk"):
            tell = getattr(thing, "gate_use", None)
            use = tell() if tell else Use(kind=str(model._meta.verbose_name), name=str(thing))
            yield use, getattr(thing, field)


def _page(segment: Segment) -> str:
    return reverse("settings:segment", args=[segment.pk])


def reach(audiences: Iterable[Audience]) -> dict[UUID, Reach]:
    """How many contacts each audience lets in, of all: one query for them all, besides what they name."""
    audiences = list(audiences)
    named, left = _named(audiences), _left_lately(audiences)
    columns, params = [], []
    for audience in audiences:
        column, values = _column(audience, named.get(audience.pk, []), left.get(audience.pk, []))
        columns.append(f"count(*) FILTER (WHERE {column})")
        params += values
    query = (
        f"SELECT count(*), {', '.join(columns) or '0'} FROM workspaces_contact r "  # noqa: S608 fixed text
        "LEFT JOIN segments_contactstate c ON c.contact_id = r.id "
        "LEFT JOIN segments_partnerstate p ON p.partner_id = r.partner_id "
        "WHERE r.workspace_id = %s AND r.status <> 'suspended'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [*params, current_workspace_id()])
        total, *counts = cursor.fetchone()
    return {audience.pk: Reach(count, total) for audience, count in zip(audiences, counts, strict=False)}


def _named(audiences: list[Audience]) -> dict[UUID, list[Segment]]:
    found: dict[UUID, list[Segment]] = {}
    for row in AudienceSegment.objects.filter(audience__in=audiences).select_related("segment"):
        found.setdefault(row.audience_id, []).append(row.segment)
    return found


# Who left a named segment within the days of grace, one by one or with a whole build, counts as still in it.
LATELY = """
    WITH named AS (
        SELECT a.id, n.segment_id, %s::timestamptz - make_interval(days => a.grace_days) AS since
        FROM segments_audience a JOIN segments_audiencesegment n ON n.audience_id = a.id
        JOIN segments_segment s ON s.id = n.segment_id AND s.archived_at IS NULL AND s.live_build IS NOT NULL
        WHERE a.workspace_id = %s AND a.id = ANY (%s) AND a.grace_days > 0)
    SELECT id, array_agg(subject_id) FROM (
        SELECT n.id, m.subject_id FROM named n JOIN segments_membershipchange m
        ON m.segment_id = n.segment_id AND m.at > n.since AND NOT m.joined
        UNION
        SELECT n.id, unnest(b.left) FROM named n JOIN segments_buildchange b
        ON b.segment_id = n.segment_id AND b.at > n.since) lately GROUP BY id"""


def _left_lately(audiences: list[Audience]) -> dict[UUID, list[UUID]]:
    graced = [audience.pk for audience in audiences if audience.grace_days]
    if not graced:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(LATELY, [timezone.now(), current_workspace_id(), graced])
        return dict(cursor.fetchall())


def _column(audience: Audience, named: list[Segment], left: list[UUID]) -> tuple[str, list]:
    builds = [one.live_build for one in named if one.live_build is not None and one.archived_at is None]
    inside = "coalesce((c.builds || p.builds) && %s::int[], false)"
    params: list = [builds]
    if left:
        inside += " OR r.id = ANY (%s::uuid[]) OR r.partner_id = ANY (%s::uuid[])"
        params += [left, left]
    match audience.mode:
        case Audience.Mode.EVERYONE:
            return "true", []
        case Audience.Mode.ONLY if builds:
            return inside, params
        # A named segment that decides nothing any more closes it.
        case Audience.Mode.EXCEPT if builds and len(builds) == len(named):
            return f"NOT ({inside})", params
        case _:
            return "false", []


@dataclass(frozen=True)
class Words:
    """An audience for the team: whether it is a gate, and what it says."""

    text: str
    gated: bool
    names: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()  # segments it names that are archived or not built

    @property
    def icon(self) -> str:
        return "lock" if self.gated else "unlock"


def in_words(audience: Audience) -> Words:
    """Pass audiences with `named__segment` prefetched where there are many."""
    segments = [row.segment for row in audience.named.all()]
    names = tuple(sorted(segment.name for segment in segments))
    closed = tuple(s.name for s in segments if s.archived_at or s.live_build is None)
    text = {
        Audience.Mode.EVERYONE: "Everyone",
        Audience.Mode.NOBODY: "Nobody",
        Audience.Mode.ONLY: f"Only {_either(names)}",
        Audience.Mode.EXCEPT: f"Everyone except {_either(names)}",
    }[Audience.Mode(audience.mode)]
    return Words(text, audience.mode != Audience.Mode.EVERYONE, names, closed)


def _either(names: tuple[str, ...]) -> str:
    if not names:
        return "no segment yet"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
