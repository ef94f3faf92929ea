"""Sends webhooks as HubSpot does: one after the other on a few connections, again until they are acknowledged."""

import json
import queue
import threading
import time

import urllib3

from crm_sync.connectors.hubspot.signature import sign
from introw.seeds import hubspot
from tests.processes.linked_workspace import FIELDS, FIRST_COMPANY

CONNECTIONS = 4


def events(partners: int, value: str) -> list[dict]:
    """One event for each field of each company, company by company, so that there is work to the end."""
    now = int(time.time() * 1000)
    return [
        {
            "eventId": now + 10 * number + index,
            "subscriptionId": 4400,
            "portalId": int(hubspot.ACCOUNT),
            "appId": int(hubspot.APP),
            "occurredAt": now,
            "subscriptionType": "object.propertyChange",
            "attemptNumber": 0,
            "objectId": FIRST_COMPANY + number,
            "objectTypeId": "0-2",
            "changeSource": "CRM_UI",
            "propertyName": name,
            "propertyValue": value,
        }
        for number in range(partners)
        for index, name in enumerate(FIELDS)
    ]


class Sender:
    def __init__(self, url: str, waiting: list[dict]):
        self.url = url
        self.waiting: queue.SimpleQueue[dict] = queue.SimpleQueue()
        for event in waiting:
            self.waiting.put(event)
        self.acknowledged = 0
        self.refused = 0
        self._count = threading.Lock()
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(CONNECTIONS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wait_for(self, count: int, *, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.acknowledged < count:
            assert time.monotonic() < deadline, f"only {self.acknowledged} of {count} were acknowledged"
            time.sleep(0.01)

    def _send(self) -> None:
        http = urllib3.PoolManager(retries=False, timeout=10)
        while True:
            try:
                event = self.waiting.get_nowait()
            except queue.Empty:
                return
            while not self._acknowledged(http, event):
                with self._count:
                    self.refused += 1
                event = event | {"attemptNumber": event["attemptNumber"] + 1}
                time.sleep(0.2)
            with self._count:
                self.acknowledged += 1

    def _acknowledged(self, http: urllib3.PoolManager, event: dict) -> bool:
        body = json.dumps([event]).encode()
        timestamp = str(int(time.time() * 1000))
        signature = sign(secret=hubspot.SECRET, method="POST", uri=self.url, body=body, timestamp=timestamp)
        headers = {
            "Content-Type": "application/json",
            "X-HubSpot-Request-Timestamp": timestamp,
            "X-HubSpot-Signature-v3": signature,
        }
        try:
            return 200 <= http.request("POST", self.url, body=body, headers=headers).status < 300
        except urllib3.exceptions.HTTPError:
            return False
