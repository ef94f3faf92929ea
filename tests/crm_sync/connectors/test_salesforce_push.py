"""Outbound Messages, ids and addresses: everything that comes from outside."""

from pathlib import Path

import pytest

from crm_sync.connectors.salesforce.hosts import ForeignHost, checked, my_domain
from crm_sync.connectors.salesforce.ids import is_id, long_id
from crm_sync.connectors.salesforce.push import Unreadable, acknowledgement, message_from_body

SAMPLES = Path(__file__).parents[1] / "samples"
MESSAGE = (SAMPLES / "outbound-message.xml").read_bytes()
BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'


def test_a_recorded_message_is_read():
    organization, events = message_from_body(MESSAGE)

    assert organization == "00D5f000000TEST1EA"
    assert [(e.object_type, e.external_id, e.property, e.not_yet) for e in events] == [
        ("company", "0015f00000XYZ01AAA", "", ""),
        ("company", "0015f00000XYZ02AAA", "", ""),
    ]
    assert events[0].occurred_at.isoformat() == "2026-11-22T02:00:00+00:00"
    assert events[0].raw["values"]["Name"] == "Acme & Söhne"


def test_a_message_sent_again_is_the_same_unless_the_record_changed():
    first = [e.fingerprint for e in message_from_body(MESSAGE)[1]]
    again = [e.fingerprint for e in message_from_body(MESSAGE)[1]]
    newer = [e.fingerprint for e in message_from_body(MESSAGE.replace(b"Gold", b"Silver"))[1]]

    assert first == again
    assert (newer[0] != first[0], newer[1] == first[1]) == (True, True)


def test_ids_of_fifteen_characters_are_kept_as_eighteen():
    short = MESSAGE.replace(b"0015f00000XYZ01AAA", b"0015f00000XYZ01")

    assert message_from_body(short)[1][0].external_id == long_id("0015f00000XYZ01")


def test_a_record_that_is_gone_and_an_object_that_nobody_maps_are_no_failure():
    empty = MESSAGE[: MESSAGE.index(b"<sObject")] + MESSAGE[MESSAGE.index(b"</sObject>") + 10 :]

    assert len(message_from_body(empty)[1]) == 1
    assert message_from_body(MESSAGE.replace(b"sf:Account", b"sf:Invoice__c"))[1][0].not_yet.endswith(".")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"<a/>",
        b"\xff\xfe\x00",
        BOMB + MESSAGE.partition(b"?>")[2],
        MESSAGE.replace(b"?>", b"?><!DOCTYPE x SYSTEM 'file:///etc/passwd'>", 1),
        MESSAGE.replace(b"00D5f000000TEST1EA", b"' OR 1=1"),
        MESSAGE.replace(b"UTF-8", b"no-such-encoding"),
    ],
)
def test_anything_else_is_refused(body):
    with pytest.raises(Unreadable):
        message_from_body(body)


def test_the_acknowledgement_is_the_recorded_one():
    recorded = (SAMPLES / "ack.xml").read_bytes().replace(b"\n", b"")
    assert acknowledgement(stored=True) == recorded
    assert b"<Ack>false</Ack>" in acknowledgement(stored=False)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("001A0000006Vm9r", "001A0000006Vm9rIAC"),
        ("001A0000006Vm9rIAC", "001A0000006Vm9rIAC"),
        ("short", "short"),
    ],
)
def test_ids_are_lengthened_as_salesforce_does(short, long):
    assert long_id(short) == long
    assert is_id(long) == (short != "short")


@pytest.mark.parametrize(
    "address",
    [
        "http://acme.my.salesforce.com",
        "https://acme.my.salesforce.com.evil.example",
        "https://evil.example/.salesforce.com",
        "https://user@acme.my.salesforce.com",
        "https://acme.my.salesforce.com:8443",
        "https://salesforce.com@127.0.0.1",
        "https://127.0.0.1",
        "https://[::1]",
        "https://notsalesforce.com",
        "file:///etc/passwd",
        "https://acme.my.salesforce.com\\@evil.example",
        "",
        "https://[",
    ],
)
def test_an_address_that_is_not_salesforces_is_never_spoken_to(address):
    with pytest.raises(ForeignHost):
        checked(address)


def test_salesforces_own_addresses_are_cut_to_their_origin():
    assert checked("https://Acme.My.Salesforce.com/services?x=1") == "https://acme.my.salesforce.com"
    assert my_domain(" acme.my.salesforce.com/lightning ") == "https://acme.my.salesforce.com"
    assert checked("http://127.0.0.1:4020/x", also="http://127.0.0.1:4020") == "http://127.0.0.1:4020"
    with pytest.raises(ForeignHost):
        checked("http://127.0.0.1:4021", also="http://127.0.0.1:4020")
