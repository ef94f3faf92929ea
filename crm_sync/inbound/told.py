"""What events say of values, where what is read lags behind: HubSpot's copies may be seconds old, and it takes any
write. An event is a hint; but one that tells of a later change than the copy that was read proves the copy old, and
one from between our look and our write names a value that we wrote over without having seen it.
"""

import json
from datetime import datetime
from typing import Any

from crm_sync.agreement import conflicts, delivery
from crm_sync.agreement.decisions import Sides, theirs_is_kept
from crm_sync.connectors.base import CrmRecord
from crm_sync.mapping import codec
from crm_sync.models import ExternalRecord, FieldMapping, InboxEvent
from workspaces.properties import PropertyErrors, set_properties

MOST_WAITS = 4  # then what is read counts, whatever was told
UNREADABLE = ("REDACTED",)


def is_newer(claim, link: ExternalRecord, found: CrmRecord) -> bool:
    """Whether an event tells of another value, and a later moment, than the copy that was read."""
    at = found.updated_at
    told = [name for name, when in claim.told.get(link.external_id, ()) if at and when and when > at]
    mapped = {mapping.field: mapping for mapping in claim.intake.mappings}
    late = [mapped[name] for name in told if name in mapped]
    if not late:
        return False
    events = claim.events(link.external_id).filter(property__in=[m.field for m in late], occurred_at__gt=at)
    for event in events.filter(tries__lt=MOST_WAITS):
        mapping, value = mapped[event.property], value_of(event)
        read = found.values.get(event.property, "")
        if value is not None and codec.same_form(mapping, value) != codec.same_form(mapping, read):
            return True
    return False


def says_more(claim, link: ExternalRecord, found: CrmRecord) -> bool:
    """Whether an event tells of a moment that the copy does not know, or that a write of ours passed over."""
    for name, when in claim.told.get(link.external_id, ()):
        over = link.agreed.get(name, {}).get("over")
        if when and found.updated_at and when > found.updated_at:
            return True
        if when and over:
            since, until = _moments(over)
            if since < when < until:
                return True
    return False


def overwritten(claim, link: ExternalRecord, found: CrmRecord) -> dict[FieldMapping, tuple[str, datetime]]:
    """The values of the CRM's that our last write put an end to before anybody here had seen them."""
    lost: dict[FieldMapping, tuple[str, datetime]] = {}
    for mapping in claim.intake.mappings:
        agreed = link.agreed.get(mapping.field, {})
        over = agreed.get("over")
        if not over or mapping.direction != "both" or mapping.policy == "portal":
            continue
        since, until = _moments(over)
        moments = [when for name, when in claim.told.get(link.external_id, ()) if name == mapping.field]
        stands = codec.same_form(mapping, found.values.get(mapping.field, "")) == agreed["crm"]
        if not stands or not any(when and since < when < until for when in moments):
            continue
        between = claim.events(link.external_id).filter(
            property=mapping.field, occurred_at__gt=since, occurred_at__lt=until
        )
        for event in between.order_by("occurred_at"):
            value = value_of(event)
            spoken = codec.same_form(mapping, value) if value is not None else over["base"]
            if spoken not in (over["base"], agreed["crm"]):
                lost[mapping] = (value or "", event.occurred_at)
    return lost


def give_back(link: ExternalRecord, record: Any, lost: dict[FieldMapping, tuple[str, datetime]]) -> None:
    """As if the CRM's change had been seen in time: its mapping's policy decides, and both values are kept."""
    for mapping, (text, _) in lost.items():
        ours = record.value(mapping.prop)
        if ours != link.agreed.get(mapping.field, {}).get("ours"):
            continue  # edited once more since: that edit is on its way, and meets what is there
        try:
            value = codec.from_wire(mapping, text, currency=link.connection.workspace.currency)
        except codec.UnfitValue:
            continue
        kept = "crm" if theirs_is_kept(_sides(link, record, mapping, lost), mapping.policy) else "portal"
        if kept == "crm":
            try:
                set_properties(record, {mapping.prop.key: value}, by=link.connection.actor)
            except PropertyErrors:
                continue
            delivery.ensure(link, {mapping: record.value(mapping.prop)}, edited_by=str(link.connection))
        conflicts.note_both_changed(link, mapping, theirs=value, ours=ours, kept=kept)


def value_of(event: InboxEvent) -> str | None:
    """The value that the event tells; None where it tells none that can be read."""
    try:
        item = json.loads(event.raw)
    except ValueError:
        return None
    value = item.get("propertyValue") if isinstance(item, dict) else None
    secret = isinstance(item, dict) and item.get("isSensitive")
    return None if secret or value in UNREADABLE or not isinstance(value, str) else value


def _sides(link: ExternalRecord, record: Any, mapping: FieldMapping, lost) -> Sides:
    edited, skew = record.set_at.get(str(mapping.prop.number)), link.connection.clock_ahead
    theirs = lost[mapping][1].timestamp() - skew
    later = edited is None or theirs >= datetime.fromisoformat(edited).timestamp()
    return Sides(theirs="", ours=None, ours_as_theirs="", theirs_later=later)


def _moments(over: dict[str, str]) -> tuple[datetime, datetime]:
    """Of our look and of our write, by the CRM's clock."""
    return datetime.fromisoformat(over["from"]), datetime.fromisoformat(over["to"])
