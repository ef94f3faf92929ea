"""One record as the CRM has it now, brought into the portal: field by field, in one transaction."""

from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from crm_sync.agreement import delivery
from crm_sync.agreement.decisions import Decision, on_arrival
from crm_sync.connectors.base import CrmRecord
from crm_sync.limits import retries
from crm_sync.mapping import codec
from crm_sync.mapping.schema import GONE_FIELD
from crm_sync.models import ExternalRecord, FieldMapping, InboxEvent
from crm_sync.models.queues import REFRESH
from workspaces import locks
from workspaces.actors import Actor
from workspaces.properties import PropertyErrors, set_properties

STALE_SECONDS = 2.0  # HubSpot's copies are a moment behind each other


@dataclass
class Outcome:
    """What is to happen to a record, and what cannot."""

    values: dict[FieldMapping, Any] = field(default_factory=dict)
    theirs: dict[FieldMapping, str] = field(default_factory=dict)
    overruled: list[FieldMapping] = field(default_factory=list)
    to_send: list[FieldMapping] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)  # CRM field → why it was left alone


def apply(claim, link: ExternalRecord, found: CrmRecord | None, known: set[str] | None) -> None:
    """Runs in a transaction; raises nothing that a person could mend."""
    link, record = _locked(link)
    if found is None:
        return _finish(claim, link, {}, gone=f"This {link.object_type} does not exist in the CRM.")
    if _is_stale(link, found):
        return retries.postpone_event(
            claim, link, "The CRM answered with an old copy.", seconds=STALE_SECONDS
        )
    outcome = Outcome()
    currency = claim.connection.workspace.currency
    for mapping in claim.mappings:
        _decide(outcome, mapping, link, record, found.values, known, currency)
    _write(outcome, link, record, claim.connection)
    delivery.enqueue(
        link, {m: record.value(m.prop) for m in outcome.to_send}, edited_by=str(claim.connection)
    )
    link.external_updated_at = found.updated_at or link.external_updated_at
    return _finish(claim, link, outcome.reasons)


def _locked(link: ExternalRecord):
    """The locks of a change come first (workspaces/locks.py), ours after them."""
    record = link.record
    if link.partner_id:
        locks.lock_for_partners([record])
    else:
        locks.lock_for_contacts([record])
    connection = link.connection
    link = ExternalRecord.objects.select_for_update(no_key=True).get(pk=link.pk)
    link.connection = connection
    record.refresh_from_db(fields=["raw", "norm", "set_at", "version"])
    return link, record


def _is_stale(link: ExternalRecord, found: CrmRecord) -> bool:
    seen = link.external_updated_at
    return bool(seen and found.updated_at and found.updated_at < seen)


def _decide(outcome, mapping, link, record, values, known, currency) -> None:
    if mapping.field not in values and known is not None and mapping.field not in known:
        # The field was deleted over there: that is no reason to clear our value.
        mapping.broken = GONE_FIELD
        mapping.save(update_fields=["broken"])
        outcome.reasons[mapping.field] = mapping.broken
        return
    text = values.get(mapping.field, "")
    try:
        value = codec.from_wire(mapping, text, currency=currency)
        theirs = codec.to_wire(mapping, value)
    except codec.UnfitValue as error:
        outcome.reasons[mapping.field] = str(error)
        return
    ours = record.value(mapping.prop)
    decision = on_arrival(
        theirs=theirs,
        ours=ours,
        ours_as_theirs=_ours_as_theirs(mapping, ours),
        agreed=link.agreed.get(mapping.field),
    )
    if decision == Decision.SEND and mapping.direction != "both":
        decision = Decision.NOTHING
    _note(outcome, mapping, decision, theirs, value)


def _ours_as_theirs(mapping, ours) -> str:
    try:
        return codec.to_wire(mapping, ours)
    except codec.UnfitValue:
        return "\x00"  # equal to nothing that a CRM holds


def _note(outcome: Outcome, mapping, decision: Decision, theirs: str, value) -> None:
    if decision == Decision.SEND:
        outcome.to_send.append(mapping)
    elif decision != Decision.NOTHING:
        outcome.theirs[mapping] = theirs
    if decision in (Decision.TAKE, Decision.OVERRULE):
        outcome.values[mapping] = value
    if decision == Decision.OVERRULE:
        outcome.overruled.append(mapping)


def _write(outcome: Outcome, link: ExternalRecord, record, connection) -> None:
    """Sets what the portal accepts; a value that it refuses leaves its field as it was, with the reason."""
    by = Actor("crm", str(connection.pk), str(connection))
    wanted = {mapping.prop.key: (mapping, value) for mapping, value in outcome.values.items()}
    while wanted:
        try:
            set_properties(record, {key: value for key, (_, value) in wanted.items()}, by=by)
            break
        except PropertyErrors as error:
            for key, message in error.errors.items():
                mapping, _ = wanted.pop(key)
                outcome.reasons[mapping.field] = message
                outcome.theirs.pop(mapping, None)
    for mapping, theirs in outcome.theirs.items():
        link.agreed[mapping.field] = {"crm": theirs, "ours": record.value(mapping.prop)}
    delivery.settle(link, [m for m in outcome.theirs if m in outcome.overruled], overruled=True)
    delivery.settle(link, [m for m in outcome.theirs if m not in outcome.overruled], overruled=False)


def _finish(claim, link: ExternalRecord, reasons: dict[str, str], *, gone: str = "") -> None:
    now = timezone.now()
    link.synced_at, link.reading_until = now, None
    link.save(update_fields=["agreed", "external_updated_at", "synced_at", "reading_until"])
    events = InboxEvent.objects.filter(claim=claim.token, state="pending", external_id=link.external_id)
    skipped = {"state": InboxEvent.State.SKIPPED, "handled_at": now}
    if gone:
        events.update(**skipped, reason=gone)
    for name, reason in reasons.items():
        events.filter(property=name).update(**skipped, reason=reason)
    if reasons:
        told = " ".join(f"{name}: {reason}" for name, reason in reasons.items())
        events.filter(kind=REFRESH).update(**skipped, reason=told)
    events.update(state=InboxEvent.State.DONE, handled_at=now, reason="")
