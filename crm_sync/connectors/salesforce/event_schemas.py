"""The form of Salesforce's change events: Avro without its schema, with fields named by their places in the schema."""

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fastavro import parse_schema, schemaless_reader

KEPT = 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Unreadable(ValueError):
    """An event that does not fit its schema."""


@dataclass(frozen=True)
class Field:
    """A field at its place in the schema. A compound one, such as an address, has parts."""

    name: str
    meaning: str  # "Data:DateOnly:00N…": Avro's own type does not tell a day from a number
    parts: tuple["Field", ...] = ()
    only_parts: bool = False  # never one plain value


@dataclass(frozen=True)
class EventSchema:
    parsed: Any
    fields: tuple[Field, ...]

    @classmethod
    def from_json(cls, text: str) -> "EventSchema":
        try:
            content = json.loads(text)
            return cls(parse_schema(content), _fields(content, _named(content)))
        except Exception as error:  # whatever fastavro makes of a schema that is none
            raise Unreadable("Salesforce's schema of an event could not be read.") from error

    def decode(self, payload: bytes) -> dict[str, Any]:
        try:
            found = schemaless_reader(io.BytesIO(payload), self.parsed, None)
        except Exception as error:  # every kind of broken bytes raises its own
            raise Unreadable("An event of Salesforce's does not fit its schema.") from error
        if not isinstance(found, dict):
            raise Unreadable("An event of Salesforce's is no record.")
        return found

    def names(self, bitmaps: Iterable[str]) -> list[str]:
        """Behind ["0x65", "4-0x10"] the fields at these places, and the parts of the fifth."""
        given = list(bitmaps)
        detailed = {text.partition("-")[0] for text in given if "-" in text}
        found: list[str] = []
        for text in given:
            place, dash, bits = text.rpartition("-")
            if dash:
                found += _parts(self._at(place), bits)
            elif text.startswith("0x"):
                for number in _ones(text):
                    found += _whole(self._at(str(number)), detailed=str(number) in detailed)
            else:
                found.append(text)  # spelt out, as older clients of Salesforce's show them
        return list(dict.fromkeys(found))

    def values(self, content: Mapping[str, Any]) -> dict[str, str | None]:
        """What the event says of each field, as the connectors write values. None: it cannot be told."""
        found: dict[str, str | None] = {}
        for field in self.fields:
            value = content.get(field.name)
            if isinstance(value, Mapping):
                for part in field.parts:
                    found[api_name(field.name, part.name)] = text_of(value.get(part.name), part.meaning)
            else:
                found |= {api_name(field.name, part.name): None for part in field.parts}
                found[field.name] = text_of(value, field.meaning)
        return found

    def _at(self, place: str) -> Field:
        try:
            return self.fields[int(place)]
        except (ValueError, IndexError) as error:
            raise Unreadable("An event of Salesforce's names a field that its schema lacks.") from error


class Schemas:
    """Schemas by their ids, asked for once: an id is a digest of what is behind it."""

    def __init__(self) -> None:
        self._kept: dict[str, EventSchema] = {}

    def get(self, schema_id: str, ask: Callable[[str], str]) -> EventSchema:
        schema = self._kept.pop(schema_id, None) or EventSchema.from_json(ask(schema_id))
        self._kept[schema_id] = schema
        if len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return schema


def api_name(compound: str, part: str) -> str:
    """How the rest of Salesforce calls a part: FirstName, BillingCity, Place__Latitude__s."""
    if compound.endswith("Address"):
        return compound.removesuffix("Address") + part
    if compound.endswith("__c"):
        return f"{compound.removesuffix('__c')}__{part}__s"
    return part


def text_of(value: Any, meaning: str) -> str | None:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if not isinstance(value, (int, float)) or "TimeOnly" in meaning:
        return None
    if "DateOnly" in meaning:
        return (EPOCH + timedelta(milliseconds=value)).date().isoformat()
    if "DateTime" in meaning:
        return (EPOCH + timedelta(milliseconds=value)).isoformat(timespec="milliseconds")
    return repr(value)


def _parts(field: Field, bits: str) -> list[str]:
    parts = [field.parts[number] for number in _ones(bits) if number < len(field.parts)]
    return [field.name, *(api_name(field.name, part.name) for part in parts)]


def _whole(field: Field, *, detailed: bool) -> list[str]:
    """A compound field that was emptied as a whole is not told part by part."""
    every = () if detailed or not field.only_parts else field.parts
    return [field.name, *(api_name(field.name, part.name) for part in every)]


def _ones(bits: str) -> Iterator[int]:
    try:
        number = int(bits, 16)
    except ValueError as error:
        raise Unreadable("An event of Salesforce's holds a broken bitmap.") from error
    return (place for place in range(number.bit_length()) if number >> place & 1)


def _fields(record: Mapping[str, Any], named: Mapping[str, Mapping[str, Any]]) -> tuple[Field, ...]:
    return tuple(_field(item, named) for item in record["fields"])


def _field(item: Mapping[str, Any], named: Mapping[str, Mapping[str, Any]]) -> Field:
    declared = item["type"]
    kinds = [kind for kind in (declared if isinstance(declared, list) else [declared]) if kind != "null"]
    records = [r for kind in kinds if (r := _record(kind, named)) is not None]
    parts = _fields(records[0], named) if records else ()
    return Field(item["name"], str(item.get("doc") or ""), parts, len(records) == len(kinds))


def _record(kind: Any, named: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """A record that was described before is named only."""
    if isinstance(kind, str):
        return named.get(kind.rpartition(".")[2])
    return kind if isinstance(kind, Mapping) and kind.get("type") == "record" else None


def _named(content: Any) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    if isinstance(content, list):
        for item in content:
            found |= _named(item)
    elif isinstance(content, Mapping):
        if content.get("type") == "record":
            found[str(content.get("name", "")).rpartition(".")[2]] = content
            for item in content.get("fields") or []:
                found |= _named(item.get("type"))
        elif isinstance(content.get("type"), (list, dict)):
            found |= _named(content["type"])
    return found
