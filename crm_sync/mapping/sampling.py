"""Real records of the CRM beside the mapping: what stands in a field, and how much of it the portal can hold."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from crm_sync.connectors.base import Connector, CrmRecord
from crm_sync.mapping import codec, schema
from crm_sync.models import Connection, ExternalRecord, FieldMapping, Sampling
from workspaces.display import Display
from workspaces.models import Property
from workspaces.property_types import Invalid, clean

FRESH = timedelta(minutes=10)
MOST_RECORDS = 50
MOST_FIELDS = 150
MOST_TEXT = 200
SHOWN = 3
MOST_MISFITS = 3
FIGURES = {"number", "money", "date", "datetime"}


@dataclass
class Check:
    """One field in the records that were looked at."""

    shown: list[str] = field(default_factory=list)  # three records' values, in the same order in each row
    sampled: int = 0
    filled: int = 0
    fitting: int = 0
    misfits: dict[str, str] = field(default_factory=dict)  # value → why it does not fit

    @property
    def wrong(self) -> int:
        return self.filled - self.fitting


def stored(connection: Connection, object_type: str) -> Sampling | None:
    """What was looked at lately."""
    found = Sampling.objects.filter(connection=connection, object_type=object_type)
    return found.filter(at__gt=timezone.now() - FRESH).first()


def asked_fields(connection: Connection, object_type: str) -> list[str]:
    """Every mapped field, and as many others as one look can bear: those can be mapped next."""
    mapped = set(connection.mappings.filter(object_type=object_type).values_list("field", flat=True))
    known = [f.name for f in schema.known_fields(connection, object_type) if not f.unmappable]
    others = [name for name in known if name not in mapped]
    return sorted(mapped & set(known)) + others[: max(0, MOST_FIELDS - len(mapped))]


def linked_ids(connection: Connection, object_type: str) -> list[str]:
    """Records that are in step first: those are the ones that the mapping is about."""
    links = ExternalRecord.objects.linked().filter(connection=connection, object_type=object_type)
    return list(links.order_by("-synced_at").values_list("external_id", flat=True)[:MOST_RECORDS])


def look(
    connector: Connector, object_type: str, fields: Sequence[str], ids: Sequence[str]
) -> list[CrmRecord]:
    """Asks the CRM; no transaction may be open. Raises CrmError."""
    found = [r for r in connector.read(object_type, ids, fields).values() if not r.archived] if ids else []
    if len(found) < SHOWN:
        known = {record.external_id for record in found}
        page = connector.list_all(object_type, "", fields).records
        found += [record for record in page if record.external_id not in known and not record.archived]
    return found[:MOST_RECORDS]


def keep(
    connection: Connection, object_type: str, records: Iterable[CrmRecord], *, message: str = ""
) -> None:
    rows = [{"id": r.external_id, "name": r.name[:80], "values": _short(r.values)} for r in records]
    Sampling.objects.update_or_create(
        connection=connection,
        object_type=object_type,
        defaults={"records": rows, "message": message, "at": timezone.now()},
    )


def check(mapping: FieldMapping, records: Sequence[Mapping], *, currency: str) -> Check:
    """How the values of this field would come in."""
    made = Check()
    for record in records:
        text = record["values"].get(mapping.field, "")
        made.sampled += 1
        made.filled += bool(text)
        if text and (reason := misfit_of(mapping, text, currency=currency)):
            if len(made.misfits) < MOST_MISFITS:
                made.misfits[text] = reason
        elif text:
            made.fitting += 1
    values = [record["values"].get(mapping.field, "") for record in records[:SHOWN]]
    made.shown = [in_words(mapping, text, currency=currency) for text in values]
    return made


def misfit_of(mapping: FieldMapping, text: str, *, currency: str) -> str:
    """Why the portal cannot hold this value; "" where it can."""
    try:
        value = codec.from_wire(mapping, text, currency=currency)
        clean(mapping.prop, value)
    except (codec.UnfitValue, Invalid) as error:
        return str(error)
    return "Nobody of the team." if mapping.prop.type == "user" and value is None else ""


def in_words(mapping: FieldMapping, text: str, *, currency: str) -> str:
    """A value as people read it: days, amounts and figures as the portal shows them, options in the CRM's words."""
    if mapping.prop.type in FIGURES:
        with suppress(codec.UnfitValue):
            value = codec.from_wire(mapping, text, currency=currency)
            return Display(timezone.get_current_timezone()).text(mapping.prop, value)
    field_known = schema.known_field(mapping.connection, mapping.object_type, mapping.field)
    labels = {option.value: option.label for option in field_known.options} if field_known else {}
    if mapping.prop.type == "user" and mapping.people:
        member = mapping.people.member_of.get(text)
        return mapping.people.names.get(member or "", text)
    return ", ".join(labels.get(part, part) for part in text.split(";")) if labels else text


def trial(connection: Connection, object_type: str, name: str, prop: Property) -> FieldMapping | None:
    """A mapping that nobody made yet, to be looked at."""
    known = schema.known_field(connection, object_type, name)
    if known is None:
        return None
    made = FieldMapping(
        connection=connection, object_type=object_type, field=name, label=known.label, prop=prop
    )
    made.type_known = known.type
    codec.prepare(connection, [made])
    return made


def _short(values: Mapping[str, str]) -> dict[str, str]:
    return {name: text[:MOST_TEXT] for name, text in values.items() if text}
