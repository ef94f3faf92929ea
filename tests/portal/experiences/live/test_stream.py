"""Over real HTTP, with real commits: who is told what, and when a stream ends."""

import datetime as dt
import time

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from portal.experiences import live
from tests.portal.experiences.conftest import draft_of, publish, tab, text
from workspaces.actors import SYSTEM
from workspaces.models import Contact
from workspaces.properties import set_properties

pytestmark = pytest.mark.django_db(transaction=True)


def change_tier(workspace, partner, tier, inside):
    with inside(workspace):
        set_properties(partner, {"tier": tier}, by=SYSTEM)


def test_a_page_is_told_once_when_it_connects(pat, stream):
    page = stream(pat)
    assert page.status == 200
    assert page.response.headers["Content-Type"].startswith("text/event-stream")
    assert page.response.headers["X-Accel-Buffering"] == "no"
    assert page.response.headers["Cache-Control"] == "private, no-store"
    page.settle()
    assert page.message(seconds=0.5) is None


def test_the_partner_of_a_changed_membership_is_told_within_a_second(
    acme, gold, kestrel, sam, pat, eve, stream, inside
):
    told = stream(sam).settle()
    colleague_of_another, stranger = stream(pat).settle(), stream(eve, path="/globex/events/").settle()

    started = time.monotonic()
    change_tier(acme, kestrel, "gold", inside)
    assert told.message() == "tabs"
    assert time.monotonic() - started < 1

    assert colleague_of_another.message(seconds=0.5) is None
    assert stranger.message(seconds=0.1) is None


def test_a_changed_contact_is_told_and_its_colleagues_are_not(acme, brightpath, admins, pat, stream, inside):
    from tests.conftest import make_contact

    colleague = make_contact(acme, "cleo", brightpath, role="sales_rep")
    told, other = stream(colleague).settle(), stream(pat).settle()

    with inside(acme):
        set_properties(colleague, {"role": "admin"}, by=SYSTEM)

    assert told.message() == "tabs"
    assert other.message(seconds=0.5) is None


def test_a_change_that_is_rolled_back_tells_nobody(acme, gold, kestrel, sam, stream, inside):
    page = stream(sam).settle()
    with pytest.raises(RuntimeError), inside(acme):
        set_properties(kestrel, {"tier": "gold"}, by=SYSTEM)
        raise RuntimeError
    assert page.message(seconds=0.5) is None


def test_publishing_tells_every_page_of_the_workspace(acme, pat, sam, eve, stream):
    pages = [stream(pat).settle(), stream(sam).settle()]
    stranger = stream(eve, path="/globex/events/").settle()

    publish(acme, draft_of(acme, tab("Home", text("Hello"))))

    assert [page.message() for page in pages] == ["tabs", "tabs"]
    assert stranger.message(seconds=0.5) is None


def test_signing_out_ends_the_stream_at_once(pat, server, as_user):
    from tests.portal.experiences.live.conftest import Stream

    client = as_user(pat)
    page, elsewhere = Stream(server, client).settle(), Stream(server, as_user(pat)).settle()

    started = time.monotonic()
    client.logout()

    assert page.message() == "closed"
    assert time.monotonic() - started < 2
    assert elsewhere.message(seconds=0.3) is None
    elsewhere.close()


@pytest.mark.parametrize("why", ["suspended", "expired", "unbound", "inactive"])
def test_who_may_not_be_there_any_more_loses_the_stream(acme, pat, stream, inside, monkeypatch, why):
    monkeypatch.setattr(live, "LOOK_AGAIN", 0.3)
    page = stream(pat).settle()

    if why == "expired":
        Session.objects.update(expire_date=timezone.now() - dt.timedelta(hours=1))
    elif why == "inactive":
        type(pat.user).objects.filter(pk=pat.user_id).update(is_active=False)
    else:
        fields = {"status": "suspended"} if why == "suspended" else {"user": None}
        with inside(acme):
            Contact.objects.filter(pk=pat.pk).update(**fields)

    assert page.message() == "closed"


def test_a_stream_outlives_being_looked_at_again(pat, stream, monkeypatch):
    monkeypatch.setattr(live, "LOOK_AGAIN", 0.1)
    page = stream(pat).settle()
    assert page.message(seconds=0.5) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": "unknown.example"},
    ],
)
def test_another_sites_page_gets_nothing(pat, stream, headers):
    assert stream(pat, **headers).status == 404


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost:8000"}])
def test_our_own_page_gets_its_stream(pat, stream, headers):
    assert stream(pat, **headers).status == 200


def test_strangers_get_nothing(pat, eve, ada, stream):
    assert stream().status == 404
    assert stream(eve).status == 404
    assert stream(ada).status == 404  # of the team, but no partner's contact
    assert stream(pat, path="/globex/events/").status == 404
    assert stream(pat, path="/nowhere/events/").status == 404
    assert stream(pat, path="/events/").status == 404
    assert stream(pat, method="POST").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/acme/../globex/events/",
        "/acme%2F..%2Fglobex/events/",
        "/ACME/events/",
        "/%00/events/",
        "/acme%00/events/",
        "/acme/settings/events/",
        "/events/",
    ],
)
def test_another_spelling_of_the_address_is_no_stream(pat, globex, stream, path):
    assert stream(pat, path=path).status == 404


@pytest.mark.parametrize(
    "headers", [{"Cookie": 'session="aaaaaaaaaaaa\\000"'}, {"Origin": "http://[::"}, {"Host": "a b"}]
)
def test_a_request_that_no_browser_sends_is_no_stream(pat, stream, headers):
    assert stream(pat, **headers).status == 404


def test_the_workspaces_own_domain_has_the_stream_at_its_root(pat, stream):
    page = stream(pat, path="/events/", Host="partners.acme.test")
    assert page.status == 200
    assert page.message() == "tabs"


def test_one_session_may_not_open_streams_without_end(pat, server, as_user, monkeypatch):
    from tests.portal.experiences.live.conftest import Stream

    monkeypatch.setattr(live, "STREAMS_A_SESSION", 3)
    client = as_user(pat)
    pages = [Stream(server, client) for _ in range(4)]
    assert [page.status for page in pages] == [200, 200, 200, 429]
    for page in pages:
        page.close()


def test_after_the_listening_connection_broke_every_page_looks_again(
    acme, gold, kestrel, sam, stream, inside
):
    page = stream(sam).settle()
    wait_for_listener()

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'portal live'"
        )
    assert page.message() == "tabs"

    change_tier(acme, kestrel, "gold", inside)
    assert page.message() == "tabs"


def test_open_streams_hold_no_connection_of_the_pool(pat, server, as_user):
    from tests.portal.experiences.live.conftest import Stream

    clients = [as_user(pat) for _ in range(25)]
    first = Stream(server, clients[0])
    assert first.message() == "tabs"
    wait_for_listener()
    alone = connections_open()

    more = [Stream(server, client) for client in clients[1:]]
    assert {page.message() for page in more} == {"tabs"}
    # At most one more, for the second thread that looks people up.
    assert connections_open() <= alone + 1
    for page in [first, *more]:
        page.close()


def connections_open():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]


def wait_for_listener():
    for _ in range(100):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE application_name = 'portal live' AND query ILIKE 'LISTEN%' AND state = 'idle'"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    raise AssertionError("Nobody listens.")
