"""What the organisation holds, and Salesforce's rules about changing it."""

import json
import os
import threading
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crm_sync.connectors.salesforce.ids import long_id
from crm_sync.standins.salesforce import definitions
from crm_sync.standins.salesforce.checks import Refused, problem, refusal

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FLUSH_SECONDS = 0.3
ORGANIZATION = long_id("00D5f000000TEST")
INTEGRATION_USER = "0055f000000INTGAAA"


@dataclass(frozen=True)
class Change:
    """A record that is new, changed, deleted or back."""

    object_name: str
    id: str
    happening: str  # CREATE, UPDATE, DELETE, UNDELETE
    fields: tuple[str, ...]
    at: datetime
    by_app: bool


@dataclass
class Rule:
    """What the organisation's own automation does when an app changes a field."""

    object_name: str
    field: str
    value: str  # "{}" stands for the value that was written
    times: int = 1


@dataclass
class Organization:
    """The organisation: its objects, their fields and records, and who wants to hear of changes."""

    id: str = ORGANIZATION
    state_file: Path | None = None
    listeners: list[Callable[[list[Change]], None]] = field(default_factory=list)
    hook: str = ""  # where in the portal its messages go, as an admin would have typed it

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.latest = datetime(2026, 1, 1, tzinfo=UTC)
        self.flusher: threading.Timer | None = None
        self.reset()
        if self.state_file and self.state_file.exists():
            self.load(json.loads(self.state_file.read_text()))

    def reset(self) -> None:
        self.fields = {
            name: {item["name"]: deepcopy(item) for item in items}
            for name, items in definitions.FRESH.items()
        }
        self.records: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in definitions.FRESH}
        self.hidden: set[tuple[str, str]] = (
            set()
        )  # (object, field) that field-level security hides from the app
        self.locked: set[str] = set()  # ids that somebody else is saving at the moment
        self.rules: list[Rule] = []
        self.automating = False
        self.writes = 0
        place = {"Id": self.id, "Name": "Northwind Cloud", "TimeZoneSidKey": "Europe/Brussels"}
        self.place("Organization", place)
        for user in definitions.USERS:
            self.place("User", user)
        for number, (stage, closed, won) in enumerate(definitions.STAGES):
            named = {"Id": f"01J5f00000STG{number:02d}", "ApiName": stage}
            self.place("OpportunityStage", named | {"IsClosed": closed, "IsWon": won})
        for number, (status, converted) in enumerate(definitions.STATUSES):
            named = {"Id": f"01J5f00000STA{number:02d}", "ApiName": status}
            self.place("LeadStatus", named | {"IsConverted": converted})

    def load(self, seed: Mapping[str, Any]) -> None:
        """Adds fields and records; one that exists already is replaced. Nobody is told."""
        with self.lock:
            self.hook = str(seed.get("hook") or self.hook)
            for name, items in (seed.get("fields") or {}).items():
                for item in items:
                    whole = definitions.field(item["name"], item.get("label") or item["name"])
                    self.fields[name][item["name"]] = whole | item
            for name, items in (seed.get("objects") or {}).items():
                for item in items:
                    self.place(name, item)
            self.save()

    def place(self, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        at = stamp(self.tick())
        given = dict(values) | {"Id": long_id(str(values.get("Id") or self.new_id(name)))}
        empty = {f: False if item["type"] == "boolean" else None for f, item in self.fields[name].items()}
        times = {"CreatedDate": at, "LastModifiedDate": at, "SystemModstamp": at}
        owner = {"OwnerId": definitions.USERS[0]["Id"]} if "OwnerId" in self.fields[name] else {}
        row = {**empty, **times, **owner, **given}
        self.records[name][row["Id"]] = _named(name, row)
        return row

    def save(self) -> None:
        """Soon, on another thread: a storm of changes must not write everything each time."""
        if self.state_file and self.flusher is None:
            self.flusher = threading.Timer(FLUSH_SECONDS, self.flush)
            self.flusher.daemon = True
            self.flusher.start()

    def flush(self) -> None:
        with self.lock:
            self.flusher = None
            if not self.state_file:
                return
            objects = {name: list(rows.values()) for name, rows in self.records.items()}
            fields = {name: list(items.values()) for name, items in self.fields.items()}
            content = json.dumps({"objects": objects, "fields": fields, "hook": self.hook})
        draft = self.state_file.with_suffix(".writing")
        draft.write_text(content)
        os.replace(draft, self.state_file)

    def find(self, name: str, record_id: str) -> dict[str, Any] | None:
        row = self.records[name].get(long_id(record_id))
        return None if row is None or row.get("IsDeleted") else row

    def visible(self, name: str) -> dict[str, dict[str, Any]]:
        """The fields that the app may see."""
        return {f: item for f, item in self.fields[name].items() if (name, f) not in self.hidden}

    def create(self, name: str, values: Mapping[str, Any], *, by_app: bool) -> dict[str, Any]:
        with self.lock:
            self._check(name, values, making=True)
            row = self.place(name, values)
            self.writes += by_app
            self.save()
            self._tell(name, row, "CREATE", tuple(values), by_app)
            return row

    def change(self, name: str, record_id: str, values: Mapping[str, Any], *, by_app: bool) -> dict[str, Any]:
        with self.lock:
            row = self.records[name].get(long_id(record_id))
            if row is None:
                raise Refused([refusal("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")])
            if row.get("IsDeleted"):
                raise Refused([refusal("ENTITY_IS_DELETED", "entity is deleted")])
            if by_app and row["Id"] in self.locked:
                text = "unable to obtain exclusive access to this record"
                raise Refused([refusal("UNABLE_TO_LOCK_ROW", text)])
            self._check(name, values, making=False, by_app=by_app)
            self.writes += by_app
            self._save_values(name, row, values, by_app)
            return row

    def delete(self, name: str, record_id: str, *, master: str = "", by_app: bool = False) -> None:
        with self.lock:
            row = self.find(name, record_id)
            if row is None:
                return
            row["IsDeleted"] = True
            row["SystemModstamp"] = stamp(self.tick())
            if master:
                row["MasterRecordId"] = long_id(master)
            self.save()
            self._tell(name, row, "DELETE", (), by_app)

    def undelete(self, name: str, record_id: str) -> None:
        with self.lock:
            row = self.records[name].get(long_id(record_id))
            if row is None or not row.get("IsDeleted"):
                return
            row["IsDeleted"], row["MasterRecordId"] = False, None
            row["SystemModstamp"] = stamp(self.tick())
            self.save()
            self._tell(name, row, "UNDELETE", (), False)

    def merge(self, name: str, master: str, losers: list[str]) -> None:
        """The losers are deleted and name the master, who keeps what is their own."""
        with self.lock:
            winner = self.records[name][long_id(master)]
            for loser in losers:
                for other in ("Contact", "Opportunity"):
                    for row in self.records[other].values():
                        if name == "Account" and row.get("AccountId") == long_id(loser):
                            row["AccountId"], row["SystemModstamp"] = winner["Id"], stamp(self.tick())
                self.delete(name, loser, master=winner["Id"])
            winner["SystemModstamp"] = stamp(self.tick())
            self._tell(name, winner, "UPDATE", (), False)

    def by_key(self, name: str, key: str, value: Any) -> dict[str, Any] | None:
        rows = self.records[name].values()
        return next((r for r in rows if not r.get("IsDeleted") and r.get(key) == value), None)

    def tick(self) -> datetime:
        now = datetime.now(UTC)
        self.latest = max(now, self.latest + timedelta(milliseconds=1))
        return self.latest

    def new_id(self, name: str) -> str:
        number, text = len(self.records[name]) + 1, ""
        while True:
            text, rest = "", number
            for _ in range(6):
                rest, digit = divmod(rest, 36)
                text = ALPHABET[digit] + text
            found = long_id(f"{definitions.PREFIXES[name]}5f0000{text}")
            if found not in self.records[name]:
                return found
            number += 1

    def _save_values(self, name: str, row: dict[str, Any], values: Mapping[str, Any], by_app: bool) -> None:
        kept = {f: _kept(self.fields[name][f], value) for f, value in values.items()}
        changed = tuple(f for f, value in kept.items() if row.get(f) != value)
        if not changed:  # Salesforce saves all the same, and stamps the record
            row["SystemModstamp"] = row["LastModifiedDate"] = stamp(self.tick())
            return
        row.update(kept)
        row["SystemModstamp"] = row["LastModifiedDate"] = stamp(self.tick())
        _named(name, row)
        self.save()
        self._tell(name, row, "UPDATE", changed, by_app)
        if by_app and not self.automating:
            self._automate(name, row["Id"], {f: kept[f] for f in changed})

    def _automate(self, name: str, record_id: str, changed: Mapping[str, Any]) -> None:
        self.automating, writes = True, self.writes
        for rule in self.rules:
            if rule.object_name == name and rule.field in changed and rule.times > 0:
                rule.times -= 1
                value = rule.value.replace("{}", str(changed[rule.field]))
                self.change(name, record_id, {rule.field: value}, by_app=True)
        self.automating, self.writes = False, writes

    def _check(self, name: str, values: Mapping[str, Any], *, making: bool, by_app: bool = True) -> None:
        known = self.visible(name) if by_app else self.fields[name]
        errors = [e for f, v in values.items() if (e := problem(known.get(f), f, v, making=making))]
        if making:
            missing = [
                f
                for f, item in self.fields[name].items()
                if item["createable"] and not item["nillable"] and not item["defaultedOnCreate"]
                if values.get(f) in (None, "")
            ]
            if missing:
                text = f"Required fields are missing: [{', '.join(missing)}]"
                errors.append(refusal("REQUIRED_FIELD_MISSING", text, *missing))
        if errors:
            raise Refused(errors[:1])  # Salesforce stops at the first

    def _tell(self, name: str, row: Mapping[str, Any], happening: str, fields: tuple, by_app: bool) -> None:
        change = Change(name, row["Id"], happening, fields, self.latest, by_app)
        for listener in self.listeners:
            listener([change])


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"


def _kept(known: Mapping[str, Any], value: Any) -> Any:
    """As Salesforce stores it: trimmed, emptied to null, rounded."""
    if isinstance(value, str):
        return value.strip() or None
    if known["type"] in ("currency", "percent", "double") and value is not None:
        return round(value, known["scale"] or 2)
    return value


def _named(name: str, row: dict[str, Any]) -> dict[str, Any]:
    if name in ("Contact", "Lead"):
        row["Name"] = " ".join(filter(None, [row.get("FirstName"), row.get("LastName")]))
    return row
