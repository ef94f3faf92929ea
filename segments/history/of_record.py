"""Which segments a partner or contact is in, and every joining and leaving of it."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import connection

from segments.engine import history
from segments.engine.definitions import fields_of
from segments.engine.states import peek
from segments.history.activity import Place
from segments.models import Segment
from workspaces.tenancy import current_workspace_id

PAGE = 50
# The chunk narrows the builds to a hundredth; the arrays of the others are not looked into.
LOG = """
    SELECT at, id, segment_id, joined, cause, NULL::int AS version FROM segments_membershipchange
    WHERE workspace_id = %(workspace)s AND subject_id = %(subject)s
      AND (%(at)s::timestamptz IS NULL OR (at, id) < (%(at)s, %(id)s))
    UNION ALL
    SELECT c.at, c.id, c.segment_id, %(subject)s::uuid = ANY (c.joined),
           jsonb_build_object('by', b.made_by) || c.cause, b.version
    FROM segments_buildchange c JOIN segments_build b ON b.id = c.build_id
    WHERE c.workspace_id = %(workspace)s AND c.chunk = %(chunk)s
      AND (%(subject)s::uuid = ANY (c.joined) OR %(subject)s::uuid = ANY (c."left"))
      AND (%(at)s::timestamptz IS NULL OR (c.at, c.id) < (%(at)s, %(id)s))
    ORDER BY at DESC, id DESC LIMIT %(limit)s"""

SINCE = """
    SELECT DISTINCT ON (segment_id) segment_id, at, cause, version FROM (
        SELECT segment_id, at, cause, NULL::int AS version FROM segments_membershipchange
        WHERE workspace_id = %(workspace)s AND subject_id = %(subject)s AND joined
        UNION ALL
        SELECT c.segment_id, c.at, jsonb_build_object('by', b.made_by) || c.cause, b.version
        FROM segments_buildchange c JOIN segments_build b ON b.id = c.build_id
        WHERE c.workspace_id = %(workspace)s AND c.chunk = %(chunk)s AND %(subject)s::uuid = ANY (c.joined)
    ) joins WHERE segment_id = ANY (%(segments)s) ORDER BY segment_id, at DESC"""


@dataclass(frozen=True)
class Entry:
    at: datetime
    segment: Segment
    joined: bool
    why: str


@dataclass(frozen=True)
class Membership:
    """A segment that the record is in. `through` is the partner that brings its contact in."""

    segment: Segment
    since: history.Since | None
    through: Any = None


class SegmentsOf:
    """The page of one partner's or contact's segments."""

    def __init__(self, record, params):
        self.record = record
        self.place = Place.read(params.get("before", ""))

    @cached_property
    def memberships(self) -> list[Membership]:
        found = [Membership(s, since) for s, since in self._inside(self.record)]
        if self.record.level == "contact":
            partner = self.record.partner
            found += [Membership(s, since, partner) for s, since in self._inside(partner)]
        return found

    def _inside(self, record) -> list[tuple[Segment, history.Since | None]]:
        builds = [number for subject in peek(record.level, [record.pk]) for number in subject.builds]
        segments = list(Segment.objects.live().filter(live_build__in=builds).order_by("name", "pk"))
        found = _since(record, [segment.pk for segment in segments])
        return [(segment, found.get(segment.pk)) for segment in segments]

    @cached_property
    def entries(self) -> list[Entry]:
        rows = self._rows[:PAGE]
        segments = Segment.objects.in_bulk({row[2] for row in rows})
        fields = fields_of(self.record.level)
        return [
            Entry(at, segments[segment_id], joined, history.reason(json.loads(cause), version, fields))
            for at, _, segment_id, joined, cause, version in rows
        ]

    @cached_property
    def next(self) -> str | None:
        """Where the next page begins, as it stands in the address."""
        last = self._rows[PAGE - 1] if len(self._rows) > PAGE else None
        return str(Place(last[0], last[1])) if last else None

    @cached_property
    def _rows(self) -> list[tuple[datetime, UUID, UUID, bool, str, int | None]]:
        params = {
            "workspace": current_workspace_id(),
            "subject": self.record.pk,
            "chunk": self.record.chunk,
            "at": self.place.at if self.place else None,
            "id": self.place.id if self.place else None,
            "limit": PAGE + 1,
        }
        with connection.cursor() as cursor:
            cursor.execute(LOG, params)
            return cursor.fetchall()


def _since(record, segment_ids: list[UUID]) -> dict[UUID, history.Since]:
    fields = fields_of(record.level)
    params = {
        "workspace": current_workspace_id(),
        "subject": record.pk,
        "chunk": record.chunk,
        "segments": segment_ids,
    }
    with connection.cursor() as cursor:
        cursor.execute(SINCE, params)
        return {
            segment_id: history.Since(at, history.reason(json.loads(cause), version, fields))
            for segment_id, at, cause, version in cursor.fetchall()
        }
