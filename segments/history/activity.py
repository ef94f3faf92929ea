"""Who joined and who left, newest first: single changes and whole builds in one list, a page at a time.

Pages begin after a place in time, not after a count: the log of a large segment is never counted.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from segments.engine import lists
from segments.engine.definitions import fields_of
from segments.engine.history import reason
from segments.models import Segment
from segments.rules.fields import Fields
from workspaces.tenancy import current_workspace_id

PAGE = 50
PEOPLE = 200  # whom a search may mean at most

SINGLE = """
    SELECT at, id, subject_id, joined, cause, NULL::uuid AS build, NULL::int AS version, 0 AS j, 0 AS l
    FROM segments_membershipchange
    WHERE workspace_id = %(workspace)s AND segment_id = %(segment)s
      AND (%(joined)s::bool IS NULL OR joined = %(joined)s)
      AND (%(people)s::uuid[] IS NULL OR subject_id = ANY (%(people)s))
      AND (%(at)s::timestamptz IS NULL OR (at, id) < (%(at)s, %(id)s))
    ORDER BY at DESC, id DESC LIMIT %(limit)s"""
# A build is one entry, however many rows it took to write it down.
WHOLE = """
    SELECT c.at, b.id, NULL::uuid, NULL::bool,
           jsonb_build_object('by', b.made_by) || c.cause,
           b.id, b.version, sum(c.joined_count)::int, sum(c.left_count)::int
    FROM segments_buildchange c JOIN segments_build b ON b.id = c.build_id
    WHERE c.workspace_id = %(workspace)s AND c.segment_id = %(segment)s
      AND (%(at)s::timestamptz IS NULL OR (c.at, b.id) < (%(at)s, %(id)s)) {which}
    GROUP BY c.at, b.id, b.version, b.made_by, c.cause
    ORDER BY c.at DESC, b.id DESC LIMIT %(limit)s"""
# With people to look for, a build is an entry for each of them.
OF_PEOPLE = """
    SELECT c.at, p.id, p.id, {joined},
           jsonb_build_object('by', b.made_by) || c.cause,
           b.id, b.version, 0, 0
    FROM segments_buildchange c JOIN segments_build b ON b.id = c.build_id
    CROSS JOIN LATERAL (SELECT unnest({side}) INTERSECT SELECT unnest(%(people)s::uuid[])) AS p (id)
    WHERE c.workspace_id = %(workspace)s AND c.segment_id = %(segment)s AND {side} && %(people)s::uuid[]
      AND (%(at)s::timestamptz IS NULL OR (c.at, p.id) < (%(at)s, %(id)s))"""
SIDES = {True: "c.joined", False: 'c."left"'}
WHICH = {None: "", True: "AND c.joined_count > 0", False: "AND c.left_count > 0"}


class Place(NamedTuple):
    """Where a page ended."""

    at: datetime
    id: UUID

    def __str__(self):
        return f"{self.at.isoformat()}_{self.id}"

    @classmethod
    def read(cls, text: str) -> "Place | None":
        moment, _, key = text.replace(" ", "+").partition("_")
        try:
            place = cls(datetime.fromisoformat(moment), UUID(key))
        except ValueError:
            return None
        return place if place.at.tzinfo else None


@dataclass(frozen=True)
class Entry:
    """One person who joined or left, or a build that moved several at once (`build` and no `subject_id`)."""

    at: datetime
    id: UUID
    why: str
    subject_id: UUID | None = None
    joined: bool | None = None
    record: Any = None  # None where it has been deleted since
    build: UUID | None = None
    version: int | None = None
    joined_count: int = 0
    left_count: int = 0


class Activity:
    """What the page of a segment's activity shows, as its address says."""

    def __init__(self, segment: Segment, params):
        self.segment = segment
        self.q = params.get("q", "").replace("\x00", "").strip()
        self.what = params.get("what", "") if params.get("what") in ("joined", "left") else ""
        self.place = Place.read(params.get("before", ""))

    @property
    def filtered(self) -> bool:
        return bool(self.q or self.what)

    @cached_property
    def people(self) -> list[UUID] | None:
        """Whom the search means; None where nobody is looked for."""
        if not self.q:
            return None
        called = lists.called_like(self.segment.level, self.q)
        return list(called.values_list("pk", flat=True)[:PEOPLE])

    @cached_property
    def entries(self) -> list[Entry]:
        return entries(self.segment, self._rows[:PAGE])

    @cached_property
    def next(self) -> str | None:
        """Where the next page begins, as it stands in the address."""
        last = self._rows[PAGE - 1] if len(self._rows) > PAGE else None
        return str(Place(last[0], last[1])) if last else None

    @cached_property
    def _rows(self) -> list[tuple]:
        joined = {"joined": True, "left": False}.get(self.what)
        params = {
            "workspace": current_workspace_id(),
            "segment": self.segment.pk,
            "joined": joined,
            "people": self.people,
            "at": self.place.at if self.place else None,
            "id": self.place.id if self.place else None,
            "limit": PAGE + 1,
        }
        parts = [SINGLE, *self._whole(joined)]
        union = " UNION ALL ".join(f"({part})" for part in parts)
        with connection.cursor() as cursor:
            cursor.execute(f"{union} ORDER BY at DESC, id DESC LIMIT %(limit)s", params)
            return cursor.fetchall()

    def _whole(self, joined: bool | None) -> list[str]:
        if self.people is None:
            return [WHOLE.format(which=WHICH[joined])]
        sides = SIDES if joined is None else {joined: SIDES[joined]}
        return [
            OF_PEOPLE.format(side=side, joined="true" if came else "false") for came, side in sides.items()
        ]


def entries(segment: Segment, rows: Collection[tuple]) -> list[Entry]:
    """With names, and causes in words: three queries however many there are."""
    fields = fields_of(segment.level)
    ids = {row[2] for row in rows if row[2]}
    records = lists.MODELS[segment.level].objects.in_bulk(ids) if ids else {}
    return [_entry(row, fields, records) for row in rows]


def _entry(row: tuple, fields: Fields, records: dict) -> Entry:
    at, key, subject_id, joined, cause, build, version, joined_count, left_count = row
    return Entry(
        at=at,
        id=key,
        why=reason(json.loads(cause), version, fields),
        subject_id=subject_id,
        joined=joined,
        record=records.get(subject_id),
        build=build,
        version=version,
        joined_count=joined_count,
        left_count=left_count,
    )
