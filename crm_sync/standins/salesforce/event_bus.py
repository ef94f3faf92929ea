"""The stand-in's event bus: what happened, kept for a while under places that nobody can compute."""

import hashlib
import threading
import uuid
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from crm_sync.standins.salesforce.definitions import USERS
from crm_sync.standins.salesforce.event_avro import LEFT_OUT, EventForm
from crm_sync.standins.salesforce.records import INTEGRATION_USER, Change, Organization

KEPT = 20_000
EVERYTHING = "/data/ChangeEvents"
APP = "com/salesforce/api/rest/66.0;client=partner-portal"
PERSON = "com/salesforce/api/soap/66.0;client=SfdcInternalAPI/"


@dataclass(frozen=True)
class Stored:
    number: int
    place: bytes
    object_name: str
    happening: str
    record_ids: tuple[str, ...]
    at: datetime
    id: str
    schema_id: str
    payload: bytes


@dataclass
class Knobs:
    """Trouble on demand."""

    # That are selected for capture.
    objects: tuple[str, ...] = ("Account", "Contact", "Opportunity", "Lead", "OpportunityContactRole")
    channels: tuple[str, ...] = ()  # custom ones, beside Salesforce's own
    lost: bool = False  # nothing that happens becomes an event
    duplicate: bool = False  # every event is sent twice
    withheld: bool = False  # signs of life alone
    keepalive: float = 270.0  # seconds without an event
    together: int = 100  # events in one answer
    break_after: int = 0  # answers, then the line breaks; 0: it holds
    end_when_idle: bool = False  # a sign of life when all is told, then the line ends well
    refuse: str = ""  # a code of Salesforce's, instead of a line


@dataclass
class Bus:
    """Hears what happens in the organisation (`changed`); the gRPC server reads from it."""

    org: Organization
    knobs: Knobs = field(default_factory=Knobs)

    def __post_init__(self) -> None:
        self.moved = threading.Condition()
        self.reset()

    def reset(self) -> None:
        with self.moved:
            self.stored: deque[Stored] = deque(maxlen=KEPT)
            self.forms: dict[str, EventForm] = {}
            self.number = 0
            self.known_from = 0  # places before this one are no longer known
            self.lines: list[dict[str, Any]] = []  # who began to listen, and how
            self.schemas_asked = 0
            self.knobs = Knobs()
            self.moved.notify_all()

    def changed(self, changes: list[Change]) -> None:
        for change in changes:
            if change.object_name in self.knobs.objects and not self.knobs.lost:
                origin = APP if change.by_app else PERSON
                self.publish(change.object_name, [change.id], change.happening, change.fields, origin=origin)

    def publish(
        self,
        name: str,
        ids: Sequence[str],
        happening: str,
        fields: Iterable[str] = (),
        *,
        origin: str = PERSON,
        at: datetime | None = None,
    ) -> None:
        """One event; fields of an update are those that changed, to what the first of the records holds now."""
        form = self._form(name)
        row = self.org.records[name].get(ids[0], {}) if ids else {}
        if happening in ("CREATE", "UNDELETE"):
            told = [f for f, value in row.items() if value not in (None, "") and f in form.fields]
        else:
            told = [*fields, "LastModifiedDate"] if happening == "UPDATE" else []
        changed = [f for f in told if f not in LEFT_OUT]
        header = self._header(name, ids, happening, origin, at or self.org.latest)
        if happening == "UPDATE":
            header["changedFields"] = form.bitmaps(changed)
            header["nulledFields"] = form.bitmaps(f for f in changed if row.get(f) in (None, ""))
        self._keep(header, form, form.payload(header, row, changed))

    def after(self, number: int, objects: Sequence[str], most: int) -> list[Stored]:
        if self.knobs.withheld:
            return []
        with self.moved:
            return [e for e in self.stored if e.number > number and e.object_name in objects][:most]

    def objects_of(self, channel: str) -> tuple[str, ...] | None:
        """None: there is no such channel."""
        if channel == EVERYTHING or channel in self.knobs.channels:
            return self.knobs.objects
        name = channel.removeprefix("/data/").removesuffix("ChangeEvent")
        known = channel == f"/data/{name}ChangeEvent" and name in self.knobs.objects
        return (name,) if known else None

    def place_of(self, number: int) -> bytes:
        """Opaque, and never in a row."""
        digest = hashlib.sha256(f"{self.org.id}|{number}".encode()).digest()
        return number.to_bytes(4, "big") + digest[:6]

    def number_at(self, place: bytes) -> int | None:
        number = int.from_bytes(place[:4], "big")
        known = place == self.place_of(number) and self.known_from <= number <= self.number
        return number if known else None

    def forget_places(self) -> None:
        """As if three days had passed, or the organisation had moved: what happened since is still there."""
        with self.moved:
            self.known_from = self.number + 1
            self.number += 1

    def wake(self) -> None:
        with self.moved:
            self.moved.notify_all()

    def _keep(self, header: dict[str, Any], form: EventForm, payload: bytes) -> None:
        told = (form.object_name, header["changeType"], tuple(header["recordIds"]), datetime.now(UTC))
        event_id = str(uuid.uuid4())
        with self.moved:
            for _ in range(2 if self.knobs.duplicate else 1):
                self.number += 1
                place = self.place_of(self.number)
                self.stored.append(Stored(self.number, place, *told, event_id, form.schema_id, payload))
            self.moved.notify_all()

    def _form(self, name: str) -> EventForm:
        form = EventForm(name, {f: dict(item) for f, item in self.org.fields[name].items()})
        return self.forms.setdefault(form.schema_id, form)

    def _header(
        self, name: str, ids: Sequence[str], happening: str, origin: str, at: datetime
    ) -> dict[str, Any]:
        return {
            "entityName": name,
            "recordIds": list(ids),
            "changeType": happening,
            "changeOrigin": origin,
            "transactionKey": str(uuid.uuid4()),
            "sequenceNumber": 1,
            "commitTimestamp": round(at.astimezone(UTC).timestamp() * 1000),
            "commitNumber": self.number,
            "commitUser": INTEGRATION_USER if origin == APP else USERS[0]["Id"],
            "nulledFields": [],
            "diffFields": [],
            "changedFields": [],
        }
