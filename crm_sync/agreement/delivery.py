"""Values on their way to the CRM: put into the outbox with their cause, and shown on the pages as they go."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from crm_sync.agreement import conflicts
from crm_sync.models import Connection, ExternalRecord, FieldMapping, OutboxChange, OutboxRecord
from crm_sync.models.queues import OUTBOX
from workspaces.jobs import leave_work
from workspaces.models import PropertyDelivery
from workspaces.signals import delivery_changed

State = OutboxChange.State
OPEN = [State.PENDING, State.INFLIGHT, State.PARKED, State.DEAD, State.HELD]
PING_PONG_WRITES, PING_PONG_WITHIN = 5, timedelta(minutes=10)
PING_PONG = (
    "Two systems keep rewriting this value. It is not written to the CRM again until somebody decides."
)
DELETED = "This {noun} was deleted in {crm}."
OVERRULED = "{crm} was changed at the same time. Its value was kept."


def enqueue(
    link: ExternalRecord, values: Mapping[FieldMapping, Any], *, edited_by: str, by_person: bool = True
) -> None:
    """In the transaction of the edit, under the record's lock: the latest value of a field replaces the others."""
    if not by_person:
        values = _without_ping_pong(link, values)
    if not values:
        return
    waiting = [state for state in OPEN if state != State.INFLIGHT]
    earlier = OutboxChange.objects.filter(link=link, mapping__in=values, state__in=waiting)
    earlier.update(state=State.SUPERSEDED, finished_at=timezone.now())
    OutboxChange.objects.bulk_create(
        OutboxChange(link=link, mapping=mapping, value=value, edited_by=edited_by, by_person=by_person)
        for mapping, value in values.items()
    )
    leave_work(OUTBOX)
    show(link, values, _first_state(link.connection))


def ensure(
    link: ExternalRecord, values: Mapping[FieldMapping, Any], *, edited_by: str, by_person: bool = False
) -> None:
    """These values must go to the CRM: those that are neither waiting nor refused are put into the outbox."""
    if not values:
        return
    opened = OutboxChange.objects.filter(link=link, mapping__in=values, state__in=OPEN)
    there = {(change.mapping_id, json.dumps(change.value, sort_keys=True)) for change in opened}
    missing = {m: v for m, v in values.items() if (m.pk, json.dumps(v, sort_keys=True)) not in there}
    enqueue(link, missing, edited_by=edited_by, by_person=by_person)


def settle(link: ExternalRecord, mappings: Iterable[FieldMapping], *, overruled: bool) -> None:
    """The CRM's value was taken, or is ours already: what waited for these fields is not sent any more."""
    mappings = list(mappings)
    if not mappings:
        return
    waiting = OutboxChange.objects.filter(
        link=link, mapping__in=mappings, state__in=[state for state in OPEN if state != State.INFLIGHT]
    ).select_related("mapping__prop")
    settled = list(waiting)
    if not settled:
        return
    crm = str(link.connection)
    message = OVERRULED.format(crm=crm) if overruled else ""
    waiting.update(state=State.SUPERSEDED, message=message, finished_at=timezone.now())
    state = PropertyDelivery.State.REFUSED if overruled else PropertyDelivery.State.IN_CRM
    show(link, {change.mapping for change in settled}, state, message)


def show(link: ExternalRecord, mappings: Iterable[FieldMapping], state: str, message: str = "") -> None:
    """What the pages say about these values."""
    _show(link.connection, str(link.record_id), mappings, state, message)


def show_record(row: OutboxRecord, mappings: Iterable[FieldMapping], state: str, message: str = "") -> None:
    """The same of a record that is still to be made over there."""
    _show(row.connection, str(row.record_id), mappings, state, message)


def _show(connection: Connection, record_id: str, mappings, state: str, message: str) -> None:
    now, crm = timezone.now(), connection.provider
    rows = [
        PropertyDelivery(record_id=record_id, prop=m.prop, state=state, crm=crm, message=message, at=now)
        for m in mappings
    ]
    PropertyDelivery.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["workspace", "record_id", "prop"],
        update_fields=["state", "crm", "message", "at"],
    )
    if rows:
        props, told = [row.prop for row in rows], {"state": state, "crm": crm, "message": message}
        delivery_changed.send(sender=PropertyDelivery, record_id=record_id, properties=props, **told)


def _without_ping_pong(link: ExternalRecord, values: Mapping[FieldMapping, Any]) -> dict[FieldMapping, Any]:
    """What was written again and again of late by nobody in person is not written once more.

    People's own edits do not count: who types five times in ten minutes is not two systems.
    """
    lately = OutboxChange.objects.filter(
        link=link, mapping__in=values, by_person=False, created_at__gte=timezone.now() - PING_PONG_WITHIN
    )
    counts = Counter(lately.values_list("mapping", flat=True))
    stopped = {mapping: value for mapping, value in values.items() if counts[mapping.pk] >= PING_PONG_WRITES}
    for mapping, value in stopped.items():
        conflicts.note_ping_pong(link, mapping, ours=value, message=PING_PONG)
    show(link, stopped, PropertyDelivery.State.REFUSED, PING_PONG)
    return {mapping: value for mapping, value in values.items() if mapping not in stopped}


def _first_state(connection: Connection) -> str:
    active = connection.status == Connection.Status.ACTIVE
    return PropertyDelivery.State.ON_ITS_WAY if active else PropertyDelivery.State.SAVED
