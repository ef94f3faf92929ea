"""The members of a segment in the order of their names, a page at a time, without counting and without sorting all.

A page begins after a member or ends before one. Of a large segment the names are walked along until the page is
full; of a small one those who may be in it are named by a list (segments.engine.rosters), and only they are asked.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from segments.engine import lists, rosters
from segments.models import Segment
from workspaces import statements
from workspaces.tenancy import current_workspace_id

PAGE = 50
# Names that are walked along at first, and at most at once. From who was found among them follows how many come next:
# some more than a page needs if members are spread evenly.
FIRST, LONGEST = 200, 20_000
LONGER, ROOM = 4, 1.3
LONG = 1500  # above, a list is walked along, too
# In the order of the names, so that the first members found are the page: nobody behind them is asked about.
MEMBERS = """
    WITH r AS MATERIALIZED (
        SELECT r.id, r.name FROM workspaces_{level} r
        WHERE r.workspace_id = %(workspace)s {among} {place} ORDER BY {order} {some})
    SELECT (SELECT count(*) FROM r), ARRAY(
        SELECT r.id FROM r CROSS JOIN LATERAL (
            SELECT 1 FROM segments_{level}state s
            WHERE s.workspace_id = %(workspace)s AND s.{level}_id = r.id AND %(build)s = ANY (s.builds) LIMIT 1) s
        ORDER BY {order} LIMIT %(limit)s)"""
# The same along a list that names many: among them only, so nobody else is asked about. `IS TRUE` keeps the database
# from looking the names of all of them up instead.
LISTED = """
    SELECT 0, ARRAY(
        SELECT r.id FROM workspaces_{level} r CROSS JOIN LATERAL (
            SELECT 1 FROM segments_{level}state s
            WHERE s.workspace_id = %(workspace)s AND s.{level}_id = r.id AND %(build)s = ANY (s.builds) LIMIT 1) s
        WHERE r.workspace_id = %(workspace)s {among} {place} ORDER BY {order} LIMIT %(limit)s)"""
# For those who are in no list and far behind in the order of names.
EVERYBODY = """
    SELECT 0, ARRAY(
        SELECT r.id FROM workspaces_{level} r
        JOIN segments_{level}state s ON s.{level}_id = r.id AND s.workspace_id = r.workspace_id
        WHERE r.workspace_id = %(workspace)s AND %(build)s = ANY (s.builds) {place}
        ORDER BY {order} LIMIT %(limit)s)"""
SIZE = """
    SELECT s.member_count + coalesce((
               SELECT sum(d.delta) FROM segments_countdelta d
               WHERE d.workspace_id = s.workspace_id AND d.segment_id = s.id), 0),
           (SELECT r.taken_at FROM segments_roster r WHERE r.segment_id = s.id AND r.build = s.live_build)
    FROM segments_segment s WHERE s.workspace_id = %s::uuid AND s.id = %s::uuid"""
# What is shown of a record; the rest of its row is long, and would be taken apart for each.
SHOWN = {
    "partner": ("name", "chunk", "set_at"),
    "contact": ("name", "email", "chunk", "set_at", "partner__name", "partner__chunk", "partner__set_at"),
}
ORDER = {False: "r.name, r.id", True: "r.name DESC, r.id DESC"}
PLACE = {False: "AND (r.name, r.id) > (%(name)s, %(id)s)", True: "AND (r.name, r.id) < (%(name)s, %(id)s)"}


class Size(NamedTuple):
    """How many members a segment has, and when its roster was taken if there is one."""

    members: int
    roster: datetime | None = None

    @classmethod
    def of(cls, segment: Segment) -> "Size":
        return cls(*statements.run(SIZE, [current_workspace_id(), segment.pk])[0])


@dataclass(frozen=True)
class Place:
    """Beside whom a page stands: after them, or before."""

    name: str
    id: UUID
    before: bool = False

    @classmethod
    def read(cls, level: str, params) -> "Place | None":
        """`after` or `before` in the address, the id of a record. Who is gone by now is the beginning."""
        for key in ("after", "before"):
            try:
                pk = UUID(params.get(key, ""))
            except ValueError:
                continue
            name = lists.MODELS[level].objects.filter(pk=pk).values_list("name", flat=True).first()
            return None if name is None else cls(name, pk, before=key == "before")
        return None


@dataclass(frozen=True)
class Page:
    records: list
    previous: UUID | None = None  # before whom the page before ends
    next: UUID | None = None  # after whom the next page begins

    @classmethod
    def of(cls, found: list, place: Place | None) -> "Page":
        """`found` in the order in which they were looked for, one more than a page where there are more."""
        more, records = len(found) > PAGE, found[:PAGE]
        if place is not None and place.before:
            records.reverse()
            return cls(records, records[0].pk if more else None, records[-1].pk if records else None)
        first = records[0].pk if records and place is not None else None
        return cls(records, first, records[-1].pk if more else None)


def of_queryset(records: QuerySet, place: Place | None) -> Page:
    """Of those that filters leave."""
    backwards = place is not None and place.before
    if place is not None:
        beyond, key = ("lt", "pk__lt") if backwards else ("gt", "pk__gt")
        records = records.filter(Q(**{f"name__{beyond}": place.name}) | Q(name=place.name, **{key: place.id}))
    ordered = records.order_by("-name", "-pk") if backwards else records.order_by("name", "pk")
    return Page.of(list(ordered[: PAGE + 1]), place)


def of_members(segment: Segment, size: Size, place: Place | None) -> Page:
    """Of those who are in now."""
    ids = _ids(segment, size, place)
    found = lists.MODELS[segment.level].objects
    if segment.level == "contact":
        found = found.select_related("partner")
    records: dict[UUID, Any] = found.only(*SHOWN[segment.level]).in_bulk(ids)
    return Page.of([records[pk] for pk in ids if pk in records], place)


def _ids(segment: Segment, size: Size, place: Place | None) -> list[UUID]:
    backwards = place is not None and place.before
    words = {"level": segment.level, "order": ORDER[backwards], "place": PLACE[backwards] if place else ""}
    params = {"workspace": current_workspace_id(), "build": segment.live_build, "limit": PAGE + 1}
    params |= {"name": place.name, "id": place.id} if place else {}
    named = rosters.named(segment, members=size.members, roster=size.roster)
    if named is None:
        return _walk(words, params, enough=PAGE + 1 if place else min(PAGE + 1, size.members))
    query, about = named
    if size.members <= LONG:
        return _run(MEMBERS, words | {"among": f"AND r.id IN ({query})", "some": ""}, params | about)[1]
    return _run(LISTED, words | {"among": f"AND (r.id IN ({query})) IS TRUE"}, params | about)[1]


def _walk(words: dict, params: dict, *, enough: int) -> list[UUID]:
    """Along the index of names, in strides as long as they have to be by what was found so far."""
    found: list[UUID] = []
    walked, stride = 0, FIRST
    while stride <= LONGEST:
        some = {"among": "", "some": f"LIMIT {stride} OFFSET {walked}"}
        count, ids = _run(MEMBERS, words | some, params | {"limit": PAGE + 1 - len(found)})
        found += ids
        walked += stride
        if len(found) >= enough or count < stride:
            return found
        missing = (PAGE + 1 - len(found)) * walked / len(found) if found else 0
        stride = max(FIRST, round(ROOM * missing)) if missing else stride * LONGER
    return _run(EVERYBODY, words, params)[1]


def _run(statement: str, words: dict, params: dict) -> tuple[int, list[UUID]]:
    """How many were asked about, and who of them are in. The words are fixed text; all else are parameters."""
    with connection.cursor() as cursor:
        cursor.execute(statement.format(**words), params)
        return cursor.fetchone()
