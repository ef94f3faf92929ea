"""The form of change events: fields by their places, parts of compound fields, values as the connectors write them."""

import io
import json

import pytest
from fastavro import parse_schema, schemaless_writer

from crm_sync.connectors.salesforce.changes import change_from
from crm_sync.connectors.salesforce.event_schemas import EventSchema, Unreadable
from crm_sync.standins.salesforce.event_avro import HEADER_FIELDS

ADDRESS = {
    "type": "record",
    "name": "Address",
    "fields": [{"name": part, "type": ["null", "string"]} for part in ("Street", "City", "Country")],
}
PERSON = {
    "type": "record",
    "name": "Switchable_PersonName",
    "fields": [
        {"name": part, "type": ["null", "string"]} for part in ("Salutation", "FirstName", "LastName")
    ],
}
FORM = {
    "type": "record",
    "name": "AccountChangeEvent",
    "namespace": "com.sforce.eventbus",
    "fields": [
        {
            "name": "ChangeEventHeader",
            "type": {"type": "record", "name": "ChangeEventHeader", "fields": HEADER_FIELDS},
        },
        {"name": "Name", "type": ["null", "string", PERSON], "doc": "Data:SwitchablePersonName"},
        {"name": "BillingAddress", "type": ["null", ADDRESS], "doc": "Data:Address"},
        # Described above, so that it is only named here.
        {"name": "ShippingAddress", "type": ["null", "com.sforce.eventbus.Address"], "doc": "Data:Address"},
        {"name": "Since__c", "type": ["null", "long"], "doc": "Data:DateOnly:00N5f"},
        {"name": "Seen__c", "type": ["null", "long"], "doc": "Data:DateTime:00N5g"},
        {"name": "AnnualRevenue", "type": ["null", "double"], "doc": "Data:Currency"},
        {"name": "Active__c", "type": ["null", "boolean"], "doc": "Data:Boolean"},
        {"name": "Notes__c", "type": ["null", "string"], "doc": "Data:StringPlusClob"},
        {"name": "LastModifiedDate", "type": ["null", "long"], "doc": "LastModifiedDate:DateTime"},
    ],
}
EMPTY = {field["name"]: None for field in FORM["fields"][1:]}


def change(header=None, **fields):
    told = {"entityName": "Account", "recordIds": ["0015f00000XYZ01"], "changeType": "UPDATE"}
    told |= {"changeOrigin": "com/salesforce/api/rest/68.0;client=partner-portal", "transactionKey": "t"}
    told |= {"sequenceNumber": 1, "commitTimestamp": 1795312800000, "commitNumber": 1, "commitUser": "u"}
    told |= {"nulledFields": [], "diffFields": [], "changedFields": []} | (header or {})
    stream = io.BytesIO()
    schemaless_writer(
        stream, parse_schema(json.loads(json.dumps(FORM))), EMPTY | fields | {"ChangeEventHeader": told}
    )
    schema = EventSchema.from_json(json.dumps(FORM))
    return change_from(schema, stream.getvalue(), event_id="e", place=b"p")


@pytest.mark.parametrize(
    ("bitmaps", "names"),
    [
        (["0x2"], ("Name",)),
        (["0x70"], ("Since__c", "Seen__c", "AnnualRevenue")),
        (["2-0x2"], ("BillingAddress", "BillingCity")),
        (["3-0x6"], ("ShippingAddress", "ShippingCity", "ShippingCountry")),
        (["1-0x2"], ("Name", "FirstName")),
        (["0x4"], ("BillingAddress", "BillingStreet", "BillingCity", "BillingCountry")),  # emptied as a whole
        (["0x4", "2-0x1"], ("BillingAddress", "BillingStreet")),
        (["0x200"], ()),  # the stamp of every change
        (["Phone"], ("Phone",)),
    ],
)
def test_bitmaps_name_fields_as_the_rest_of_salesforce_does(bitmaps, names):
    assert change({"changedFields": bitmaps}).fields == names


def test_values_are_written_as_the_connectors_write_them():
    found = change(
        {"changedFields": ["0xF0", "2-0x2"], "nulledFields": ["2-0x4"], "diffFields": ["0x100"]},
        BillingAddress={"Street": None, "City": "Gent", "Country": None},
        Since__c=1709164800000,
        Seen__c=1795312800500,
        AnnualRevenue=1250000.5,
        Active__c=False,
    )

    assert found.values == {
        "Since__c": "2024-02-29",
        "Seen__c": "2026-11-22T02:00:00.500+00:00",
        "AnnualRevenue": "1250000.5",
        "Active__c": "false",
        "BillingAddress": None,
        "BillingCity": "Gent",
        "BillingCountry": "",
    }
    assert (found.record_ids, found.is_ours) == (("0015f00000XYZ01AAH",), True)


def test_a_long_text_that_comes_as_a_difference_is_not_known():
    found = change({"changedFields": ["0x100"], "diffFields": ["0x100"]}, Notes__c="--- \n+++ \n@@ -1 +1 @@")

    assert (found.fields, found.values) == (("Notes__c",), {"Notes__c": None})


@pytest.mark.parametrize("bitmaps", [["0xZZ"], ["0x1000"], ["99-0x1"], ["x-0x1"]])
def test_what_does_not_fit_the_schema_is_not_guessed(bitmaps):
    with pytest.raises(Unreadable):
        change({"changedFields": bitmaps})


@pytest.mark.parametrize("payload", [b"", b"\xff" * 40])
def test_broken_bytes_are_no_event(payload):
    with pytest.raises(Unreadable):
        change_from(EventSchema.from_json(json.dumps(FORM)), payload, event_id="e", place=b"p")
