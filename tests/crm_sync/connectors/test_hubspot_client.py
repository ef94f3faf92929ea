"""The client against a HubSpot that is really served."""

import json
from pathlib import Path

import pytest

from crm_sync.connectors.base import COMPANY, Write
from crm_sync.connectors.failures import CrmError, FailureKind
from crm_sync.connectors.hubspot import errors
from crm_sync.connectors.hubspot.client import HubSpot, client_for
from tests.fakes.hubspot import PORTAL_ID, TOKEN

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.fixture
def client(crm):
    return client_for(TOKEN, crm.url)


@pytest.fixture
def acme(crm):
    crm.seed(companies={"1": {"name": "Acme", "partner_tier": "gold", "phone": "+49 30 1"}})
    return "1"


def failure_of(call):
    with pytest.raises(CrmError) as raised:
        call()
    return raised.value.failure


def test_the_account_behind_the_token_is_known(client):
    assert client.account().external_id == PORTAL_ID


def test_the_fields_come_with_options_and_locks(client):
    fields = {field.name: field for field in client.fields(COMPANY)}

    assert [option.value for option in fields["partner_tier"].options][1:3] == ["silver", "gold"]
    assert fields["hs_lastmodifieddate"].read_only
    assert not fields["website"].read_only


def test_records_are_read_with_their_time_and_the_missing_ones_are_absent(client, acme):
    records = client.read(COMPANY, ["1", "404"], ["name", "fax_that_never_was", "website"])

    assert set(records) == {"1"}
    assert records["1"].values["name"] == "Acme"
    assert records["1"].values["website"] == ""
    assert "fax_that_never_was" not in records["1"].values
    assert records["1"].updated_at is not None


def test_250_records_are_read_in_three_calls(client, crm):
    crm.seed(companies={str(n): {"name": f"Firm {n}"} for n in range(1, 251)})

    records = client.read(COMPANY, [str(n) for n in range(1, 251)], ["name"])

    assert len(records) == 250
    assert crm.paths() == ["objects/companies/batch/read"] * 3


def test_a_write_changes_the_record_and_returns_its_new_state(client, crm, acme):
    [result] = client.write(COMPANY, [Write("1", {"website": "https://acme.example", "phone": ""})])

    assert crm.company("1") == {
        "name": "Acme",
        "partner_tier": "gold",
        "phone": "",
        "website": "https://acme.example",
    }
    assert result.record.values == {"website": "https://acme.example", "phone": ""}
    assert result.failure is None


def test_one_refused_value_parks_alone_and_everything_else_is_written(client, crm):
    crm.seed(companies={str(n): {"name": f"Firm {n}"} for n in range(1, 101)})
    writes = [Write(str(n), {"website": f"https://{n}.example"}) for n in range(1, 101)]
    writes[56] = Write("57", {"website": "https://57.example", "partner_tier": "diamond"})

    results = client.write(COMPANY, writes)

    assert [r.external_id for r in results if r.refused] == ["57"]
    assert results[56].refused == {
        "partner_tier": "diamond was not one of the allowed options: [registered, silver, gold, platinum]"
    }
    assert [crm.company(str(n)).get("website") for n in range(1, 101)] == [
        f"https://{n}.example" for n in range(1, 101)
    ]


def test_a_record_that_is_gone_fails_alone(client, crm, acme):
    gone, kept = client.write(COMPANY, [Write("404", {"name": "x"}), Write("1", {"name": "Acme SE"})])

    assert gone.failure.kind == FailureKind.GONE
    assert kept.failure is None
    assert crm.company("1")["name"] == "Acme SE"


@pytest.mark.parametrize("status", [423, 500, 502, 503, 504, 524])
def test_what_passes_by_itself_is_retryable_and_is_tried_once_only(client, crm, status):
    crm.fail(count=9, status=status)

    assert failure_of(lambda: client.fields(COMPANY)).kind == FailureKind.RETRYABLE
    assert len(crm.calls) == 1


def test_too_many_requests_say_how_long_to_wait(client, crm):
    crm.fail(count=1, status=429, retry_after="7")

    failure = failure_of(lambda: client.read(COMPANY, ["1"], ["name"]))

    assert (failure.kind, failure.retry_after) == (FailureKind.RETRYABLE, 7.0)
    assert len(crm.calls) == 1


def test_without_retry_after_the_window_of_the_limit_counts(client, crm):
    crm.fail(count=1, status=429)

    assert failure_of(lambda: client.fields(COMPANY)).retry_after == 10.0


def test_the_daily_limit_is_another_matter(client, crm):
    crm.fail(count=1, status=429, policy="DAILY")

    assert failure_of(lambda: client.fields(COMPANY)).kind == FailureKind.LIMIT


def test_a_wrong_token_is_an_auth_failure(crm):
    failure = failure_of(lambda: HubSpot("pat-wrong", crm.url).fields(COMPANY))

    assert failure.kind == FailureKind.AUTH


def test_nobody_listening_is_retryable_and_quick():
    failure = failure_of(lambda: HubSpot(TOKEN, "http://127.0.0.1:9").fields(COMPANY))

    assert failure.kind == FailureKind.RETRYABLE


def test_the_connections_of_a_token_are_kept(crm):
    assert client_for(TOKEN, crm.url)._api._library is client_for(TOKEN, crm.url)._api._library


def test_recorded_refusals_are_read_in_both_forms():
    option = json.loads((SAMPLES / "error-400-option.json").read_text())
    failure = errors.classify(400, {}, json.dumps(option))

    assert failure.kind == FailureKind.VALIDATION
    assert failure.properties == {
        "partner_tier": "platinum was not one of the allowed options: [gold, silver]"
    }
    assert failure.message == "platinum was not one of the allowed options: [gold, silver]"


@pytest.mark.parametrize("body", ["", "<html>", "[]", '{"errors": 3, "message": null}', '{"message": "[{"}'])
def test_odd_bodies_never_break_the_sorting(body):
    assert errors.classify(400, {}, body).kind == FailureKind.VALIDATION
    assert errors.classify(418, {}, body).message


def test_missing_scopes_are_named():
    body = '{"category":"MISSING_SCOPES","errors":[{"context":{"requiredGranularScopes":["crm.objects.owners.read"]}}]}'

    failure = errors.classify(403, {}, body)

    assert failure.missing_scopes == ("crm.objects.owners.read",)
    assert "crm.objects.owners.read" in failure.message
