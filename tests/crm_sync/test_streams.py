"""Change Data Capture as an admin switches it and reads how it stands; and the process that listens."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from crm_sync.connecting.stream_state import StreamState, state_of
from crm_sync.models import AuditEntry, ChangeStream, Connection
from crm_sync.streams.listener import Listener
from tests.crm_sync.cases.signed_in import by_salesforce_secret
from workspaces.tenancy import workspace_transaction


@pytest.fixture
def salesforce(acme, sf, settings):
    settings.SALESFORCE_STANDIN_URL, settings.SALESFORCE_STANDIN_EVENTS = sf.url, sf.events
    return by_salesforce_secret(acme, sf)


def address(name, connection):
    return "/acme" + reverse(f"settings:{name}", args=[connection.pk])


def stand(connection, **fields):
    """Its state in words, with these fields."""
    with workspace_transaction(connection.workspace_id):
        ChangeStream.objects.update(**fields)
        return state_of(Connection.objects.get(pk=connection.pk))


def test_an_admin_switches_it_on_to_another_channel_and_off(salesforce, as_user, ada, mia, acme):
    admin, switch = as_user(ada), address("crm_stream", salesforce)
    assert "Change the channel" not in admin.get(address("crm_app", salesforce)).text
    assert as_user(mia).post(switch, {"channel": "/data/ChangeEvents"}).status_code == 403

    wrong = admin.post(switch, {"channel": "/event/Order__e"})
    assert (wrong.status_code, "A channel looks like" in wrong.text) == (422, True)
    assert stand(salesforce) is None

    assert admin.post(switch, {"channel": "/data/ChangeEvents"}).url == address("crm_app", salesforce)
    assert "Change Data Capture: starting" in admin.get(address("crm_app", salesforce)).text
    stand(salesforce, place=b"p", leased_until=timezone.now())
    admin.post(switch, {"channel": "/data/Portal__chn"})  # has places of its own
    with workspace_transaction(acme):
        stream = ChangeStream.objects.get()
    assert (stream.channel, stream.place, stream.leased_until) == ("/data/Portal__chn", None, None)

    admin.post(switch, {"do": "off"})
    assert stand(salesforce) is None
    with workspace_transaction(acme):
        assert AuditEntry.objects.filter(action="stream").count() == 3


def test_how_it_stands_is_said_in_words(salesforce, as_user, ada):
    as_user(ada).post(address("crm_stream", salesforce), {"channel": "/data/ChangeEvents"})
    now = timezone.now()
    ago = {name: now - timedelta(seconds=s) for name, s in (("minute", 60), ("hour", 3600))}
    held = {"leased_until": now + timedelta(minutes=1)}

    assert stand(salesforce).word == "Starting"
    nobody = stand(salesforce, switched_at=ago["hour"])
    assert (nobody.word, nobody.is_bad) == ("Nobody is listening", True)
    assert "listener" in nobody.command
    assert stand(salesforce, **held).word == "Starting"
    assert stand(salesforce, message="No such channel.").word == "Not listening"
    late = stand(salesforce, message="", listening_since=ago["hour"], event_at=now, saved_at=ago["hour"])
    assert (late.word, round(late.delay)) == ("Catching up", 3600)
    assert stand(salesforce, saved_at=now - timedelta(seconds=2)).word == "Listening"
    assert stand(salesforce, lost_at=ago["hour"]).lost_lately

    page = as_user(ada).get(address("crm_app", salesforce)).text
    assert (
        "2.0&nbsp;s after it was saved in Salesforce" in page
        or "2.0 s after it was saved in Salesforce" in page
    )
    assert "no longer knew how far" in page


def test_the_listener_opens_a_line_keeps_its_lease_and_closes_it_when_told(salesforce, monkeypatch):
    lines = []

    class Line:
        is_open, alive = True, True

        def __init__(self, tenure):
            self.tenure, self.thread = tenure, self
            lines.append(self)

        def start(self): ...
        def check(self): ...
        def join(self, timeout): ...

        def is_alive(self):
            return self.alive

        def stop(self):
            self.alive = False

    monkeypatch.setattr("crm_sync.streams.line.Line", Line)
    with workspace_transaction(salesforce.workspace_id):
        ChangeStream.objects.create(connection=salesforce)
    first, second = Listener(), Listener()
    for listener in (first, second, first):
        listener.look()
    assert [line.tenure.listener for line in lines] == [first.id]
    assert stand(salesforce).word == "Listening"

    with workspace_transaction(salesforce.workspace_id):
        Connection.objects.update(status="disconnected")
    first.look()
    first.look()
    assert (lines[0].alive, first.lines) == (False, {})

    with workspace_transaction(salesforce.workspace_id):
        Connection.objects.update(status="paused")
    second.look()
    second.stop()  # gives its lease back, for whoever comes next
    first.look()
    assert [line.tenure.listener for line in lines] == [first.id, second.id, first.id]


def test_a_state_needs_no_clock_of_ours_to_be_right():
    """Salesforce's clock may be ahead."""
    now = timezone.now()
    connection = Connection(clock_ahead=600.0)
    stream = ChangeStream(connection=connection, event_at=now, saved_at=now + timedelta(seconds=599))

    assert round(StreamState(stream, "", "", "").delay) == 1
