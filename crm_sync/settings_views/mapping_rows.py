"""A row of the mapping: both ends, real values, what does not fit, and what drifted apart."""

from dataclasses import dataclass, field

from crm_sync.mapping import codec, managers, sampling, schema
from crm_sync.mapping.sampling import Check
from crm_sync.models import Connection, FieldMapping, Sampling

HAS_OPTIONS = ("choice", "multi_choice")
SHOWN = 4


@dataclass
class Row:
    mapping: FieldMapping
    check: Check | None = None
    has_options: bool = False
    drift: list[str] = field(default_factory=list)
    type_changed: bool = False
    manages: bool = False  # it says who looks after the partner


def rows_of(connection: Connection, object_type: str, looked: Sampling | None) -> list[Row]:
    mappings = list(connection.mappings.filter(object_type=object_type).select_related("prop__workspace"))
    for mapping in mappings:
        mapping.connection = connection
    codec.prepare(connection, mappings)
    return [_row(mapping, looked) for mapping in mappings]


def _row(mapping: FieldMapping, looked: Sampling | None) -> Row:
    row = Row(mapping, manages=managers.names_the_manager(mapping))
    known = schema.known_field(mapping.connection, mapping.object_type, mapping.field)
    row.type_changed = known is not None and bool(mapping.type_known) and known.type != mapping.type_known
    row.has_options = mapping.prop.type in HAS_OPTIONS and known is not None and bool(known.options)
    if row.has_options and known is not None:
        row.drift = _missing_options(mapping, {o.value for o in known.options})
    if looked is not None and looked.records:
        currency = mapping.connection.workspace.currency
        row.check = sampling.check(mapping, looked.records, currency=currency)
    return row


def _missing_options(mapping: FieldMapping, theirs: set[str]) -> list[str]:
    """Options of ours that nothing in the CRM stands for: a record in one of them cannot be written there."""
    if mapping.direction == "in":
        return []
    meant = {mapping.options.get(value, value) for value in theirs}
    return [o["label"] for o in mapping.prop.options if o["value"] not in meant][:SHOWN]
