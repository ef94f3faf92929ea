"""What the account holds, and HubSpot's rules about changing it."""

import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crm_sync.standins.hubspot import definitions
from crm_sync.standins.hubspot.checks import Problem, Refused, problem

KINDS = ("companies", "contacts", "deals", "leads")
TYPES = dict.fromkeys(("companies", "company", "0-2"), "companies")
TYPES |= dict.fromkeys(("contacts", "contact", "0-1"), "contacts")
TYPES |= dict.fromkeys(("deals", "deal", "0-3"), "deals")
TYPES |= dict.fromkeys(("leads", "lead", "0-136"), "leads")
FLUSH_SECONDS = 0.3


@dataclass(frozen=True)
class Change:
    """Something that happened to a record; mostly, one property has another value now."""

    object_type: str
    object_id: str
    property: str
    value: str
    at: datetime
    by_app: bool
    happening: str = "propertyChange"
    more: Mapping[str, Any] = field(default_factory=dict)  # further parts of the event


@dataclass
class Record:
    id: str
    properties: dict[str, str]
    created_at: str
    updated_at: str
    archived_at: str = ""
    previous: tuple[dict[str, str], str] | None = None  # what a copy that lags behind still shows


@dataclass
class Rule:
    """What the account's own automation does when a property changes: a workflow that writes another value."""

    kind: str
    property: str
    value: str  # "{}" stands for the value that was written
    times: int = 1  # how often it does so
    by_app: bool = True  # under whose name the event goes out


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
        self.flusher: threading.Timer | None = None
        self.reset()
        if self.state_file and self.state_file.exists():
            self.load(json.loads(self.state_file.read_text()))

    def reset(self) -> None:
        self.properties = {
            kind: {item["name"]: deepcopy(item) for item in definitions.FRESH[kind]} for kind in KINDS
        }
        self.records: dict[str, dict[str, Record]] = {kind: {} for kind in KINDS}
        self.merged: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}  # former id → survivor
        # (from kind, to kind) → id → ids, the primary one first where there is one
        self.associations: dict[tuple[str, str], dict[str, dict[str, bool]]] = {}
        self.owners: list[dict[str, Any]] = deepcopy(definitions.OWNERS)
        self.pipelines: dict[str, list[dict[str, Any]]] = deepcopy(definitions.PIPELINES)
        # (kind, id, company) → the labels that people gave to the association
        self.labels: dict[tuple[str, str, str], list[str]] = {}
        self.rules: list[Rule] = []
        self.needs: list[dict[str, str]] = []  # {"property", "is", "needs"}: the admin's validation rules
        self.automating = False
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
                    self._load_record(TYPES[kind], item)
            for from_kind, from_id, to_kind, to_id, primary in seed.get("associations") or []:
                self.associate(TYPES[from_kind], str(from_id), TYPES[to_kind], str(to_id), primary=primary)
            for kind, pipelines in (seed.get("pipelines") or {}).items():
                self.pipelines[TYPES[kind]] = pipelines
            self.owners = seed.get("owners") or self.owners
            for kind, one, company, labels in seed.get("labels") or []:
                self.labels[TYPES[kind], str(one), str(company)] = labels
            for kind, aliases in (seed.get("merged") or {}).items():
                self.merged[TYPES[kind]] |= aliases
            self.save()

    def _load_record(self, kind: str, item: Mapping[str, Any]) -> None:
        record = self._place(kind, str(item["id"]), item.get("properties") or {})
        record.created_at = str(item.get("createdAt") or record.created_at)
        record.updated_at = str(item.get("updatedAt") or record.updated_at)
        record.archived_at = str(item.get("archivedAt") or "")

    def save(self) -> None:
        """Soon, on another thread: a storm of changes must not write the whole account each time."""
        if self.state_file and self.flusher is None:
            self.flusher = threading.Timer(FLUSH_SECONDS, self.flush)
            self.flusher.daemon = True
            self.flusher.start()

    def flush(self) -> None:
        with self.lock:
            self.flusher = None
            if not self.state_file:
                return
            content = json.dumps(self._kept())
        draft = self.state_file.with_suffix(".writing")
        draft.write_text(content)
        os.replace(draft, self.state_file)

    def _kept(self) -> dict[str, Any]:
        objects = {
            kind: [
                {"id": r.id, "properties": r.properties, "createdAt": r.created_at}
                | {"updatedAt": r.updated_at, "archivedAt": r.archived_at}
                for r in records.values()
            ]
            for kind, records in self.records.items()
        }
        listed = {kind: list(items.values()) for kind, items in self.properties.items()}
        pairs = [
            [kinds[0], one, kinds[1], other, primary]
            for kinds, by_id in self.associations.items()
            for one, others in by_id.items()
            for other, primary in others.items()
        ]
        kept = {"portalId": self.id, "properties": listed, "objects": objects, "merged": self.merged}
        labels = [[*ends, named] for ends, named in self.labels.items()]
        return kept | {
            "associations": pairs,
            "labels": labels,
            "pipelines": self.pipelines,
            "owners": self.owners,
        }

    def find(self, kind: str, object_id: str, *, archived: bool = False) -> Record | None:
        """By its id of today."""
        found = self.records[kind].get(object_id)
        return found if found and bool(found.archived_at) == archived else None

    def survivor(self, kind: str, object_id: str) -> Record | None:
        """By an id of any time."""
        while object_id in self.merged[kind]:
            object_id = self.merged[kind][object_id]
        return self.find(kind, object_id)

    def living(self, kind: str) -> list[Record]:
        return [record for record in self.records[kind].values() if not record.archived_at]

    def search(self, kind: str, words: str) -> list[Record]:
        words = words.casefold()
        with self.lock:
            found = [r for r in self.living(kind) if words in " ".join(r.properties.values()).casefold()]
        return sorted(found, key=lambda r: (title_of(r) or r.id).casefold())

    def create(self, kind: str, values: Mapping[str, str], *, by_app: bool) -> Record:
        with self.lock:
            self.check(kind, values)
            record = self._place(kind, self.new_id(kind), values)
            self.writes += by_app
            self.save()
            at = datetime.fromisoformat(record.updated_at)
            self.tell([Change(kind, record.id, "", "", at, by_app, "creation")])
            self.tell([Change(kind, record.id, n, v, at, by_app) for n, v in record.properties.items() if v])
            return record

    def change(self, kind: str, object_id: str, values: Mapping[str, str], *, by_app: bool) -> Record:
        """Changes what differs, and announces that and no more: as HubSpot does."""
        with self.lock:
            record = self.records[kind][object_id]
            self.check(kind, values, record)
            self.writes += by_app
            changed = {n: v for n, v in values.items() if (record.properties.get(n) or "") != v}
            if changed:
                at = self.tick()
                record.previous = (dict(record.properties), record.updated_at)
                record.properties |= changed
                record.updated_at = stamp(at)
                self.save()
                self.tell([Change(kind, object_id, n, v, at, by_app) for n, v in changed.items()])
                if by_app and not self.automating:
                    self._automate(kind, object_id, changed)
            return record

    def associate(
        self, kind: str, object_id: str, other_kind: str, other_id: str, *, primary: bool = False
    ) -> None:
        """Both ways at once, as HubSpot keeps it; a record has one primary company at most."""
        for one, ones_id, other, others_id in (
            (kind, object_id, other_kind, other_id),
            (other_kind, other_id, kind, object_id),
        ):
            of_one = self.associations.setdefault((one, other), {}).setdefault(ones_id, {})
            if primary and other == "companies":
                of_one.update(dict.fromkeys(of_one, False))
            of_one[others_id] = primary or of_one.get(others_id, False)

    def stages(self, kind: str) -> dict[str, dict[str, list[tuple[str, str]]]]:
        """The options that are kept elsewhere: field → pipeline (or "") → (value, label)."""
        of_kind = self.pipelines.get(kind) or []
        names = {"deals": ("pipeline", "dealstage"), "leads": ("hs_pipeline", "hs_pipeline_stage")}
        people = [(o["id"], f"{o['firstName']} {o['lastName']}") for o in self.owners if not o["archived"]]
        if kind not in names:
            return {"hubspot_owner_id": {"": people}} if kind == "companies" else {}
        pipeline, stage = names[kind]
        by_pipeline = {p["id"]: [(s["id"], s["label"]) for s in p["stages"]] for p in of_kind}
        return {
            pipeline: {"": [(p["id"], p["label"]) for p in of_kind]},
            stage: by_pipeline,
            "hubspot_owner_id": {"": people},
        }

    def options_of(self, kind: str, name: str) -> list[tuple[str, str]]:
        """Whatever may be chosen, listed with the property or kept elsewhere."""
        elsewhere = self.stages(kind).get(name)
        if elsewhere is not None:
            return [option for options in elsewhere.values() for option in options]
        return [(o["value"], o["label"]) for o in self.properties[kind][name]["options"]]

    def check(self, kind: str, values: Mapping[str, Any], record: Record | None = None) -> None:
        known = self.properties[kind]
        listed = {
            name: [value for value, _ in self.options_of(kind, name)] for name in values if name in known
        }
        problems = [
            p
            for name, value in values.items()
            if (p := problem(known.get(name), name, value, listed.get(name)))
        ]
        problems += self._missing(values, record)
        if problems:
            raise Refused(problems)

    def _missing(self, values: Mapping[str, Any], record: Record | None) -> list[Problem]:
        after = (record.properties if record else {}) | dict(values)
        return [
            Problem(
                rule["needs"],
                "REQUIRED_PROPERTY",
                f"{rule['needs']} is required when {rule['property']} is {rule['is']}",
            )
            for rule in self.needs
            if after.get(rule["property"]) == rule["is"] and not after.get(rule["needs"])
        ]

    def shown(
        self, kind: str, record: Record, names: Iterable[str], *, stale: bool = False
    ) -> dict[str, Any]:
        """The record as HubSpot answers: unknown names are silently dropped, empty ones are null."""
        held, updated_at = record.properties, record.updated_at
        if stale and record.previous:
            held, updated_at = record.previous
        system = {
            "hs_object_id": record.id,
            "createdate": record.created_at,
            definitions.MODIFIED[kind]: updated_at,
        }
        known = [name for name in names if name in self.properties[kind]]
        values = {name: held.get(name) or None for name in known} | system
        shown = {
            "id": record.id,
            "properties": values,
            "createdAt": record.created_at,
            "updatedAt": updated_at,
            "archived": bool(record.archived_at),
        }
        return shown | ({"archivedAt": record.archived_at} if record.archived_at else {})

    def tick(self) -> datetime:
        """Now, but later than every change before: two changes never carry one time."""
        now = datetime.now(UTC)
        self.latest = max(now, self.latest + timedelta(milliseconds=1))
        return self.latest

    def new_id(self, kind: str) -> str:
        used = [*self.records[kind], *self.merged[kind]]
        return str(max([512000000, *(int(i) for i in used if i.isdigit())]) + 1)

    def tell(self, changes: list[Change]) -> None:
        for listener in self.listeners:
            listener(changes)

    def _place(self, kind: str, object_id: str, values: Mapping[str, Any]) -> Record:
        at = stamp(self.tick())
        texts = {name: str(value) for name, value in values.items() if value is not None}
        record = Record(object_id, texts, at, at)
        self.records[kind][object_id] = record
        return record

    def _automate(self, kind: str, object_id: str, changed: Mapping[str, str]) -> None:
        """The account's own workflows, which answer what an app wrote."""
        self.automating, writes = True, self.writes
        for rule in self.rules:
            if rule.kind == kind and rule.property in changed and rule.times > 0:
                rule.times -= 1
                value = rule.value.replace("{}", changed[rule.property])
                self.change(kind, object_id, {rule.property: value}, by_app=rule.by_app)
        self.automating, self.writes = False, writes


def title_of(record: Record) -> str:
    """What people call it."""
    names = ("name", "dealname", "hs_lead_name", "email")
    return next((record.properties[name] for name in names if record.properties.get(name)), "")


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
