"""What a person decides about a conflict. Each decision is an ordinary edit, or a link, and is written down."""

from django.utils import timezone

from crm_sync.agreement import audit, delivery
from crm_sync.inbound import linking
from crm_sync.mapping import codec
from crm_sync.models import Conflict, InboxEvent
from crm_sync.models.queues import INBOX, REFRESH
from workspaces.jobs import leave_work
from workspaces.keys import uuid7
from workspaces.properties import PropertyErrors, set_properties

FIELD_KINDS = (Conflict.Kind.BOTH, Conflict.Kind.PING_PONG)


class CannotSettle(ValueError):
    """Why, in words for the person who tried."""


def use(conflict: Conflict, side: str, *, by) -> None:
    """`side` is whose value, "crm" or "portal", holds from now on. Raises CannotSettle."""
    link, mapping = conflict.link, conflict.mapping
    if conflict.kind not in FIELD_KINDS or link is None or mapping is None or link.record is None:
        raise CannotSettle("There is no value to choose here.")
    value = _theirs(conflict) if side == "crm" else conflict.ours
    try:
        set_properties(link.record, {mapping.prop.key: value}, by=by)
    except PropertyErrors as error:
        raise CannotSettle(str(error)) from error
    if side == "portal" and mapping.direction != "in":
        delivery.ensure(link, {mapping: value}, edited_by=by.label, by_person=True)
    whose = str(conflict.connection) if side == "crm" else "the portal"
    _settle(conflict, side, f"{mapping.prop}: the value of {whose} was chosen.", by=by)


def same(conflict: Conflict, *, by) -> None:
    """They are one: the record of ours that was found is linked to the CRM's. Raises CannotSettle."""
    record = conflict.ours_record
    if conflict.kind != Conflict.Kind.MATCH or record is None:
        raise CannotSettle("There is nothing to link here.")
    try:
        linking.link(conflict.connection, record, conflict.external_id)
    except ValueError as error:
        raise CannotSettle(str(error)) from error
    _settle(conflict, "crm", f"{record} was linked to {conflict.name or conflict.external_id}.", by=by)


def different(conflict: Conflict, *, by) -> None:
    """They are two. A record that a rule lets in comes in on its own; of two partners both stay."""
    text = f"{conflict.name or conflict.link} and {conflict.ours_record} are different."
    _settle(conflict, "portal", text, by=by)
    if conflict.kind == Conflict.Kind.MATCH:
        InboxEvent.objects.create(
            connection=conflict.connection,
            fingerprint=uuid7().hex,
            kind=REFRESH,
            object_type=conflict.object_type,
            external_id=conflict.external_id,
        )
        leave_work(INBOX)


def _theirs(conflict: Conflict):
    if conflict.kind == Conflict.Kind.BOTH or conflict.link is None or conflict.mapping is None:
        return conflict.theirs
    agreed = conflict.link.agreed.get(conflict.mapping.field)
    currency = conflict.connection.workspace.currency
    codec.prepare(conflict.connection, [conflict.mapping])
    return codec.from_wire(conflict.mapping, agreed["crm"], currency=currency) if agreed else conflict.ours


def _settle(conflict: Conflict, kept: str, message: str, *, by) -> None:
    conflict.kept, conflict.settled_at, conflict.settled_by = kept, timezone.now(), by.label
    conflict.save(update_fields=["kept", "settled_at", "settled_by"])
    audit.note(conflict.connection, "conflict", message, by=by.label, link=conflict.link)
