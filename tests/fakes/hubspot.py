"""The stand-in HubSpot, really served, for tests that speak to it through the real client."""

import threading
import time
from contextlib import contextmanager

import urllib3
import uvicorn

from crm_sync.standins.hubspot.app import StandIn

TOKEN = "pat-standin"
SECRET = "standin-secret"
APP_ID = "7711"
PORTAL_ID = "24680135"


class ServedHubSpot:
    """A stand-in and its address."""

    def __init__(self, standin, url):
        self.standin, self.url = standin, url
        self.portal, self.sender, self.calls = standin.portal, standin.sender, standin.calls
        self.http = urllib3.PoolManager(retries=False, timeout=10)

    def post(self, path, body):
        answer = self.http.request("POST", self.url + path, json=body)
        assert answer.status == 200, answer.data
        return answer.json()

    def seed(self, **objects):
        """companies={"512000111": {"name": "Acme"}}"""
        listed = {k: [{"id": i, "properties": p} for i, p in v.items()] for k, v in objects.items()}
        self.post("/standin/seed", {"objects": listed})

    def fail(self, count=1, **trouble):
        self.post("/standin/knobs", {"fail": {"count": count, **trouble}})

    def company(self, object_id):
        return self.portal.records["companies"][object_id].properties

    def edit(self, object_id, kind="companies", **values):
        """What a colleague of the vendor does on the CRM's own page."""
        self.portal.change(kind, object_id, values, by_app=False)

    def paths(self, method="POST"):
        return [call["path"].rsplit("/crm/v3/", 1)[-1] for call in self.calls if call["method"] == method]

    def sent(self):
        """The events of all deliveries, oldest first."""
        return [event for d in reversed(self.sender.deliveries) for event in d.events]

    def wait_until_sent(self, seconds=10):
        deadline = time.monotonic() + seconds
        while self.sender.waiting() and time.monotonic() < deadline:
            time.sleep(0.005)
        assert not self.sender.waiting()


@contextmanager
def served(portal_url="", **options):
    given = {"token": TOKEN, "secret": SECRET, "app_id": APP_ID} | options
    standin = StandIn(portal_url=portal_url, **given)
    server = uvicorn.Server(uvicorn.Config(standin.app, port=0, log_level="error", interface="asgi3"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield ServedHubSpot(standin, f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join(10)
