"""Sends what changed to the portal: signed, in batches, again when the portal did not say 2xx."""

import itertools
import json
import random
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import urllib3

from crm_sync.connectors.hubspot.signature import sign
from crm_sync.standins.hubspot.lives import TYPE_IDS
from crm_sync.standins.hubspot.records import Change, Portal

MOST_IN_ONE = 100
MOST_ATTEMPTS = 11  # the first one and ten retries
KEPT = 200


@dataclass(order=True)
class Due:
    at: float
    number: int
    event: dict[str, Any] = field(compare=False)


@dataclass
class Delivery:
    """One request to the portal and what came back."""

    at: datetime
    events: list[dict[str, Any]]
    status: int
    took_ms: int
    note: str = ""


@dataclass
class Knobs:
    """Trouble on demand."""

    duplicate: bool = False
    shuffle: bool = False
    paused: bool = False
    lost: bool = False  # never sent, as after ten failed attempts
    subscribed: list[str] | None = None  # the properties that are told of; None: all
    retry_seconds: float = 1.0
    gather_seconds: float = 0.02


class Sender:
    """A thread of its own, so that a slow portal never slows the account's API."""

    def __init__(self, portal: Portal, *, url: str, secret: str, app_id: str):
        self.portal, self.url, self.secret, self.app_id = portal, url, secret, app_id
        self.knobs = Knobs()
        self.deliveries: deque[Delivery] = deque(maxlen=KEPT)
        self._due: list[Due] = []
        self._wake = threading.Condition()
        self._numbers = itertools.count(int(time.time()) * 1000)
        self._sending = False
        self._stopped = False
        self._http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=2, read=5))
        portal.listeners.append(self.changed)

    def start(self) -> None:
        threading.Thread(target=self._run, name="webhooks", daemon=True).start()

    def stop(self) -> None:
        with self._wake:
            self._stopped = True
            self._wake.notify_all()

    def changed(self, changes: list[Change]) -> None:
        """Only with somebody to tell, and only what the app subscribed to."""
        told = [change for change in changes if self._is_subscribed(change)]
        if self.url and told and not self.knobs.lost:
            self.put([self._event(change) for change in told])

    def _is_subscribed(self, change: Change) -> bool:
        asked = self.knobs.subscribed
        return asked is None or not change.property or change.property in asked

    def put(self, events: list[dict[str, Any]], delay: float = 0) -> None:
        with self._wake:
            now = time.monotonic()
            self._due += [Due(now + delay, next(self._numbers), event) for event in events]
            self._wake.notify_all()

    def waiting(self) -> int:
        with self._wake:
            return len(self._due) + self._sending

    def _event(self, change: Change) -> dict[str, Any]:
        number = next(self._numbers)
        event: dict[str, Any] = {
            "eventId": number % 10**9,
            "subscriptionId": 4400 + len(change.property),
            "portalId": self.portal.id,
            "appId": int(self.app_id),
            "occurredAt": int(change.at.timestamp() * 1000),
            "subscriptionType": f"object.{change.happening}",
            "attemptNumber": 0,
            "objectTypeId": TYPE_IDS[change.object_type],
            "changeSource": "INTEGRATION" if change.by_app else "CRM_UI",
            "sourceId": self.app_id if change.by_app else "userId:9586504",
        }
        if change.happening == "associationChange":
            del event["objectTypeId"]  # it has two ends, and no object of its own
        else:
            event["objectId"] = int(change.object_id)
        if change.happening == "privacyDeletion":
            event["subscriptionType"] = "contact.privacyDeletion"
        if change.property:
            known = self.portal.properties[change.object_type][change.property]
            sensitive = known["dataSensitivity"] != "non_sensitive"
            value = "REDACTED" if sensitive else pushed(known["type"], change.value)
            event |= {"propertyName": change.property, "propertyValue": value}
            event |= {"isSensitive": True} if sensitive else {}
        return event | dict(change.more)

    def _run(self) -> None:
        while not self._stopped:
            batch = self._next_batch()
            if batch:
                self._deliver(batch)

    def _next_batch(self) -> list[dict[str, Any]]:
        with self._wake:
            now = time.monotonic()
            ready = sorted(due for due in self._due if due.at <= now)
            if self.knobs.paused or not ready:
                following = min((due.at for due in self._due), default=now + 60)
                self._wake.wait(0.05 if self.knobs.paused else max(0.001, following - now))
                return []
        time.sleep(self.knobs.gather_seconds)  # what one person saves at once arrives together
        with self._wake:
            ready = sorted(due for due in self._due if due.at <= time.monotonic())[:MOST_IN_ONE]
            taken = {due.number for due in ready}
            self._due = [due for due in self._due if due.number not in taken]
            self._sending = True
        events = [due.event for due in ready]
        if self.knobs.shuffle:
            random.shuffle(events)
        return events

    def _deliver(self, events: list[dict[str, Any]]) -> None:
        for _ in range(2 if self.knobs.duplicate else 1):
            status = self._post(events)
        if not 200 <= status < 300:
            again = [event | {"attemptNumber": event["attemptNumber"] + 1} for event in events]
            again = [event for event in again if event["attemptNumber"] < MOST_ATTEMPTS]
            attempt = max((event["attemptNumber"] for event in again), default=0)
            self.put(again, self.knobs.retry_seconds * 2 ** min(attempt - 1, 6))
        with self._wake:
            self._sending = False

    def _post(self, events: list[dict[str, Any]]) -> int:
        body = json.dumps(events, separators=(",", ":")).encode()
        timestamp = str(int(time.time() * 1000))
        signature = sign(secret=self.secret, method="POST", uri=self.url, body=body, timestamp=timestamp)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "HubSpot Connect 2.0 (stand-in)",
            "X-HubSpot-Request-Timestamp": timestamp,
            "X-HubSpot-Signature-v3": signature,
        }
        started, note = time.monotonic(), ""
        try:
            answer = self._http.request("POST", self.url, body=body, headers=headers, redirect=False)
            status = answer.status
        except urllib3.exceptions.HTTPError as error:
            status, note = 0, type(error).__name__
        took = round((time.monotonic() - started) * 1000)
        self.deliveries.appendleft(Delivery(datetime.now(UTC), events, status, took, note))
        return status


def pushed(type_: str, value: str) -> str:
    """Days are pushed as milliseconds, though they are read as YYYY-MM-DD."""
    if type_ != "date" or not value or value.lstrip("-").isdigit():
        return value
    days = date.fromisoformat(value) - date(1970, 1, 1)
    return str(days // timedelta(milliseconds=1))
