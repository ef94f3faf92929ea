"""Whether a record of the CRM is somebody whom the portal has already: by a unique key, else by domain or address."""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db.models import Func, TextField, Value
from django.db.models.functions import Lower

from crm_sync.connectors.base import CrmRecord
from crm_sync.kinds import KINDS
from crm_sync.mapping import codec, schema
from crm_sync.models import Connection, FieldMapping, OutboxRecord

ON_ITS_WAY = ["pending", "inflight"]
SHARED_HOSTS = {"linkedin.com", "facebook.com", "x.com", "instagram.com"}  # the address of many


@dataclass(frozen=True)
class Match:
    record: Any
    certain: bool  # by a key that is unique on both sides
    by: str
    ours: bool = False  # it was made here first, and its key in the CRM says so


def find(
    connection: Connection,
    object_type: str,
    mappings: Iterable[FieldMapping],
    records: Iterable[CrmRecord],
    key: str = "",
) -> dict[str, list[Match]]:
    """External id → whom it may be. One question a key, however many records there are. `key`: the field in which
    records that were made here carry their id."""
    found: dict[str, list[Match]] = defaultdict(list)
    records = list(records)
    if key:
        _by_our_id(found, object_type, key, records)
    for mapping in mappings:
        known = schema.known_field(connection, object_type, mapping.field)
        if known and known.unique and mapping.prop.key != "email":
            _by_unique(found, object_type, mapping, records)
        elif mapping.prop.type == "url" and mapping.prop.key == "website":
            _by_host(found, object_type, mapping, records)
        elif mapping.prop.key == "email" and object_type == "contact":
            _by_address(found, object_type, mapping, records)
    return found


def host_of(text: str) -> str:
    """The part of a web address that is the company's: example.com of https://www.example.com/de."""
    text = text.strip().lower()
    host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    host = host.removeprefix("www.")
    return "" if host in SHARED_HOSTS else host


def _stored(mapping: FieldMapping, document: str = "raw") -> Func:
    """The value as it stands in the document. (A key transform takes a number for a place in a list.)"""
    number = Value(str(mapping.prop.number))
    return Func(document, number, function="jsonb_extract_path_text", output_field=TextField())


def _by_unique(found, object_type, mapping, records) -> None:
    wanted = {}
    for record in records:
        try:
            value = codec.from_wire(mapping, record.values.get(mapping.field, ""), currency="")
        except codec.UnfitValue:
            continue
        if value is not None:
            wanted[str(value)] = record.external_id
    rows = KINDS[object_type].rows().annotate(wanted_by=_stored(mapping))
    _take(found, rows.filter(wanted_by__in=list(wanted)), wanted, certain=True, by=mapping.label)


def _by_our_id(found, object_type, key: str, records) -> None:
    wanted = {}
    for record in records:
        with suppress(ValueError):
            wanted[UUID(record.values.get(key, ""))] = record.external_id
    if wanted:
        for row in KINDS[object_type].rows().filter(pk__in=wanted):
            found[wanted[row.pk]].append(Match(row, certain=True, by="id", ours=True))


def _by_host(found, object_type, mapping, records) -> None:
    """Looks at every website, so with the cheapest of functions: ours all have a scheme (workspaces.property_types)."""
    wanted = {host: r.external_id for r in records if (host := host_of(r.values.get(mapping.field, "")))}
    wanted |= {f"www.{host}": external_id for host, external_id in wanted.items()}
    there = _part(_part(_stored(mapping, "norm"), "//", 2), "/", 1)
    rows = KINDS[object_type].rows().annotate(wanted_by=there).filter(wanted_by__in=list(wanted))
    _take(found, rows, wanted, certain=False, by="web address")


def _part(text: Func, separator: str, number: int) -> Func:
    """What stands between separators; an address's path, query, fragment and port all end its host."""
    ended = Func(text, Value("?#:"), Value("///"), function="translate") if separator == "/" else text
    return Func(ended, Value(separator), Value(number), function="split_part", output_field=TextField())


def _by_address(found, object_type, mapping, records) -> None:
    wanted = {}
    for record in records:
        if address := record.values.get(mapping.field, "").strip().lower():
            wanted[address] = record.external_id
    rows = KINDS[object_type].model.objects.annotate(wanted_by=Lower("email"))
    there = list(rows.filter(wanted_by__in=list(wanted))) if wanted else []
    on_their_way = OutboxRecord.objects.filter(record_id__in=[row.pk for row in there], state__in=ON_ITS_WAY)
    ours = set(on_their_way.values_list("record_id", flat=True)) if there else set()
    for row in there:
        made = row.pk in ours
        found[wanted[row.wanted_by]].append(Match(row, certain=made, by="e-mail address", ours=made))


def _take(found, rows, wanted: dict[str, str], *, certain: bool, by: str) -> None:
    if wanted:
        for row in rows:
            found[wanted[row.wanted_by]].append(Match(row, certain, by))
