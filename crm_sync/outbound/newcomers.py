"""What a record that was made here looks like in the CRM."""

from dataclasses import dataclass, field
from typing import Any

from crm_sync.connectors.base import Create
from crm_sync.mapping import codec, schema
from crm_sync.models import FieldMapping, OutboxRecord


@dataclass
class Newcomer:
    """A record on its way, with everything that is mapped and can be written."""

    row: OutboxRecord
    record: Any
    key: str  # its value in the unique field
    company: str
    by: str
    wires: dict[FieldMapping, str] = field(default_factory=dict)
    beside: dict[str, str] = field(default_factory=dict)
    address: str = ""  # of a person, which is as good as a key
    address_field: str = ""

    def create(self) -> Create:
        values = {mapping.field: wire for mapping, wire in self.wires.items()}
        return Create(self.key, self.beside | values, self.company, self.by)


def newcomer_of(row: OutboxRecord, record, *, unique: str, company: str, by: str) -> Newcomer:
    """Also what otherwise only comes in: there is nothing yet that could come."""
    connection = row.connection
    made = Newcomer(row, record, row.key, company, by)
    writable = connection.mappings.filter(object_type=row.object_type, broken="", read_only=False)
    mappings = list(writable.select_related("prop"))
    for mapping in mappings:
        mapping.connection = connection
    codec.prepare(connection, mappings)
    known = {f.name: f for f in schema.known_fields(connection, row.object_type)}
    for mapping in mappings:
        _add(made, mapping, known.get(mapping.field))
    if made.address_field == unique:
        made.key = made.address
    return made


def _add(made: Newcomer, mapping: FieldMapping, known) -> None:
    try:
        wire = codec.to_wire(mapping, made.record.value(mapping.prop))
    except codec.UnfitValue:
        wire = None
    if not wire or schema.refusal(known, wire):
        if stage := _same_meaning(mapping, made.record, known):
            made.beside |= {mapping.field: stage} | schema.companions(known, stage)
        return  # it is made without; the first look says what did not fit
    made.wires[mapping] = wire
    made.beside |= schema.companions(known, wire)
    if mapping.prop.key == "email":
        made.address, made.address_field = wire, mapping.field


def _same_meaning(mapping: FieldMapping, record, known) -> str:
    """For a stage that is not there: the first that means the same, open, won or lost. Without any, no CRM makes a
    deal; the first look takes theirs over, or says that ours does not fit."""
    if mapping.prop.key != "stage" or known is None:
        return ""
    fitting = (o.value for o in known.options if not o.hidden and (o.outcome or "open") == record.outcome)
    return next(fitting, "")
