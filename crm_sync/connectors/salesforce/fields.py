"""Salesforce's fields in the portal's words, and its JSON values ⇄ the connectors' strings."""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crm_sync.connectors.base import CrmField, FieldOption
from crm_sync.connectors.salesforce import soql

# Salesforce's type → (type, widget) in the words that connectors share.
TYPES = {
    "string": ("string", "text"),
    "id": ("string", "text"),
    "textarea": ("string", "textarea"),
    "phone": ("string", "phonenumber"),
    "url": ("string", "text"),
    "email": ("string", "text"),
    "picklist": ("enumeration", "select"),
    "combobox": ("enumeration", "select"),
    "multipicklist": ("enumeration", "checkbox"),
    "boolean": ("bool", "booleancheckbox"),
    "int": ("number", "number"),
    "long": ("number", "number"),
    "double": ("number", "number"),
    "currency": ("number", "number"),
    "percent": ("number", "number"),
    "date": ("date", "date"),
    "datetime": ("datetime", "date"),
}
NUMBERS = {"int", "long", "double", "currency", "percent"}
UNMAPPABLE = {
    "address": "Salesforce shows an address as one value, and takes its parts only: map street, city and country.",
    "location": "A place on the map is not kept in step.",
    "base64": "Files are not kept in step.",
    "anyType": "The type of this field changes from record to record.",
    "encryptedstring": "Salesforce shows asterisks instead of this field's value.",
    "reference": "This field points to another record.",
}
NUMBER = re.compile(r"-?\d+(\.\d+)?\Z")


def field_from_describe(item: Mapping[str, Any]) -> CrmField:
    kind = str(item.get("type") or "string")
    type_, widget = TYPES.get(kind, (kind, ""))
    points_to = [soql.TYPES[name] for name in item.get("referenceTo") or [] if name in soql.TYPES]
    if "user" in points_to:
        type_, widget, kind = "enumeration", "select", "owner"
    unmappable = UNMAPPABLE.get(kind, "" if kind in TYPES or kind == "owner" else f"A {kind} field.")
    writable = item.get("updateable") and not item.get("calculated") and not item.get("autoNumber")
    nullable = item.get("nillable") or item.get("defaultedOnCreate")
    return CrmField(
        name=str(item["name"]),
        label=str(item.get("label") or item["name"]),
        type=type_,
        widget=widget,
        options=tuple(_option(o) for o in item.get("picklistValues") or []),
        read_only=not writable or bool(unmappable),
        length=int(item.get("length") or 0) or None,
        unique=bool(item.get("externalId")),
        required=not nullable and bool(item.get("createable")) and kind != "boolean",
        closed=bool(item.get("restrictedPicklist")) or kind == "boolean",
        unmappable=unmappable,
        refers_to=tuple(points_to),
    )


def with_outcomes(
    fields: list[CrmField], name: str, outcomes: Mapping[str, str], *, closed: bool
) -> list[CrmField]:
    """What being in a stage means, by the stage's name. `closed`: whether a record takes no other stage."""
    return [
        replace(
            f, options=tuple(replace(o, outcome=outcomes.get(o.value, "")) for o in f.options), closed=closed
        )
        if f.name == name
        else f
        for f in fields
    ]


def to_text(value: Any) -> str:
    """A JSON value as the connectors' string. Parts of compound values have fields of their own."""
    if value is None or isinstance(value, (dict, list)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def to_json(records: list[dict[str, Any]], types: Mapping[str, str], whole: Mapping[str, Any]) -> str:
    """A request's body. Numbers are written digit by digit: a float would round large amounts."""
    mark = secrets.token_hex(8)
    prepared = [{n: _value(n, v, types, mark) for n, v in record.items()} for record in records]
    text = json.dumps({**whole, "records": prepared} if whole else prepared[0])
    return re.sub(rf'"{mark}(-?[0-9.]+)"', r"\1", text)


def _value(name: str, value: Any, types: Mapping[str, str], mark: str) -> Any:
    if not isinstance(value, str) or name not in types:
        return value
    if value == "":
        return None
    kind = types[name]
    if kind == "boolean":
        return value == "true"
    return mark + value if kind in NUMBERS and NUMBER.match(value) else value


def _option(option: Mapping[str, Any]) -> FieldOption:
    value = str(option.get("value") or "")
    return FieldOption(value, str(option.get("label") or value), hidden=option.get("active") is False)
