"""What the CRMs' own client libraries get wrong, and that none of it reaches us."""

import inspect
import time
from datetime import UTC, datetime

import pytest
from hubspot.utils.signature import Signature
from simple_salesforce.api import DEFAULT_API_VERSION

from crm_sync.connectors.base import COMPANY, Write
from crm_sync.connectors.failures import CrmError, FailureKind
from crm_sync.connectors.hubspot import oauth, paths, signature
from crm_sync.connectors.hubspot import transport as hubspot_transport
from crm_sync.connectors.hubspot.client import HubSpot
from crm_sync.connectors.salesforce import transport as salesforce_transport
from crm_sync.connectors.salesforce.client import client_for
from tests.fakes.hubspot import SECRET, TOKEN

URI = "https://portal.example.com/hooks/hubspot/"


def signed(timestamp):
    return Signature.get_signature(SECRET, "[]", "v3", URI, "POST", timestamp)


def test_hubspots_helper_lets_the_future_in_and_ours_does_not():
    future = str(int(time.time() * 1000) + 3_600_000)
    given = {"request_body": "[]", "http_uri": URI, "http_method": "POST", "timestamp": future}

    assert Signature.is_valid(signature=signed(future), client_secret=SECRET, signature_version="v3", **given)
    assert not signature.is_valid(
        secret=SECRET,
        method="POST",
        uri=URI,
        body=b"[]",
        timestamp=future,
        signature=signed(future),
        now_ms=int(time.time() * 1000),
    )


def test_hubspots_helper_breaks_on_a_missing_header_and_ours_says_no():
    now = str(int(time.time() * 1000))
    with pytest.raises(TypeError):
        Signature.is_valid(None, SECRET, "[]", URI, signature_version="v3", timestamp=now)
    assert not signature.is_valid(
        secret=SECRET, method="POST", uri=URI, body=b"[]", timestamp=now, signature=None, now_ms=int(now)
    )


def test_nothing_is_asked_twice_behind_our_back(crm):
    """Left alone, the library sleeps Retry-After out in the worker and asks again, three times."""
    crm.fail(count=9, status=503, retry_after="1")
    began = time.monotonic()

    with pytest.raises(CrmError):
        HubSpot(TOKEN, crm.url).account()

    assert len(crm.calls) == 1
    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize(
    "trouble", [{"status": 429, "retry_after": "1"}, {"status": 413, "retry_after": "1"}]
)
def test_a_get_that_is_refused_is_not_slept_out_and_repeated(crm, trouble):
    """urllib3's own default does so wherever Retry-After is given, and then fails with an error of its own."""
    crm.fail(count=9, **trouble)
    began = time.monotonic()

    with pytest.raises(CrmError) as raised:
        HubSpot(TOKEN, crm.url).account()

    assert (len(crm.calls), time.monotonic() - began < 1.0) == (1, True)
    assert isinstance(raised.value.failure.kind, FailureKind)


def test_a_hanging_answer_costs_its_timeout_once(crm, monkeypatch):
    """Left alone the library waits for ever, and with a timeout and its own retries four times as long."""
    monkeypatch.setattr(hubspot_transport, "TIMEOUT", (0.2, 0.2))
    crm.standin.delay = 0.5
    began = time.monotonic()

    with pytest.raises(CrmError) as raised:
        HubSpot(TOKEN, crm.url).account()

    crm.standin.delay = 0.0
    assert raised.value.failure.kind == FailureKind.RETRYABLE
    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize("header", ["sïgned", "", "x" * 44, "\x00"])
def test_no_signature_however_odd_is_an_error(header):
    now = str(int(time.time() * 1000))
    given = {"secret": SECRET, "method": "POST", "uri": URI, "timestamp": now, "now_ms": int(now)}
    assert not signature.is_valid(body="é".encode(), signature=header, **given)
    assert not signature.is_valid(body=b"\xff\xfe", signature=header, **given)  # bytes that are no text


def test_every_address_of_hubspots_stands_behind_one_version():
    """Version 3 ends in 2027; a dated version has its number elsewhere in the path, and v4 is part of v3."""
    made = [paths.objects("company"), paths.properties("deal"), paths.pipelines("deal"), paths.owners()]
    made += [paths.account(), paths.token(), paths.associations("contact", "company")]
    assert {part for path in made for part in path.split("/") if part[:1] == "v"} == {"v3", "v4"}
    dated = [make(version="2026-09") for make in (paths.owners, paths.account, paths.token)]
    dated += [paths.objects("company", version="2026-09")]
    dated += [paths.associations("contact", "company", version="2026-09")]
    assert all("2026-09" in path.split("/") and "/v" not in path for path in dated)


def test_an_emptied_value_is_sent_as_an_empty_text_and_never_as_null(crm):
    crm.seed(companies={"1": {"name": "Acme", "phone": "1"}})

    [result] = HubSpot(TOKEN, crm.url).write(COMPANY, [Write("1", {"phone": ""})])

    assert (result.failure, crm.company("1")["phone"]) == (None, "")


def test_a_207_is_read_record_by_record_though_the_library_calls_it_success(crm):
    crm.seed(companies={"1": {"name": "Acme"}})

    good, gone = HubSpot(TOKEN, crm.url).write(
        COMPANY, [Write("1", {"phone": "1"}), Write("9", {"phone": "1"})]
    )

    assert (good.failure, gone.failure.kind) == (None, FailureKind.GONE)


def test_the_sign_in_never_puts_a_secret_into_an_address(crm):
    """The library's own sign-in speaks version 1, which does."""
    crm.standin.oauth.refresh_tokens = {}
    with pytest.raises(CrmError) as raised:
        oauth.refresh(host=crm.url, client_id="standin-client", client_secret=SECRET, refresh_token="dead")

    assert raised.value.failure.kind == FailureKind.AUTH
    assert [call["path"] for call in crm.calls] == ["/oauth/v3/token"]
    assert raised.value.__cause__ is None


def test_simple_salesforce_never_signs_in_by_itself(sf):
    """It would repeat a write without its condition, and on a persistent 401 for ever."""
    client = client_for(sf.token(), sf.url)
    sf.standin.oauth.access.clear()
    sf.calls.clear()

    assert client._api.channel.library._salesforce_login_partial is None
    with pytest.raises(CrmError):
        client.account()
    assert [call["status"] for call in sf.calls] == [401]


def test_simple_salesforce_is_told_which_version_to_speak(sf):
    client_for(sf.token(), sf.url).account()

    assert float(salesforce_transport.API_VERSION) >= 66 > float(DEFAULT_API_VERSION)
    assert all("/v66.0/" in call["path"] for call in sf.calls)


def test_simple_salesforce_waits_for_nobody_for_ever(sf, monkeypatch):
    """It has no timeout of its own."""
    monkeypatch.setattr(salesforce_transport, "TIMEOUT", (0.2, 0.2))
    sf.standin.delay = 0.6
    began = time.monotonic()

    with pytest.raises(CrmError) as raised:
        client_for(sf.token(), sf.url).account()

    assert raised.value.failure.kind == FailureKind.RETRYABLE
    assert time.monotonic() - began < 0.6


def test_moments_are_asked_for_with_their_zone(sf):
    """The library's own list of changes sends a naive moment as half a text; ours is never naive."""
    from crm_sync.connectors.salesforce import soql

    assert soql.moment(datetime(2026, 11, 22, 2, 0, tzinfo=UTC)) == "2026-11-22T02:00:00.000Z"
    assert "getUpdated" not in inspect.getsource(soql)
