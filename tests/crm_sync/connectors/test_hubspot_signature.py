"""HubSpot's published vectors, our own, and everything that must not get through."""

from pathlib import Path

import pytest
from hubspot.utils.signature import Signature

from crm_sync.connectors.hubspot import signature

SAMPLE = (Path(__file__).parents[1] / "samples" / "webhook-batch-mixed.json").read_bytes()
NOW = 1795312805000
OURS = {
    "secret": "partner-portal-test-secret-0001",
    "method": "POST",
    "uri": "https://portal.example.com/hooks/hubspot/",
    "body": SAMPLE,
    "timestamp": str(NOW),
}
OUR_SIGNATURE = "UKIiqWhFuv+LfjzH7xLSW4+hZHJQEgXhoyje+pJloqU="
THEIRS = {
    "secret": "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy",
    "method": "POST",
    "uri": "https://www.example.com/webhook_uri",
    "body": b"{'example_field':'example_value'}",
}


def valid(now_ms=NOW, **changes):
    given = OURS | {"signature": OUR_SIGNATURE, "now_ms": now_ms} | changes
    return signature.is_valid(**given)


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ("1693657560000", "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="),
        ("1700000300000", "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw="),
    ],
)
def test_the_published_vectors_are_reproduced(timestamp, expected):
    assert signature.sign(**THEIRS, timestamp=timestamp) == expected


def test_our_own_vector_is_reproduced_and_accepted():
    assert signature.sign(**OURS) == OUR_SIGNATURE
    assert valid()


@pytest.mark.parametrize("body", [b"[]", SAMPLE, '[{"a":"Ünïcode 漢字 🎉"}]'.encode()])
def test_the_library_computes_the_same(body):
    theirs = Signature.get_signature(
        "s", body.decode(), "v3", "https://a.example/b/", "POST", "1795312805000"
    )

    assert theirs == signature.sign(
        secret="s", method="POST", uri="https://a.example/b/", body=body, timestamp="1795312805000"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"body": SAMPLE[:-1] + b" "},
        {"secret": "another-secret"},
        {"secret": ""},
        {"method": "GET"},
        {"uri": "http://portal.example.com/hooks/hubspot/"},
        {"uri": "https://portal.example.com/hooks/hubspot"},
        {"uri": "https://portal.example.com:443/hooks/hubspot/"},
        {"signature": None},
        {"signature": ""},
        {"signature": "ünïcode"},
        {"signature": OUR_SIGNATURE.lower()},
        {"timestamp": None},
        {"timestamp": ""},
        {"timestamp": "soon"},
        {"timestamp": f" {NOW}"},
        {"timestamp": f"{NOW}.0"},
        {"timestamp": f"-{NOW}"},
        {"timestamp": "١٧٩٥٣١٢٨٠٥٠٠٠"},
        {"timestamp": "9" * 5000},
    ],
)
def test_anything_else_is_refused_without_an_exception(changes):
    assert valid(**changes) is False


@pytest.mark.parametrize(
    ("offset_ms", "accepted"),
    [(299_000, True), (300_000, True), (301_000, False), (-299_000, True), (-301_000, False)],
)
def test_the_window_is_five_minutes_in_both_directions(offset_ms, accepted):
    assert valid(now_ms=NOW + offset_ms) is accepted


def test_only_the_escapes_that_hubspot_decodes_are_decoded():
    escaped = OURS | {"uri": "https://portal.example.com/hooks/hubspot%2F?a=%20b"}
    plain = OURS | {"uri": "https://portal.example.com/hooks/hubspot/?a=%20b"}

    assert signature.sign(**escaped) == signature.sign(**plain)
