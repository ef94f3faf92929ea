"""Which values Salesforce takes, and with which codes it refuses the others."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any


class Refused(Exception):
    """A record that is not saved: [{"statusCode", "message", "fields"}]."""

    def __init__(self, errors: list[dict[str, Any]]):
        super().__init__(errors[0]["message"])
        self.errors = errors


def refusal(code: str, message: str, *fields: str) -> dict[str, Any]:
    return {"statusCode": code, "message": message, "fields": list(fields)}


def problem(known: Mapping[str, Any] | None, name: str, value: Any, *, making: bool) -> dict[str, Any] | None:
    """One refusal a value, the first that Salesforce would find."""
    if known is None:
        return refusal("INVALID_FIELD", f"No such column '{name}' on sobject", name)
    if not known["createable" if making else "updateable"]:
        text = f"Unable to create/update fields: {name}. Please check the security settings of this field."
        return refusal("INVALID_FIELD_FOR_INSERT_UPDATE", text, name)
    if value is None:
        if not known["nillable"] and not known["defaultedOnCreate"]:
            return refusal("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{name}]", name)
        return refusal("INVALID_TYPE", f"{name} cannot be null", name) if known["type"] == "boolean" else None
    if not _is_of(known["type"], value):
        text = f"Cannot deserialize instance of {known['type']} from VALUE_STRING value {value}"
        return refusal("JSON_PARSER_ERROR", text, name)
    return _misfit(known, name, value)


def _misfit(known: Mapping[str, Any], name: str, value: Any) -> dict[str, Any] | None:
    if known["restrictedPicklist"]:
        allowed = {option["value"] for option in known["picklistValues"] if option["active"]}
        chosen = value.split(";") if known["type"] == "multipicklist" else [value]
        for choice in filter(None, chosen):
            if choice not in allowed:
                text = f"{known['label']}: bad value for restricted picklist field: {choice}"
                return refusal("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", text, name)
    if isinstance(value, str) and known["length"] and len(value) > known["length"]:
        text = f"{known['label']}: data value too large: {value[:80]} (max length={known['length']})"
        return refusal("STRING_TOO_LONG", text, name)
    if known["type"] == "email" and value and "@" not in value:
        return refusal("INVALID_EMAIL_ADDRESS", f"{known['label']}: invalid email address: {value}", name)
    return None


def _is_of(type_: str, value: Any) -> bool:
    if type_ == "boolean":
        return isinstance(value, bool)
    if type_ in ("int", "long", "double", "currency", "percent"):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if not isinstance(value, str):
        return False
    try:
        if type_ == "date":
            date.fromisoformat(value)
        if type_ == "datetime":
            datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
