"""What the account holds, and HubSpot's rules about changing it."""

import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from crm_sync.standins.hubspot import definitions

TYPES = dict.fromkeys(("companies", "company", "0-2"), "companies")
TYPES |= dict.fromkeys(("contacts", "contact", "0-1"), "contacts")
MODIFIED = {"companies": "hs_lastmodifieddate", "contacts": "lastmodifieddate"}


@dataclass(frozen=True)
class Change:
    """One property of one record that has another value now."""

    object_type: str
    object_id: str
    property: str
    value: str
    at: datetime
    by_app: bool
    happening: str = "propertyChange"


@dataclass
class Problem:
    name: str
    code: str
    message: str


class Refused(Exception):
    def __init__(self, problems: list[Problem]):
        super().__init__(problems[0].message)
        self.problems = problems


@dataclass
class Record:
    id: str
    properties: dict[str, str]
    created_at: str
    updated_at: str


@dataclass
class Portal:
    """The account: its properties, its records, and who wants to hear of changes."""

    id: int = 24680135
    state_file: Path | None = None
    listeners: list[Callable[[list[Change]], None]] = field(default_factory=list)
    writes: int = 0

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.latest = datetime(2026, 1, 1, tzinfo=UTC)
        self.reset()
        if self.state_file and self.state_file.exists():
            self.load(json.loads(self.state_file.read_text()))

    def reset(self) -> None:
        self.properties = {
            "companies": {item["name"]: deepcopy(item) for item in definitions.COMPANY},
            "contacts": {item["name"]: deepcopy(item) for item in definitions.CONTACT},
        }
        self.records: dict[str, dict[str, Record]] = {"companies": {}, "contacts": {}}
        self.writes = 0

    def load(self, seed: Mapping[str, Any]) -> None:
        """Adds properties and records; one that exists already is replaced. Nobody is told."""
        with self.lock:
            self.id = int(seed.get("portalId") or self.id)
            for kind, items in (seed.get("properties") or {}).items():
                for item in items:
                    whole = definitions.definition(item["name"], item.get("label") or item["name"])
                    self.properties[TYPES[kind]][item["name"]] = whole | item
            for kind, items in (seed.get("objects") or {}).items():
                for item in items:
                    self._place(TYPES[kind], str(item["id"]), item.get("properties") or {})
            self.save()

    def save(self) -> None:
        if not self.state_file:
            return
        listed = {kind: list(items.values()) for kind, items in self.properties.items()}
        objects = {
            kind: [{"id": r.id, "properties": r.properties} for r in records.values()]
            for kind, records in self.records.items()
        }
        draft = self.state_file.with_suffix(".writing")
        draft.write_text(json.dumps({"portalId": self.id, "properties": listed, "objects": objects}))
        os.replace(draft, self.state_file)

    def find(self, kind: str, object_id: str) -> Record | None:
        return self.records[kind].get(object_id)

    def search(self, kind: str, words: str) -> list[Record]:
        words = words.casefold()
        with self.lock:
            found = [
                r for r in self.records[kind].values() if words in " ".join(r.properties.values()).casefold()
            ]
        return sorted(found, key=lambda r: (r.properties.get("name") or r.id).casefold())

    def create(self, kind: str, values: Mapping[str, str], *, by_app: bool) -> Record:
        with self.lock:
            self.check(kind, values)
            object_id = str(max([512000000, *(int(i) for i in self.records[kind] if i.isdigit())]) + 1)
            record = self._place(kind, object_id, values)
            self.writes += by_app
            self.save()
            at = datetime.fromisoformat(record.updated_at)
            self._tell([Change(kind, object_id, "", "", at, by_app, "creation")])
            return record

    def change(self, kind: str, object_id: str, values: Mapping[str, str], *, by_app: bool) -> Record:
        """Changes what differs, and announces that and no more: as HubSpot does."""
        with self.lock:
            self.check(kind, values)
            record = self.records[kind][object_id]
            self.writes += by_app
            changed = {n: v for n, v in values.items() if (record.properties.get(n) or "") != v}
            if changed:
                at = self.tick()
                record.properties |= changed
                record.updated_at = stamp(at)
                self.save()
                self._tell([Change(kind, object_id, n, v, at, by_app) for n, v in changed.items()])
            return record

    def check(self, kind: str, values: Mapping[str, Any]) -> None:
        problems = [p for name, value in values.items() if (p := self._problem(kind, name, value))]
        if problems:
            raise Refused(problems)

    def shown(self, kind: str, record: Record, names: Iterable[str]) -> dict[str, Any]:
        """The record as HubSpot answers: unknown names are silently dropped, empty ones are null."""
        system = {
            "hs_object_id": record.id,
            "createdate": record.created_at,
            MODIFIED[kind]: record.updated_at,
        }
        known = [name for name in names if name in self.properties[kind]]
        values = {name: record.properties.get(name) or None for name in known} | system
        return {
            "id": record.id,
            "properties": values,
            "createdAt": record.created_at,
            "updatedAt": record.updated_at,
            "archived": False,
        }

    def tick(self) -> datetime:
        """Now, but later than every change before: two changes never carry one time."""
        now = datetime.now(UTC)
        self.latest = max(now, self.latest + timedelta(milliseconds=1))
        return self.latest

    def _place(self, kind: str, object_id: str, values: Mapping[str, Any]) -> Record:
        at = stamp(self.tick())
        texts = {name: str(value) for name, value in values.items() if value is not None}
        record = Record(object_id, texts, at, at)
        self.records[kind][object_id] = record
        return record

    def _problem(self, kind: str, name: str, value: Any) -> Problem | None:
        known = self.properties[kind].get(name)
        if known is None:
            return Problem(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
        if known["modificationMetadata"]["readOnlyValue"] or known["calculated"]:
            return Problem(
                name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.'
            )
        if not isinstance(value, str):
            return Problem(name, "INVALID_STRING", f"{name} must be a string")
        return misfit(known, value) if value else None

    def _tell(self, changes: list[Change]) -> None:
        for listener in self.listeners:
            listener(changes)


def misfit(known: Mapping[str, Any], value: str) -> Problem | None:
    name = known["name"]
    if known["type"] in ("enumeration", "bool"):
        allowed = [option["value"] for option in known["options"]]
        chosen = value.strip(";").split(";") if known["fieldType"] == "checkbox" else [value]
        for choice in chosen:
            if choice not in allowed:
                listed = ", ".join(allowed)
                text = f"{choice} was not one of the allowed options: [{listed}]"
                return Problem(name, "INVALID_OPTION", text)
    if known["type"] == "number" and not _is_number(value):
        return Problem(name, "INVALID_INTEGER", f"{value} was not a valid number.")
    if known["type"] == "date" and not _is_day(value):
        return Problem(name, "INVALID_DATE", f"{value} was not a valid date.")
    return None


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _is_number(value: str) -> bool:
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _is_day(value: str) -> bool:
    if value.lstrip("-").isdigit():
        return int(value) % 86_400_000 == 0
    try:
        return bool(date.fromisoformat(value))
    except ValueError:
        return False
