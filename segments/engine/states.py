"""The rows that say what a subject is in: read under their locks together with the documents, written back."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection

from segments.engine import verdicts
from workspaces.tenancy import current_workspace_id

FIND = {
    "contact": """
        SELECT s.contact_id, s.builds, s.held, s.exceptions, s.fanout, s.next_flip_at, r.norm,
               r.partner_id, p.norm, coalesce(ps.fanout, 0)
        FROM segments_contactstate s
        JOIN workspaces_contact r ON r.id = s.contact_id
        LEFT JOIN workspaces_partner p ON p.id = r.partner_id
        LEFT JOIN segments_partnerstate ps ON ps.partner_id = r.partner_id
        WHERE s.workspace_id = %s AND s.contact_id = ANY (%s)
        ORDER BY s.contact_id""",
    "partner": """
        SELECT s.partner_id, s.builds, s.held, s.exceptions, s.fanout, s.next_flip_at, r.norm, r.id, NULL, s.fanout
        FROM segments_partnerstate s
        JOIN workspaces_partner r ON r.id = s.partner_id
        WHERE s.workspace_id = %s AND s.partner_id = ANY (%s)
        ORDER BY s.partner_id""",
}
MAKE = """
    INSERT INTO segments_{level}state ({level}_id, workspace_id, chunk, builds, held, exceptions, fanout{columns})
    SELECT r.id, r.workspace_id, r.chunk, '{{}}', '{{}}', '{{}}', 0{values}
    FROM workspaces_{level} r
    WHERE r.workspace_id = %s AND {which}
      AND NOT EXISTS (SELECT 1 FROM segments_{level}state s WHERE s.{level}_id = r.id)
    ON CONFLICT DO NOTHING"""
WRITE = """
    UPDATE segments_{level}state s
    SET builds = v.builds, held = v.held, exceptions = v.exceptions, fanout = v.fanout, next_flip_at = v.flip
    FROM (VALUES {rows}) AS v (id, builds, held, exceptions, fanout, flip)
    WHERE s.workspace_id = %s AND s.{level}_id = v.id"""


@dataclass(slots=True)
class Subject:
    """A partner or contact with what it is in and the documents that decide it."""

    id: UUID
    builds: set[int]
    held: set[int]
    exceptions: dict[str, dict]
    fanout: int
    next_flip_at: datetime | None
    own: dict
    partner_id: UUID
    partner: dict
    partner_fanout: int
    was: tuple = field(init=False)

    def __post_init__(self):
        self.was = self._written()

    @property
    def behind(self) -> bool:
        return self.fanout != self.partner_fanout

    @property
    def changed(self) -> bool:
        return self._written() != self.was

    def due(self, at: datetime) -> bool:
        return self.next_flip_at is not None and self.next_flip_at <= at

    def end_exceptions(self, at: datetime) -> dict[int, dict]:
        """Takes away those whose end has come, and returns them by number of segment."""
        ended = {key: one for key, one in self.exceptions.items() if not verdicts.holds(one, at)}
        for key in ended:
            del self.exceptions[key]
        return {int(key): one for key, one in ended.items()}

    def _written(self) -> tuple:
        exceptions = json.dumps(self.exceptions, sort_keys=True) if self.exceptions else ""
        return (frozenset(self.builds), frozenset(self.held), exceptions, self.fanout, self.next_flip_at)


def lock(level: str, ids: Collection[UUID]) -> list[Subject]:
    """The subjects under the locks of their state rows; makes rows for those that have none yet."""
    wanted = list(ids)
    found = _find(level, wanted, " FOR UPDATE OF s")
    if len(found) < len(wanted):
        make(level, ids=wanted)
        found = _find(level, wanted, " FOR UPDATE OF s")
    return found


def peek(level: str, ids: Collection[UUID]) -> list[Subject]:
    """The same for reading."""
    return _find(level, list(ids), "")


def make(level: str, *, ids: list[UUID] | None = None, chunks: list[int] | None = None) -> None:
    """Rows for subjects that have none: those named, or all of some chunks."""
    which, those = ("r.id = ANY (%s)", ids) if ids is not None else ("r.chunk = ANY (%s)", chunks)
    columns, values = (", behind", ", false") if level == "partner" else ("", "")
    with connection.cursor() as cursor:
        cursor.execute(
            MAKE.format(level=level, which=which, columns=columns, values=values),
            [current_workspace_id(), those],
        )


def write(level: str, subjects: Collection[Subject]) -> None:
    """Writes back those that changed."""
    changed = [subject for subject in subjects if subject.changed]
    if not changed:
        return
    rows = ", ".join(
        ["(%s::uuid, %s::int[], %s::int[], %s::jsonb, %s::bigint, %s::timestamptz)"] * len(changed)
    )
    params = [
        value
        for s in changed
        for value in (
            s.id,
            sorted(s.builds),
            sorted(s.held),
            json.dumps(s.exceptions),
            s.fanout,
            s.next_flip_at,
        )
    ]
    with connection.cursor() as cursor:
        cursor.execute(WRITE.format(level=level, rows=rows), [*params, current_workspace_id()])


def _find(level: str, ids: list[UUID], suffix: str) -> list[Subject]:
    with connection.cursor() as cursor:
        cursor.execute(FIND[level] + suffix, [current_workspace_id(), ids])
        return [_subject(row) for row in cursor.fetchall()]


def _subject(row: tuple) -> Subject:
    id, builds, held, exceptions, fanout, flip, own, partner_id, partner, partner_fanout = row
    return Subject(
        id=id,
        builds=set(builds),
        held=set(held),
        exceptions=json.loads(exceptions),
        fanout=fanout,
        next_flip_at=flip,
        own=json.loads(own),
        partner_id=partner_id,
        partner=json.loads(partner) if partner else {},
        partner_fanout=partner_fanout,
    )
