"""Values between HubSpot's strings and the portal's raw forms."""

import json
from pathlib import Path

import pytest

from crm_sync.connectors.base import CrmField
from crm_sync.connectors.hubspot.fields import field_from_definition
from crm_sync.connectors.values import UnfitValue, from_wire, misfit, to_wire

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.mark.parametrize(
    ("portal_type", "wire", "raw", "back"),
    [
        ("text", "  Acme GmbH ", "Acme GmbH", "Acme GmbH"),
        ("text", "e\u0301", "é", "é"),
        ("long_text", "a\r\nb", "a\nb", "a\nb"),
        ("number", "1250000.50", "1250000.5", "1250000.5"),
        ("number", "1E+6", "1000000", "1000000"),
        ("number", "0", "0", "0"),
        ("number", "-0.0", "0", "0"),
        ("money", "12.50", {"amount": "12.5", "currency": "EUR"}, "12.5"),
        ("boolean", "true", True, "true"),
        ("boolean", "false", False, "false"),
        ("boolean", "Yes", True, "true"),
        ("date", "2024-02-29", "2024-02-29", "2024-02-29"),
        ("date", "1709164800000", "2024-02-29", "2024-02-29"),
        ("date", "2024-02-29T00:00:00.000Z", "2024-02-29", "2024-02-29"),
        ("datetime", "1795312800123", "2026-11-22T02:00:00.123Z", "2026-11-22T02:00:00.123Z"),
        ("datetime", "2026-11-22T04:00:00+02:00", "2026-11-22T02:00:00.000Z", "2026-11-22T02:00:00.000Z"),
        ("choice", "gold", "gold", "gold"),
        ("multi_choice", "emea;apac", ["apac", "emea"], "apac;emea"),
        ("multi_choice", ";apac;apac", ["apac"], "apac"),
        ("phone", "+49 30 1234", "+49 30 1234", "+49 30 1234"),
    ],
)
def test_values_arrive_and_return_in_one_form(portal_type, wire, raw, back):
    assert from_wire(wire, portal_type=portal_type, currency="EUR") == raw
    assert to_wire(raw, portal_type=portal_type) == back


@pytest.mark.parametrize(
    "portal_type", ["text", "number", "boolean", "date", "choice", "multi_choice", "money"]
)
def test_empty_is_none_here_and_an_empty_string_there(portal_type):
    assert from_wire("", portal_type=portal_type) is None
    assert to_wire(None, portal_type=portal_type) == ""


@pytest.mark.parametrize(
    ("portal_type", "wire"),
    [
        ("number", "twelve"),
        ("number", "NaN"),
        ("number", "Infinity"),
        ("number", "1E+9999999"),
        ("money", "12 €"),
        ("boolean", "maybe"),
        ("date", "2024-02-30"),
        ("date", "29.02.2024"),
        ("date", "2024-02-29nonsense"),
        ("datetime", "9" * 17),
        ("datetime", "yesterday"),
        ("text", "a\x00b"),
        ("text", "a\ud800"),
        ("text", "x" * 65_537),
    ],
)
def test_hostile_values_are_refused_with_words(portal_type, wire):
    with pytest.raises(UnfitValue) as refused:
        from_wire(wire, portal_type=portal_type)

    assert str(refused.value).endswith(".")


def test_a_choice_with_a_semicolon_cannot_go_out():
    with pytest.raises(UnfitValue):
        to_wire(["a;b"], portal_type="multi_choice")


def test_a_definition_is_read_with_its_hidden_options():
    field = field_from_definition(json.loads((SAMPLES / "property-enum-multi.json").read_text()))

    assert (field.name, field.type, field.widget, field.read_only) == (
        "partner_regions",
        "enumeration",
        "checkbox",
        False,
    )
    assert [(option.value, option.hidden) for option in field.options] == [
        ("emea", False),
        ("apac", False),
        ("latam", True),
    ]


@pytest.mark.parametrize(
    "definition",
    [
        {"name": "x", "type": "number", "calculated": True},
        {"name": "x", "type": "number", "calculationFormula": "a+b"},
        {"name": "x", "type": "string", "modificationMetadata": {"readOnlyValue": True}},
        {"name": "x", "type": "json"},
    ],
)
def test_computed_and_locked_fields_are_read_only(definition):
    assert field_from_definition(definition).read_only


@pytest.mark.parametrize(
    ("portal_type", "type_", "widget", "fits"),
    [
        ("choice", "enumeration", "select", True),
        ("choice", "enumeration", "checkbox", False),
        ("multi_choice", "enumeration", "checkbox", True),
        ("multi_choice", "enumeration", "radio", False),
        ("boolean", "bool", "booleancheckbox", True),
        ("number", "string", "text", False),
        ("date", "datetime", "date", True),  # the day in the time zone of the account
        ("date", "number", "number", False),
        ("user", "enumeration", "select", False),
    ],
)
def test_a_mapping_says_whether_the_types_fit(portal_type, type_, widget, fits):
    assert (misfit(portal_type, CrmField("x", "X", type_, widget)) == "") is fits
