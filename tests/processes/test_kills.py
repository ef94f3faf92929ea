"""Whatever is killed in the middle of many webhooks: what was acknowledged has its effect, once, within a minute.

Four webhooks come for each partner; KILLS_PARTNERS=500 makes them 2,000.
"""

import os
import signal
import time

import pytest
import redis

from tests.processes.linked_workspace import FIELDS, companies
from tests.processes.webhooks import Sender, events
from tests.running import start_portal, stop_portal

pytestmark = pytest.mark.processes
PARTNERS = int(os.environ.get("KILLS_PARTNERS", "200"))
WEBHOOKS = PARTNERS * len(FIELDS)
WITHIN = 60.0


@pytest.fixture(scope="module")
def portal():
    portal = start_portal(demo_data=False)
    portal.python(f"from tests.processes.linked_workspace import plant; plant({PARTNERS})")
    yield portal
    stop_portal(portal)


def kill(name):
    def act(portal):
        os.kill(portal.pid(name), signal.SIGKILL)

    act.__name__ = name
    return act


def one_of_the_pool(portal):
    """The process that works, not the one that hands out the work."""
    pid = portal.pid("worker")
    listing = os.popen(f"ps -o pid= --ppid {pid}").read().split()
    os.kill(int(listing[0]), signal.SIGKILL)


def everything_in_valkey_forgotten(portal):
    redis.from_url(portal.group.environment["REDIS_URL"]).flushall()


@pytest.mark.parametrize(
    "disaster",
    [
        kill("worker"),
        one_of_the_pool,
        kill("relay"),
        kill("valkey"),
        everything_in_valkey_forgotten,
        kill("web"),
    ],
    ids=lambda disaster: disaster.__name__,
)
def test_every_acknowledged_event_has_its_effect_exactly_once(portal, disaster):
    value = f"after {disaster.__name__}"
    ((since,),) = portal.rows("SELECT clock_timestamp()")
    portal.hubspot("seed", companies(PARTNERS, value))
    sender = Sender(f"{portal.url}/hooks/hubspot/", events(PARTNERS, value))

    sender.start()
    wait_for_work_to_begin(portal, since)
    disaster(portal)
    sender.wait_for(WEBHOOKS, seconds=120)

    assert waiting_after(portal, since, seconds=WITHIN) == 0
    assert outcomes(portal, since) == [("done", WEBHOOKS)]
    assert values(portal) == [(value, PARTNERS)] * len(FIELDS)
    assert changes(portal, since) == [(1, WEBHOOKS)]


def wait_for_work_to_begin(portal, since):
    deadline = time.monotonic() + 60
    while dict(outcomes(portal, since)).get("done", 0) < WEBHOOKS // 10:
        assert time.monotonic() < deadline, "the worker does nothing"
        time.sleep(0.05)
    assert dict(outcomes(portal, since))["done"] < WEBHOOKS


def waiting_after(portal, since, *, seconds):
    """How many events still wait when the time is up, or none as soon as that is so."""
    deadline = time.monotonic() + seconds
    question = "SELECT count(*) FROM crm_sync_inboxevent WHERE received_at >= %s AND state = 'pending'"
    while True:
        ((count,),) = portal.rows(question, since)
        if count == 0 or time.monotonic() > deadline:
            return count
        time.sleep(0.2)


def outcomes(portal, since):
    return portal.rows(
        "SELECT state, count(*) FROM crm_sync_inboxevent WHERE received_at >= %s GROUP BY state", since
    )


def values(portal):
    """(value, how many partners have it) for each of the fields."""
    return portal.rows(
        "SELECT raw ->> prop.number::text, count(*) FROM workspaces_partner, workspaces_property prop"
        " WHERE prop.key = ANY(%s) GROUP BY prop.number, 1",
        list(FIELDS),
    )


def changes(portal, since):
    """(how often, how many values were changed that often)."""
    return portal.rows(
        "SELECT times, count(*) FROM (SELECT count(*) AS times FROM workspaces_propertychange"
        " WHERE at >= %s GROUP BY record_id, prop_id) AS changed GROUP BY times",
        since,
    )
