"""The portal's raw values ⇄ the strings that connectors speak, and which field can hold which property.

One form for every CRM: "" is empty, yes/no is "true"/"false", choices are joined by a semicolon, a day is YYYY-MM-DD.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from unicodedata import normalize

from crm_sync.connectors.base import CrmField

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_TEXT = 65_536
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
TRUE = {"true", "yes", "1"}
FALSE = {"false", "no", "0"}

# Which of the CRMs' types can hold which of the portal's.
FITS = {
    "text": {"string", "enumeration", "number", "phone_number"},
    "long_text": {"string"},
    "url": {"string"},
    "email": {"string"},
    "phone": {"string", "phone_number"},
    "number": {"number"},
    "money": {"number"},
    "boolean": {"bool", "enumeration"},
    "date": {"date", "datetime"},
    "datetime": {"datetime"},
    "choice": {"enumeration", "string"},
    "multi_choice": {"enumeration"},
    "user": {"enumeration"},
}


class UnfitValue(ValueError):
    """A value that the other side cannot hold; the text says why, for people."""


def misfit(portal_type: str, field: CrmField, *, crm: str = "The CRM") -> str:
    """Why this property cannot be mapped to this field; "" when it can."""
    if field.unmappable:
        return field.unmappable
    if portal_type not in FITS:
        return f"This kind of property is not kept in step with {crm}."
    if portal_type == "user" and "user" not in field.refers_to:
        return f"{crm}'s {field.label} does not hold one of its users."
    if field.type not in FITS[portal_type]:
        return f"{crm}'s {field.label} is a {field.type} field and cannot hold this property."
    if portal_type == "multi_choice" and field.widget != "checkbox":
        return f"{crm}'s {field.label} takes one choice only."
    if portal_type in ("text", "choice", "boolean") and field.widget == "checkbox":
        return f"{crm}'s {field.label} takes several choices."
    return ""


def from_wire(text: str, *, portal_type: str, currency: str = "") -> Any:
    """The raw value behind the CRM's string; None when it is empty."""
    if UNSTORABLE.search(text) or len(text) > LONGEST_TEXT:
        raise UnfitValue("The value holds characters that cannot be stored, or is too long.")
    if text.strip() == "":
        return None
    if portal_type == "money":
        return {"amount": _decimal_text(text), "currency": currency}
    return FROM_WIRE[portal_type](text)


def to_wire(value: Any, *, portal_type: str) -> str:
    """The CRM's string for a raw value. "" clears a field; null is not accepted everywhere."""
    if value is None:
        return ""
    if portal_type == "money":
        return _decimal_text(value["amount"])
    text = TO_WIRE.get(portal_type, str)(value)
    if len(text) > LONGEST_TEXT:
        raise UnfitValue("The CRM holds at most 65,536 characters.")
    return text


def _text(text: str) -> str:
    # CRMs return line ends as they were typed: without one form an unchanged text looks changed.
    return normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _decimal_text(text: str) -> str:
    try:
        number = Decimal(text.strip())
    except InvalidOperation as error:
        raise UnfitValue(f"“{text[:40]}” is not a number.") from error
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise UnfitValue(f"“{text[:40]}” is not a number that can be stored.")
    plain = format(number, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain in ("-0", "") else plain


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word not in TRUE | FALSE:
        raise UnfitValue(f"“{text[:40]}” is neither yes nor no.")
    return word in TRUE


def _date(text: str) -> str:
    """A day, from YYYY-MM-DD or midnight UTC in milliseconds. Never by way of local time."""
    text = text.strip()
    if re.fullmatch(r"-?\d{5,}", text):
        return _moment(text).date().isoformat()
    try:
        return date.fromisoformat(re.sub(r"T[\d:.+Z-]*$", "", text)).isoformat()
    except ValueError as error:
        raise UnfitValue(f"“{text[:40]}” is not a date.") from error


def _datetime(text: str) -> str:
    moment = _moment(text.strip())
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _moment(text: str) -> datetime:
    try:
        if re.fullmatch(r"-?\d{1,17}", text):
            return EPOCH + timedelta(milliseconds=int(text))
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise UnfitValue(f"“{text[:40]}” is not a date and time.") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _choices(text: str) -> list[str] | None:
    # Old values may carry the leading ";" that means "append" when writing.
    return sorted({choice.strip() for choice in text.split(";") if choice.strip()}) or None


def _joined_choices(values: list[str]) -> str:
    if any(";" in value for value in values):
        raise UnfitValue("The CRM separates choices with a semicolon, so a choice cannot contain one.")
    return ";".join(sorted(set(values)))


FROM_WIRE: Mapping[str, Callable[[str], Any]] = {
    "text": _text,
    "long_text": _text,
    "url": _text,
    "email": _text,
    "phone": _text,
    "number": _decimal_text,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "choice": str.strip,
    "multi_choice": _choices,
}
TO_WIRE: Mapping[str, Callable[[Any], str]] = {
    "text": _text,
    "long_text": _text,
    "url": _text,
    "email": _text,
    "phone": _text,
    "boolean": lambda value: "true" if value else "false",
    "number": _decimal_text,
    "datetime": _datetime,
    "multi_choice": _joined_choices,
}
