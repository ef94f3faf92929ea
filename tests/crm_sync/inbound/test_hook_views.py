"""What the receiver takes, what it refuses, and that it stores before it says yes."""

import json
from pathlib import Path

import pytest
from django.db import OperationalError

from crm_sync.models import InboxEvent
from tests.crm_sync.conftest import connect
from workspaces import jobs
from workspaces.models import Due

SAMPLE = (Path(__file__).parents[1] / "samples" / "webhook-batch-mixed.json").read_bytes()
SAMPLE_AT = 1795312805000
SAMPLE_SECRET = "partner-portal-test-secret-0001"
SAMPLE_SIGNATURE = "UKIiqWhFuv+LfjzH7xLSW4+hZHJQEgXhoyje+pJloqU="
RECORDED = {
    "Host": "portal.example.com",
    "X-HubSpot-Request-Timestamp": str(SAMPLE_AT),
    "X-HubSpot-Signature-v3": SAMPLE_SIGNATURE,
}


@pytest.fixture
def recorded(sync, client, time_machine, settings):
    """Posts the recorded batch with its recorded signature, a second after it was signed."""
    with sync.inside():
        sync.connection.secret = SAMPLE_SECRET
        sync.connection.save()
    settings.MAIN_HOSTS = {"portal.example.com"}
    time_machine.move_to((SAMPLE_AT + 1000) / 1000, tick=False)

    def post(body=SAMPLE, **headers):
        given = RECORDED | headers
        given = {name: value for name, value in given.items() if value is not None}
        return client.post("/hooks/hubspot/", body, content_type="application/json", headers=given)

    return post


def test_the_recorded_batch_is_stored_once_and_sorted(sync, recorded, brightpath):
    sync.crm.seed(
        companies={"512000111": {"name": "Brightpath", "partner_tier": "gold", "partner_regions": "emea"}}
    )
    sync.link(brightpath, "512000111")
    # As the batch tells, it was merged into a new record since.
    sync.crm.seed(companies={"512000777": {"name": "Brightpath", "partner_tier": "platinum"}})

    assert recorded().status_code == 204
    assert recorded().status_code == 204
    jobs.run(sync.workspace.pk, "crm.inbox")

    assert sync.values(brightpath)["tier"] == "platinum"
    assert set(sync.events()) == {
        ("partner_tier", "done", ""),
        ("partner_regions", "skipped", "No property is mapped to this field of the CRM."),
        (
            "object.associationChange",
            "skipped",
            "Nothing of ours is linked to this record of the CRM.",
        ),
        ("company.merge", "done", ""),
        ("contact.privacyDeletion", "done", ""),
        ("object.deletion", "done", ""),
        ("tax_number", "skipped", "Nothing of ours is linked to this record of the CRM."),
    }
    assert len(sync.events()) == 7


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (SAMPLE.replace(b"gold", b"golf"), {}),
        (SAMPLE + b" ", {}),
        (SAMPLE, {"X-HubSpot-Signature-v3": None}),
        (SAMPLE, {"X-HubSpot-Signature-v3": ""}),
        (SAMPLE, {"X-HubSpot-Signature-v3": "\xfcn\xefcode"}),
        (SAMPLE, {"X-HubSpot-Request-Timestamp": None}),
        (SAMPLE, {"X-HubSpot-Request-Timestamp": str(SAMPLE_AT + 1)}),
        (SAMPLE.replace(b"7711", b"7712"), {}),
    ],
)
def test_anything_else_than_the_signed_bytes_is_refused_and_not_stored(sync, recorded, body, headers):
    assert recorded(body, **headers).status_code == 401
    assert sync.events() == []


@pytest.mark.parametrize("minutes", [-5.1, 5.1])
def test_an_old_or_early_signature_is_refused(sync, recorded, time_machine, minutes):
    time_machine.move_to(SAMPLE_AT / 1000 + minutes * 60, tick=False)

    assert recorded().status_code == 401
    assert sync.events() == []


def test_the_public_address_counts_and_not_what_a_proxy_says(sync, recorded, settings):
    settings.MAIN_HOSTS |= {"internal:8000"}

    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
    assert recorded(Host="internal:8000", **forged).status_code == 204


def test_a_retry_split_into_other_batches_adds_nothing(sync, push):
    tier = {"propertyName": "partner_tier", "propertyValue": "gold", "occurredAt": 1}
    name = {"propertyName": "name", "propertyValue": "B", "occurredAt": 2}
    push(tier, name)
    push(name | {"attemptNumber": 1})
    push(tier | {"attemptNumber": 1, "eventId": 99})

    assert len(sync.events()) == 2


def test_work_is_left_in_the_transaction_that_stores(sync, push):
    Due.objects.all().delete()
    push({"propertyName": "partner_tier"})
    push({"subscriptionType": "company.celebration", "propertyName": None})

    assert list(Due.objects.values_list("queue", flat=True)) == ["crm.inbox"]


def test_each_workspace_gets_its_own_events_and_nobody_anothers(sync, globex, hook, inside):
    other = connect(globex, sync.crm, account="555")
    items = [
        {"portalId": portal, "appId": 7711, "objectId": 1, "objectTypeId": "0-2", "propertyName": "name"}
        | {"subscriptionType": "object.propertyChange", "occurredAt": 1}
        for portal in (24680135, 555, 999)
    ]
    assert hook(json.dumps(items).encode()).status_code == 204

    for workspace, connection in ((sync.workspace, sync.connection), (globex, other)):
        with inside(workspace):
            assert [e.connection_id for e in InboxEvent.objects.all()] == [connection.pk]


def test_a_workspace_cannot_speak_for_anothers_account_with_its_own_secret(sync, globex, hook, inside):
    """The app id is the same; the secret that signed decides whose events are believed."""
    connect(globex, sync.crm, account="555", secret="globex-secret")
    items = [
        {"portalId": portal, "appId": 7711, "objectId": 1, "objectTypeId": "0-2", "propertyName": "name"}
        | {"subscriptionType": "object.propertyChange", "occurredAt": 1}
        for portal in (24680135, 555)
    ]
    assert hook(json.dumps(items).encode(), secret="globex-secret").status_code == 204

    assert sync.events() == []
    with inside(globex):
        assert InboxEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[]", 401),
        (b"{}", 400),
        (b"nonsense", 400),
        (b"\xff", 400),
        (b"[" + b" " * 1_000_001 + b"]", 413),
    ],
)
def test_what_is_no_batch_of_ours_is_refused_without_an_error(sync, hook, body, status):
    assert hook(body).status_code == status


def test_only_post_is_answered(client):
    assert client.get("/hooks/hubspot/", headers={"Host": "localhost:8000"}).status_code == 405


def test_with_the_database_away_hubspot_is_asked_to_come_back(sync, push, monkeypatch):
    def away(*args):
        raise OperationalError("the database is gone")

    monkeypatch.setattr("crm_sync.inbound.receiving.insert_events", away)

    response = push({"propertyName": "partner_tier"})

    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0


def test_what_the_database_could_not_hold_is_stored_all_the_same(sync, push):
    hostile = {"propertyName": "partner_tier\x00", "propertyValue": "a\x00\ud800", "sourceId": "\x00"}

    assert push(hostile).status_code == 204
    assert [event[0] for event in sync.events()] == ["partner_tier"]


def test_a_paused_connection_still_stores(sync, push, drain, linked):
    with sync.inside():
        sync.connection.status = "paused"
        sync.connection.save()

    push({"propertyName": "partner_tier"})
    drain()

    assert sync.events() == [("partner_tier", "pending", "")]
