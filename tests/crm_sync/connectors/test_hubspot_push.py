"""Reading what HubSpot pushes."""

import json
from pathlib import Path

import pytest

from crm_sync.connectors.hubspot.push import Unreadable, events_from_body

SAMPLE = Path(__file__).parents[1] / "samples" / "webhook-batch-mixed.json"


@pytest.fixture
def items():
    return json.loads(SAMPLE.read_text())


def parsed(*items):
    return events_from_body(json.dumps(items).encode())


def test_the_mixed_batch_is_read_whole():
    events = events_from_body(SAMPLE.read_bytes())

    assert [(e.kind, e.object_type, e.external_id, e.property, bool(e.not_yet)) for e in events] == [
        ("object.propertyChange", "company", "512000111", "partner_tier", False),
        ("company.propertyChange", "company", "512000111", "partner_regions", False),
        ("object.associationChange", "contact", "77001", "", False),
        ("company.merge", "company", "512000777", "", False),
        ("contact.privacyDeletion", "contact", "77002", "", False),
        ("object.deletion", "contact", "77002", "", False),
        ("object.propertyChange", "contact", "77003", "tax_number", False),
    ]
    assert {(e.account, e.app) for e in events} == {("24680135", "7711")}
    assert events[0].occurred_at.isoformat() == "2026-11-22T02:00:00.123000+00:00"
    assert len({e.fingerprint for e in events}) == 7


def test_a_retry_is_the_same_event_and_a_shared_event_id_is_not(items):
    [first] = parsed(items[0])
    [retried] = parsed(items[0] | {"attemptNumber": 4, "eventId": 1, "subscriptionId": 9})
    [other] = parsed(items[0] | {"propertyValue": "silver"})

    assert first.fingerprint == retried.fingerprint
    assert first.fingerprint != other.fingerprint


def test_event_type_is_accepted_for_subscription_type(items):
    old = {k: v for k, v in items[1].items() if k != "subscriptionType"}
    [event] = parsed(old | {"eventType": "company.propertyChange"})

    assert event.kind == "company.propertyChange"
    assert not event.not_yet


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"nonsense", b"\xff\xfe", b"[" * 100_000, b'"x"', b"[" + b"1," * 1000 + b"1]"]
)
def test_what_is_no_list_of_events_is_unreadable(body):
    with pytest.raises(Unreadable):
        events_from_body(body)


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"subscriptionType": 5, "objectId": {"a": 1}, "occurredAt": "now"},
        {"subscriptionType": "object.unheardOf", "occurredAt": 10**30},
        {"subscriptionType": "company.propertyChange", "objectId": None, "propertyName": "tier"},
        {"subscriptionType": "ticket.propertyChange", "objectId": 1, "propertyName": "amount"},
    ],
)
def test_odd_events_are_kept_with_a_reason(item):
    [event] = parsed(item)

    assert event.not_yet.endswith(".")


@pytest.mark.parametrize(("name", "kept"), [("tier\x00", "tier"), ("tier\ud800", "tier?")])
def test_what_the_database_cannot_hold_does_not_reach_it(items, name, kept):
    [event] = parsed(items[0] | {"propertyName": name})

    assert event.property == kept
