"""How soon a change in the CRM is a tab in an open page: the whole way, through every process."""

import http.client
import queue
import secrets
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings

from introw.benchmarks import session_of
from introw.group import PortalGroup, own_servers
from introw.ports import free_port
from introw.seeds.hubspot import FIRST_COMPANY
from workspaces.measuring import Figure, benchmark, percentile
from workspaces.models import User

KESTREL = FIRST_COMPANY + 1
TAB = "Price &amp; quotes"
PATIENCE = 10.0
IDLE = 0.4  # between two changes, so that each finds the portal at rest


# Every second change takes the company out of a segment: more than these, and the circuit breaker holds it.
@benchmark("live-tab", changes=30)
def live_tab(*, changes):
    """From saving a company in the stand-in HubSpot to the tab in the open page's tab bar."""
    with portal() as group:
        cookie = session_of(User.objects.get(email="chiara.rossi@kestrel-it.example"))
        news = listen(group.port, cookie)
        took = [one_change(group, cookie, news, gold=n % 2 == 0) for n in range(changes + 2)][2:]
    return [
        Figure("saved to tab, p50", percentile(took, 50), "ms"),
        Figure("saved to tab, p95", percentile(took, 95), "ms", bar=1000),
    ]


@contextmanager
def portal():
    """The demo's portal on the servers of the environment, with its worker, relay and stand-in."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-live-") as folder:
        keys = {"PORTAL_SECRET_KEY": settings.SECRET_KEY, "PORTAL_LOG_LEVEL": "ERROR"}
        keys |= {"PORTAL_DEMO": "1", "PORTAL_DEMO_SECRET": secrets.token_urlsafe(24)}
        group = PortalGroup(
            Path(folder), port=free_port(), settings=keys, servers=own_servers(Path(folder)), say=print
        )
        try:
            group.prepare()
            group.start_portal()
            yield group
        finally:
            group.stop()


def one_change(group, cookie, news, *, gold):
    while not news.empty():
        news.get_nowait()
    started = time.perf_counter()
    save(group, "gold" if gold else "silver")
    while (TAB in tab_bar(group.port, cookie)) != gold:
        news.get(timeout=PATIENCE)
    took = (time.perf_counter() - started) * 1000
    time.sleep(IDLE)
    return took


def save(group, tier):
    connection = http.client.HTTPConnection("127.0.0.1", group.hubspot_port)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", f"/companies/{KESTREL}", urlencode({"partner_tier": tier}), form)
    status = connection.getresponse().status
    connection.close()
    if status not in {200, 302, 303}:
        raise RuntimeError(f"The stand-in answered {status}.")


def tab_bar(port, cookie):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/northwind/tabs/?current=home&known=", headers=headers(port, cookie))
    page = connection.getresponse().read().decode()
    connection.close()
    return page


def listen(port, cookie):
    """A queue that gets an entry for every message of the open page's live stream."""
    news: queue.Queue = queue.Queue()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE * 6)
    connection.request("GET", "/northwind/events/", headers=headers(port, cookie))
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"The live stream answered {answer.status}.")

    def read():
        for line in answer:
            if line.startswith(b"event:"):
                news.put(line)

    threading.Thread(target=read, daemon=True).start()
    return news


def headers(port, cookie):
    return {"Host": f"localhost:{port}", "Cookie": cookie}
