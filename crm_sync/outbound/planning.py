"""What is to be done with the edits of one record, now that the CRM's own values are known."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from crm_sync.agreement.decisions import Decision, Sides, on_departure
from crm_sync.connectors.base import CrmField, CrmRecord, Write
from crm_sync.inbound.merging import is_stale
from crm_sync.mapping import codec, schema
from crm_sync.models import ExternalRecord, OutboxChange


@dataclass
class Plan:
    """The changes of one record, by what is to be done with them."""

    link: ExternalRecord
    found: CrmRecord | None
    to_write: dict[OutboxChange, str] = field(default_factory=dict)
    there_already: dict[OutboxChange, str] = field(default_factory=dict)
    clashing: list[OutboxChange] = field(default_factory=list)
    unfit: dict[OutboxChange, str] = field(default_factory=dict)
    held: dict[OutboxChange, str] = field(default_factory=dict)  # one of too many: waits for a person
    gone: list[OutboxChange] = field(default_factory=list)
    moved: list[OutboxChange] = field(default_factory=list)  # the record was merged into another one
    too_early: list[OutboxChange] = field(default_factory=list)
    agreed_before: dict = field(default_factory=dict)
    beside: dict[str, str] = field(default_factory=dict)  # what has to be written with it: a stage's pipeline

    def write(self, *, guarded: bool) -> Write:
        """What the CRM is asked for. `guarded`: where its value may win, only if nobody changed it meanwhile."""
        values = {change.mapping.field: wire for change, wire in self.to_write.items()}
        may_lose = any(c.mapping.policy != "portal" and c.mapping.direction == "both" for c in self.to_write)
        since = self.found.updated_at if guarded and may_lose and self.found else None
        return Write(self.link.external_id, self.beside | values, unless_changed_since=since)


def plan(
    link: ExternalRecord,
    changes: list[OutboxChange],
    found: CrmRecord | None,
    known: Mapping[str, CrmField],
    existing: set[str] | None,
) -> Plan:
    made = Plan(link, found, agreed_before=dict(link.agreed))
    if found is None or found.archived:
        made.gone = changes
    elif found.external_id != link.external_id:
        made.moved = changes
    elif is_stale(link, found):
        made.too_early = changes
    else:
        for change in changes:
            _sort(made, change, found, known, existing)
    return made


def _sort(made: Plan, change: OutboxChange, found: CrmRecord, known, existing) -> None:
    mapping = change.mapping
    try:
        wire = codec.to_wire(mapping, change.value)
    except codec.UnfitValue as error:
        made.unfit[change] = str(error)
        return
    absent = mapping.field not in found.values and existing is not None and mapping.field not in existing
    if reason := schema.GONE_FIELD if absent else schema.refusal(known.get(mapping.field), wire):
        made.unfit[change] = reason
        return
    theirs = codec.same_form(mapping, found.values.get(mapping.field, ""))
    sent = tuple(made.link.sent.get(mapping.field, ()))
    sides = Sides(theirs, change.value, wire, made.link.agreed.get(mapping.field), sent)
    match on_departure(sides, direction=mapping.direction):
        case Decision.AGREE:
            made.there_already[change] = theirs
        case Decision.SEND:
            made.to_write[change] = wire
            made.beside |= schema.companions(known.get(mapping.field), wire)
        case _:
            made.clashing.append(change)
