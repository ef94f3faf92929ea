"""Outbound Messages: the record as it is now, sent until the portal acknowledges it."""

import itertools
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

import urllib3

from crm_sync.connectors.salesforce.ids import long_id
from crm_sync.standins.salesforce.records import Change, Organization

MOST_IN_ONE = 100
SENT = ("Account", "Contact", "Opportunity", "Lead")
ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    '<soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound">{}</notifications>'
    "</soapenv:Body></soapenv:Envelope>"
)


@dataclass(order=True)
class Due:
    at: float
    number: int
    object_name: str = field(compare=False)
    record_id: str = field(compare=False)
    notification_id: str = field(compare=False)
    attempt: int = field(compare=False, default=0)


@dataclass
class Delivery:
    """One request to the portal and what came back."""

    at: datetime
    records: list[str]
    status: int
    took_ms: int
    acknowledged: bool


@dataclass
class Knobs:
    """Trouble on demand."""

    duplicate: bool = False
    paused: bool = False
    lost: bool = False
    retry_seconds: float = 1.0


class Sender:
    """A thread of its own, so that a slow portal never slows the API."""

    def __init__(self, org: Organization, *, url: str):
        self.org, self.url, self.knobs = org, url, Knobs()
        self.deliveries: deque[Delivery] = deque(maxlen=200)
        self._due: list[Due] = []
        self._wake = threading.Condition()
        self._numbers = itertools.count(1)
        self._sending = self._stopped = False
        self._http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=2, read=10))
        org.listeners.append(self.changed)

    def start(self) -> None:
        threading.Thread(target=self._run, name="outbound messages", daemon=True).start()

    def stop(self) -> None:
        with self._wake:
            self._stopped = True
            self._wake.notify_all()

    def changed(self, changes: list[Change]) -> None:
        """Deletions have no message; neither has what nobody listens to."""
        told = [c for c in changes if c.object_name in SENT and c.happening != "DELETE"]
        if not self.url or self.knobs.lost or not told:
            return
        with self._wake:
            for change in told:
                number = next(self._numbers)
                notification = long_id(f"04l5f0000{number:06d}")
                self._due.append(Due(time.monotonic(), number, change.object_name, change.id, notification))
            self._wake.notify_all()

    def waiting(self) -> int:
        with self._wake:
            return len(self._due) + self._sending

    def _run(self) -> None:
        while not self._stopped:
            batch = self._next_batch()
            if batch:
                self._deliver(batch)

    def _next_batch(self) -> list[Due]:
        with self._wake:
            now = time.monotonic()
            ready = sorted(due for due in self._due if due.at <= now)
            if self.knobs.paused or not ready:
                following = min((due.at for due in self._due), default=now + 60)
                self._wake.wait(0.05 if self.knobs.paused else max(0.001, following - now))
                return []
            name = ready[0].object_name  # one message is about one kind of object
            batch = [due for due in ready if due.object_name == name][:MOST_IN_ONE]
            taken = {due.number for due in batch}
            self._due = [due for due in self._due if due.number not in taken]
            self._sending = True
        return batch

    def _deliver(self, batch: list[Due]) -> None:
        acknowledged = False
        for _ in range(2 if self.knobs.duplicate else 1):
            acknowledged = self._post(batch)
        with self._wake:
            if not acknowledged:
                for due in batch:
                    due.attempt += 1
                    due.at = time.monotonic() + self.knobs.retry_seconds * 2 ** min(due.attempt - 1, 6)
                self._due += batch
            self._sending = False

    def _post(self, batch: list[Due]) -> bool:
        body = envelope(self.org, [(due.object_name, due.record_id, due.notification_id) for due in batch])
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
        started = time.monotonic()
        try:
            answer = self._http.request("POST", self.url, body=body, headers=headers, redirect=False)
            status, acknowledged = answer.status, answer.status == 200 and b"<Ack>true</Ack>" in answer.data
        except urllib3.exceptions.HTTPError:
            status, acknowledged = 0, False
        took = round((time.monotonic() - started) * 1000)
        records = [due.record_id for due in batch]
        self.deliveries.appendleft(Delivery(datetime.now(UTC), records, status, took, acknowledged))
        return acknowledged


def envelope(org: Organization, told: Iterable[tuple[str, str, str]], *, organization: str = "") -> bytes:
    """(object, record, notification) each; a record that is gone by now comes empty, empty fields are left out."""
    short = org.id[:15]
    head = (
        f"<OrganizationId>{organization or org.id}</OrganizationId><ActionId>04k5f000000PORT1AA</ActionId>"
        '<SessionId xsi:nil="true"/>'
        f"<EnterpriseUrl>https://standin.my.salesforce.com/services/Soap/c/66.0/{short}</EnterpriseUrl>"
        f"<PartnerUrl>https://standin.my.salesforce.com/services/Soap/u/66.0/{short}</PartnerUrl>"
    )
    return ENVELOPE.format(head + "".join(_notification(org, *one) for one in told)).encode()


def _notification(org: Organization, name: str, record_id: str, notification_id: str) -> str:
    row = org.find(name, record_id)
    if row is None:
        return f"<Notification><Id>{notification_id}</Id></Notification>"
    fields = "".join(
        f"<sf:{f}>{escape(_text(value))}</sf:{f}>" for f, value in row.items() if value not in (None, "")
    )
    return (
        f'<Notification><Id>{notification_id}</Id><sObject xsi:type="sf:{name}" '
        f'xmlns:sf="urn:sobject.enterprise.soap.sforce.com">{fields}</sObject></Notification>'
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text.replace("+0000", "Z") if text.endswith("+0000") else text
