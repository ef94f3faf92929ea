"""What failed or was refused: tried again one by one or by filter, or discarded with a reason. Twice is harmless."""

from typing import Any

from django.utils import timezone

from crm_sync.agreement import audit
from crm_sync.kinds import KINDS
from crm_sync.mapping import codec, schema
from crm_sync.models import Connection, ExternalRecord, FieldMapping, OutboxChange
from crm_sync.models.queues import INBOX, OUTBOX
from workspaces.actors import Actor
from workspaces.jobs import leave_work
from workspaces.properties import set_properties


class CannotCorrect(ValueError):
    """Why, in words for the person who tried."""


FAILED_EVENTS = ["dead"]
FAILED_CHANGES = ["parked", "dead"]


def replay_events(events, connection: Connection | None = None, *, by: object = "") -> int:
    """Tries events again that failed or were put aside."""
    again = events.filter(state__in=["dead", "skipped", "discarded"]).exclude(external_id="")
    count = again.update(state="pending", tries=0, next_at=timezone.now(), reason="", handled_at=None)
    if count:
        leave_work(INBOX)
        _noted(connection, "replay", f"{count:,} of the CRM’s events are tried again.", by)
    return count


def resend(changes, connection: Connection | None = None, *, by: object = "") -> int:
    """Sends values again that the CRM refused or that were given up, unless a newer one waits."""
    count = 0
    for change in changes.filter(state__in=FAILED_CHANGES).select_for_update():
        newer = OutboxChange.objects.filter(link=change.link_id, mapping=change.mapping_id, state="pending")
        if newer.exists():
            continue
        change.state, change.tries, change.next_at, change.finished_at = "pending", 0, timezone.now(), None
        change.save(update_fields=["state", "tries", "next_at", "finished_at"])
        count += 1
    if count:
        leave_work(OUTBOX)
        _noted(connection, "resend", f"{count:,} values are sent again.", by)
    return count


def correct(change: OutboxChange, value: Any, connection: Connection, *, by: Actor) -> bool:
    """Another value instead of the refused one: an ordinary edit here, which is sent in its place.

    Returns False where it was sent or discarded meanwhile. Raises CannotCorrect, PropertyErrors.
    """
    refused = OutboxChange.objects.filter(pk=change.pk, state__in=FAILED_CHANGES).select_for_update(
        of=("self",)
    )
    record, mapping = change.link.record, change.mapping
    if record is None or change.link.state != ExternalRecord.State.LINKED:
        raise CannotCorrect(f"The record that this value belongs to is gone in {connection}.")
    if reason := mapping.broken or _refusal(connection, mapping, value):
        raise CannotCorrect(reason)
    KINDS[change.link.object_type].lock([record])
    if not refused.exists():
        return False
    edited = set_properties(record, {mapping.prop.key: value}, by=by)
    if not edited:  # the portal holds it already, and only the CRM lacks it
        resend(OutboxChange.objects.filter(pk=change.pk))
        OutboxChange.objects.filter(pk=change.pk).update(value=value)
    told = f"{record}, {mapping.prop}: a refused value was corrected and sent again."
    audit.note(connection, "correction", told, by=by.label, link=change.link)
    return True


def _refusal(connection: Connection, mapping: FieldMapping, value: Any) -> str:
    """Why the CRM would not take it, as far as its own description of the field tells."""
    try:
        wire = codec.to_wire(mapping, value)
    except codec.UnfitValue as error:
        return str(error)
    return schema.refusal(schema.known_field(connection, mapping.object_type, mapping.field), wire)


def discard_events(events, connection: Connection, *, reason: str, by: object) -> int:
    found = events.filter(state__in=FAILED_EVENTS)
    count = found.update(state="discarded", reason=reason, handled_at=timezone.now())
    if count:
        _noted(connection, "discard", f"{count:,} of the CRM’s events were discarded: {reason}", by)
    return count


def discard_changes(changes, connection: Connection, *, reason: str, by: object) -> int:
    """The two sides agree to differ, until either changes."""
    count = 0
    rows = changes.filter(state__in=FAILED_CHANGES).select_related("link", "mapping__prop")
    for change in rows.select_for_update(of=("self",)):
        link, name = change.link, change.mapping.field
        crm = link.agreed.get(name, {}).get("crm", "")
        record = link.record
        link.agree(name, crm=crm, ours=record.value(change.mapping.prop) if record else change.value)
        link.save(update_fields=["agreed", "sent"])
        change.state, change.message, change.finished_at = "discarded", reason, timezone.now()
        change.save(update_fields=["state", "message", "finished_at"])
        count += 1
    if count:
        _noted(connection, "discard", f"{count:,} values for the CRM were discarded: {reason}", by)
    return count


def _noted(connection: Connection | None, action: str, message: str, by: object) -> None:
    if connection is not None:
        audit.note(connection, action, message, by=by)
