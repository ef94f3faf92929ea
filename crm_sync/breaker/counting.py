"""Counts what one side changes or empties, and holds what is one too many.

What is counted is a value that takes the place of another one both sides had agreed on, or a deletion: a first
meeting and a filled blank take nothing away, so an import passes. Counted are records, not changes, within an hour.
Where they come to more than a part of those that have a value at all, a `MassChange` is opened, and from then on
nothing of that field crosses in that direction until a person decides. After a decision counting begins anew, and
what was let through may go on for an hour.

Two workers that count at the same moment do not see each other: as many too many may pass as there are workers.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.utils import timezone

from crm_sync.models import Connection, CountedChange, ExternalRecord, FieldMapping, MassChange
from crm_sync.models.queues import MASS_CHANGES
from workspaces.jobs import leave_work
from workspaces.keys import uuid7
from workspaces.tenancy import current_workspace_id

WITHIN = timedelta(hours=1)
LEAST = 20  # records; fewer are never too many
TELL_AFTER = timedelta(minutes=1)  # by then there is something to count
Key = UUID | None  # of a mapping; None: a deletion

COUNT = """
    INSERT INTO crm_sync_countedchange AS c
      (id, workspace_id, connection_id, way, link_id, mapping_id, before, after, agreed, at)
    SELECT e.id, %(workspace)s, %(connection)s, %(way)s, e.link, e.mapping, e.before, e.after, e.agreed, %(now)s
    FROM unnest(%(ids)s::uuid[], %(links)s::uuid[], %(mappings)s::uuid[], %(befores)s::jsonb[],
                %(afters)s::jsonb[], %(agreed)s::jsonb[])
         AS e (id, link, mapping, before, after, agreed)
    ON CONFLICT (workspace_id, way, link_id, mapping_id) DO UPDATE
    SET after = excluded.after, agreed = excluded.agreed, at = excluded.at, held_by_id = NULL,
        before = CASE WHEN c.at < %(begun)s THEN excluded.before ELSE c.before END
    RETURNING new.id, new.link_id, new.mapping_id, old.at, old.held_by_id
