"""Change events as Salesforce writes them: Avro, with what changed as bits at the places of the schema."""

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from fastavro import parse_schema, schemaless_writer

HEADER = "ChangeEventHeader"
HAPPENINGS = ["CREATE", "UPDATE", "DELETE", "UNDELETE"]
HAPPENINGS += ["GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "GAP_OVERFLOW"]
LEFT_OUT = {"Id", "IsDeleted", "SystemModstamp", "MasterRecordId"}  # and what is calculated
NAME_PARTS = ("Salutation", "FirstName", "LastName")
NUMBERS = {"int": "int", "long": "long", "double": "double", "currency": "double", "percent": "double"}
MEANINGS = {"date": "Data:DateOnly", "datetime": "Data:DateTime", "boolean": "Data:Boolean"}


def _strings() -> dict[str, Any]:
    return {"type": "array", "items": "string"}


HEADER_FIELDS = [
    {"name": "entityName", "type": "string"},
    {"name": "recordIds", "type": _strings()},
    {"name": "changeType", "type": {"type": "enum", "name": "ChangeType", "symbols": HAPPENINGS}},
    {"name": "changeOrigin", "type": "string"},
    {"name": "transactionKey", "type": "string"},
    {"name": "sequenceNumber", "type": "int"},
    {"name": "commitTimestamp", "type": "long"},
    {"name": "commitNumber", "type": "long"},
    {"name": "commitUser", "type": "string"},
    {"name": "nulledFields", "type": _strings()},
    {"name": "diffFields", "type": _strings()},
    {"name": "changedFields", "type": _strings()},
]


@dataclass(frozen=True)
class EventForm:
    """How the events of one object look at the moment; another field makes another form."""

    object_name: str
    fields: Mapping[str, Mapping[str, Any]]  # as describe tells them

    @cached_property
    def compounds(self) -> dict[str, list[str]]:
        """Fields that stand in events as parts of another one."""
        found: dict[str, list[str]] = {}
        for name, item in self.fields.items():
            whole = item.get("compoundFieldName") or ("Name" if name in NAME_PARTS else None)
            if whole in self.fields:
                found.setdefault(str(whole), []).append(name)
        return found

    @cached_property
    def places(self) -> list[str]:
        parts = {name for names in self.compounds.values() for name in names}
        told = (n for n, item in self.fields.items() if n not in LEFT_OUT | parts and not item["calculated"])
        return [HEADER, *told]

    @cached_property
    def schema_json(self) -> str:
        header = {"name": HEADER, "type": {"type": "record", "name": HEADER, "fields": HEADER_FIELDS}}
        fields = [header, *(self._declared(name) for name in self.places[1:])]
        name = f"{self.object_name}ChangeEvent"
        return json.dumps(
            {"type": "record", "name": name, "namespace": "com.sforce.eventbus", "fields": fields}
        )

    @property
    def schema_id(self) -> str:
        return hashlib.sha256(self.schema_json.encode()).hexdigest()[:22]

    def payload(self, header: Mapping[str, Any], row: Mapping[str, Any], changed: Iterable[str]) -> bytes:
        """Every field is there; those that did not change are empty, whatever the record holds."""
        told = {name: row.get(name) for name in changed}
        content: dict[str, Any] = {HEADER: header}
        for name in self.places[1:]:
            if parts := self.compounds.get(name):
                values = {_short(name, part): self._value(part, told.get(part)) for part in parts}
                content[name] = values if any(part in told for part in parts) else None
            else:
                content[name] = self._value(name, told.get(name))
        stream = io.BytesIO()
        schemaless_writer(stream, parse_schema(json.loads(self.schema_json)), content)
        return stream.getvalue()

    def bitmaps(self, names: Iterable[str]) -> list[str]:
        whole = 0
        nested: dict[int, int] = {}
        for name in names:
            parent = next((w for w, parts in self.compounds.items() if name in parts), "")
            if parent in self.places:
                place, bit = self.places.index(parent), 1 << self.compounds[parent].index(name)
                nested[place] = nested.get(place, 0) | bit
            elif name in self.places:
                whole |= 1 << self.places.index(name)
        found = [f"0x{whole:X}"] if whole else []
        return found + [f"{place}-0x{bits:X}" for place, bits in sorted(nested.items())]

    def _declared(self, name: str) -> dict[str, Any]:
        if parts := self.compounds.get(name):
            fields = [self._declared(part) | {"name": _short(name, part)} for part in parts]
            kind: Any = {"type": "record", "name": f"{name}Parts", "fields": fields}
        else:
            kind = self._avro(name)
        meaning = MEANINGS.get(self.fields[name]["type"], "Data:Text")
        return {"name": name, "type": ["null", kind], "doc": meaning, "default": None}

    def _avro(self, name: str) -> str:
        kind = self.fields[name]["type"]
        if kind in ("date", "datetime"):
            return "long"
        return "boolean" if kind == "boolean" else NUMBERS.get(kind, "string")

    def _value(self, name: str, value: Any) -> Any:
        kind = self._avro(name)
        if value is None or kind == "boolean":
            return value
        if kind == "long" and isinstance(value, str):
            at = datetime.fromisoformat(value)
            return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
        return float(value) if kind == "double" else str(value) if kind == "string" else value


def _short(whole: str, part: str) -> str:
    """BillingCity is the City of the BillingAddress."""
    return part.removeprefix(whole.removesuffix("Address")) if whole.endswith("Address") else part
