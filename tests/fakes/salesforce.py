"""The stand-in Salesforce, really served, for tests that speak to it through the real client."""

import threading
import time
from contextlib import contextmanager

import urllib3
import uvicorn

from crm_sync.standins.salesforce.app import StandIn
from crm_sync.standins.salesforce.records import ORGANIZATION

CLIENT_ID = "3MVG9standin"
CLIENT_SECRET = "standin-secret"
ORGANIZATION_ID = ORGANIZATION


class ServedSalesforce:
    """A stand-in and its address."""

    def __init__(self, standin, url):
        self.standin, self.url = standin, url
        self.org, self.sender, self.bus = standin.org, standin.sender, standin.bus
        self.http = urllib3.PoolManager(retries=False, timeout=10)

    @property
    def calls(self):
        return self.standin.calls

    @property
    def events(self):
        """Where its Pub/Sub API is."""
        return f"127.0.0.1:{self.standin.events_port}"

    def token(self):
        """An access token, as a sign-in would give one."""
        return self.standin.oauth.give_access()

    def place(self, name="Account", **values):
        """A record; its id."""
        return self.org.place(name, values)["Id"]

    def row(self, record_id, name="Account"):
        return self.org.records[name][record_id]

    def edit(self, record_id, name="Account", **values):
        """What a colleague of the vendor does in Salesforce itself."""
        self.org.change(name, record_id, values, by_app=False)

    def fail(self, count=1, **trouble):
        for name, value in ({"count": count} | trouble).items():
            setattr(self.standin.trouble, name, value)

    def writes(self):
        return [
            call
            for call in self.calls
            if call["method"] in ("PATCH", "POST") and "oauth2" not in call["path"]
        ]


@contextmanager
def served(portal_url=""):
    standin = StandIn(portal_url=portal_url, events_port=0)
    server = uvicorn.Server(uvicorn.Config(standin.app, port=0, log_level="error", interface="asgi3"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield ServedSalesforce(standin, f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join(10)