"""


@dataclass(frozen=True, eq=False)
class Change:
    """A value that would take the place of another one."""

    link: ExternalRecord
    mapping: FieldMapping | None
    before: Any = None
    after: Any = None
    agreed: dict[str, Any] | None = None

    @property
    def key(self) -> Key:
        return self.mapping.pk if self.mapping else None


@dataclass
class Room:
    """What may still pass of one field."""

    since: datetime
    passing: bool = False  # a person let it through
    hold: UUID | None = None
    counted: int = 0
    allowed: int | None = None  # looked up once it matters
    size: int = 0


class Gate:
    """What may still pass of one connection's records of one type, in one direction: asked once for a claim."""

    def __init__(self, connection: Connection, object_type: str, way: str):
        self.connection, self.object_type, self.way = connection, object_type, way
        self._mass_changes: list[MassChange] | None = None
        self._rooms: dict[Key, Room] = {}
        self._kept: set[tuple[UUID, Key]] = set()

    def forget(self) -> None:
        """After a rollback: what was counted in it was not."""
        self._mass_changes, self._rooms, self._kept = None, {}, set()

    def held(self, changes: Iterable[Change]) -> list[Change]:
        """Counts these, and gives back those that have to wait. In the transaction that would carry them out."""
        if not self.connection.mass_percent:
            return []
        watched = [change for change in changes if not self._room(change.key).passing]
        if not watched:
            return []
        rows = self._count(watched)
        held = [change for change in watched if not self._fits(change, counts=rows[_of(change)][1])]
        self._kept |= {_of(change) for change in held}
        for hold in {self._room(change.key).hold for change in held}:
            mine = [rows[_of(change)][0] for change in held if self._room(change.key).hold == hold]
            CountedChange.objects.filter(pk__in=mine).update(held_by=hold)
        return held

    def keeps(self, link: ExternalRecord) -> bool:
        """Whether it was just held that this record is gone, or belongs to nobody any more."""
        return (link.pk, None) in self._kept

    def settle(self, link: ExternalRecord, keys: Iterable[Key], *, ties: bool = False) -> None:
        """The two sides differ no longer about what was held of this record. `ties`: whom it belongs to."""
        if not self.holds_something():
            return
        holds = [mass.pk for mass in self._known() if mass.state == MassChange.State.OPEN]
        keys = [key for key in keys if (link.pk, key) not in self._kept]
        about = Q(mapping__in=[key for key in keys if key])
        if None in keys:
            about |= Q(mapping=None, agreed__isnull=not ties)
        gone, _ = CountedChange.objects.filter(about, link=link, held_by__in=holds).delete()
        if gone:
            empty = MassChange.objects.open().filter(pk__in=holds, held=None)
            empty.update(state=MassChange.State.OVER, decided_at=timezone.now())
            self.forget()

    def holds_something(self) -> bool:
        return any(mass.state == MassChange.State.OPEN for mass in self._known())

    def _known(self) -> list[MassChange]:
        """Those that are open, or were decided so lately that it matters."""
        if self._mass_changes is None:
            lately = Q(state=MassChange.State.OPEN) | Q(decided_at__gte=timezone.now() - WITHIN)
            found = MassChange.objects.filter(
                lately, connection=self.connection, way=self.way, object_type=self.object_type
            )
            self._mass_changes = list(found.order_by("decided_at"))
        return self._mass_changes

    def _room(self, key: Key) -> Room:
        if key not in self._rooms:
            self._rooms[key] = self._look(key)
        return self._rooms[key]

    def _look(self, key: Key) -> Room:
        room = Room(since=timezone.now() - WITHIN)
        for mass in self._known():
            if mass.mapping_id != key:
                continue
            room.passing = mass.state == MassChange.State.RELEASED
            room.hold = mass.pk if mass.state == MassChange.State.OPEN else None
            room.since = max(room.since, mass.decided_at or room.since)
        if not (room.passing or room.hold):
            room.counted = self._counted(key).filter(at__gte=room.since).count()
        return room

    def _counted(self, key: Key):
        rows = CountedChange.objects.filter(
            connection=self.connection, way=self.way, mapping=key, held_by=None
        )
        return rows if key else rows.filter(link__object_type=self.object_type)

    def _fits(self, change: Change, *, counts: bool) -> bool:
        room = self._room(change.key)
        if room.hold is not None:
            return False
        room.counted += counts
        if not counts or room.counted <= LEAST:
            return True
        if room.allowed is None:
            room.size = self._size(change, room)
            room.allowed = max(LEAST, room.size * self.connection.mass_percent // 100)
        if room.counted <= room.allowed:
            return True
        room.hold = self._open(change, room)
        return False

    def _size(self, change: Change, room: Room) -> int:
        """How many records had something to lose."""
        links = ExternalRecord.objects.linked().filter(
            connection=self.connection, object_type=self.object_type
        )
        if change.mapping is None:
            return links.count()
        value = KeyTextTransform("crm", KeyTransform(change.mapping.field, "agreed"))
        emptied = self._counted(change.key).filter(at__gte=room.since, after__isnull=True)
        had = Q(value__gt="") | Q(pk__in=emptied.values("link"))
        return links.annotate(value=value).filter(had).count()

    def _open(self, change: Change, room: Room) -> UUID:
        of_field = {"way": self.way, "object_type": self.object_type, "mapping": change.mapping}
        made = MassChange(connection=self.connection, size=room.size, through=room.counted - 1, **of_field)
        MassChange.objects.bulk_create([made], ignore_conflicts=True)
        leave_work(MASS_CHANGES, at=timezone.now() + TELL_AFTER)
        found = MassChange.objects.open().filter(connection=self.connection, **of_field)
        return found.values_list("pk", flat=True).get()

    def _count(self, changes: list[Change]) -> dict[tuple[UUID, Key], tuple[UUID, bool]]:
        """One row a record and value. (link, key) → (row, whether it was not counted within the hour)."""
        now = timezone.now()
        asked = {
            "workspace": current_workspace_id(),
            "connection": self.connection.pk,
            "way": self.way,
            "now": now,
            "begun": now - WITHIN,
            "ids": [uuid7() for _ in changes],
            "links": [change.link.pk for change in changes],
            "mappings": [change.key for change in changes],
            "befores": [_json(change.before) for change in changes],
            "afters": [_json(change.after) for change in changes],
            "agreed": [_json(change.agreed) for change in changes],
        }
        with database.cursor() as cursor:
            cursor.execute(COUNT, asked)
            rows = cursor.fetchall()
        return {(link, key): (pk, self._is_new(key, at, hold)) for pk, link, key, at, hold in rows}

    def _is_new(self, key: Key, at: datetime | None, hold: UUID | None) -> bool:
        return at is None or hold is not None or at < self._room(key).since


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value)


def _of(change: Change) -> tuple[UUID, Key]:
    return change.link.pk, change.key
