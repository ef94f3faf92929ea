"""What a value of each property type may be: from anything outside to the raw form that people see and the
normalised form that rules compare. Everything here is hostile until it came through.

Raw forms: text, address and phone as strings, numbers as decimal strings, money as {"amount", "currency"},
yes/no as booleans, days as YYYY-MM-DD, moments as YYYY-MM-DDTHH:MM:SS.mmmZ, options by their value, several
options sorted, team members by id. No value is None, and absent from the document.
"""

import datetime as dt
import re
import unicodedata
import uuid
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

MAX_TEXT = 1_000
MAX_LONG_TEXT = 65_536  # HubSpot's limit of a string
MAX_DIGITS = 15  # what a float8 keeps exactly
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
PHONE = re.compile(r"\+?[0-9 ()./\-]{3,30}(?: ?(?:x|ext\.?) ?[0-9]{1,6})?\Z", re.IGNORECASE)
# In every time zone these moments still lie in the calendar.
FIRST_MOMENT = dt.datetime(1, 1, 3, tzinfo=dt.UTC)
LAST_MOMENT = dt.datetime(9999, 12, 29, tzinfo=dt.UTC)
TOO_FAR = "This moment is too far away."
CURRENCY = re.compile(r"[A-Z]{3}\Z")
NOT_AN_ADDRESS = "Enter an e-mail address, such as ana@example.com."
_valid_url = URLValidator(schemes=["http", "https"])


class Invalid(ValueError):
    """The value is not one of its type. The message is for the person who typed it."""


def clean(prop, value):
    """The raw form of a value of a property, None for no value. Raises Invalid."""
    if isinstance(value, str):
        value = _tidy(value)
    if value is None or value == "" or value == [] or value == {}:
        return None
    return _CLEAN[prop.type](prop, value)


def normalise(prop, raw):
    """The form that rules compare, from a raw value; None stays None."""
    if raw is None:
        return None
    match prop.type:
        case "text" | "long_text" | "url" | "email" | "phone":
            return fold(raw)
        case "number":
            return _json_number(Decimal(raw))
        case "money":
            return {"a": _json_number(Decimal(raw["amount"])), "c": raw["currency"]}
        case _:
            return raw


def fold(text):
    """Text as rules compare it: composed, trimmed, without case. Folded here alone, never in the database."""
    return unicodedata.normalize("NFC", text).strip().casefold()


def _tidy(text):
    if UNSTORABLE.search(text):
        raise Invalid("This text contains a character that cannot be stored.")
    composed = unicodedata.normalize("NFC", text)
    return composed.replace("\r\n", "\n").replace("\r", "\n").strip()


def _text(limit):
    def to_text(prop, value):
        if not isinstance(value, str):
            raise Invalid("Enter text.")
        if len(value) > limit:
            raise Invalid(f"Keep it under {limit:,} characters; this has {len(value):,}.")
        return value

    return to_text


def _decimal(value):
    if isinstance(value, bool):
        raise Invalid("Enter a number.")
    try:
        number = Decimal(str(value).replace(" ", "").replace("\u00a0", ""))
    except InvalidOperation as error:
        raise Invalid("Enter a number, such as 1250 or 12.5.") from error
    if not number.is_finite():
        raise Invalid("Enter a number, such as 1250 or 12.5.")
    # The size first: normalising a huge exponent overflows.
    if number and not -9 <= number.adjusted() <= MAX_DIGITS:
        raise Invalid(f"Numbers have at most {MAX_DIGITS} digits.")
    number = number.normalize() if number else Decimal(0)
    if len(number.as_tuple().digits) > MAX_DIGITS:
        raise Invalid(f"Numbers have at most {MAX_DIGITS} digits.")
    return number


def _number(prop, value):
    return format(_decimal(value), "f")


def _money(prop, value):
    if isinstance(value, str):
        amount, _, currency = value.rpartition(" ")
        if not CURRENCY.match(currency):
            raise Invalid("Enter an amount and its currency, such as 1200.50 EUR.")
        value = {"amount": amount, "currency": currency}
    if not isinstance(value, dict) or set(value) != {"amount", "currency"}:
        raise Invalid("Enter an amount and its currency.")
    if value["amount"] in ("", None):
        return None
    if not CURRENCY.match(str(value["currency"])):
        raise Invalid("The currency is three capital letters, such as EUR.")
    amount = _decimal(value["amount"])
    return {"amount": format(amount, "f"), "currency": value["currency"]}


def _boolean(prop, value):
    if isinstance(value, str):
        value = {"true": True, "yes": True, "false": False, "no": False}.get(value.lower(), value)
    if not isinstance(value, bool):
        raise Invalid("Choose yes or no.")
    return value


def _date(prop, value):
    if isinstance(value, dt.datetime):
        raise Invalid("Enter a day without a time.")
    if isinstance(value, dt.date):
        return value.isoformat()
    try:
        day = parse_date(value) if isinstance(value, str) else None
    except ValueError:
        day = None
    if day is None:
        raise Invalid("Enter a day as 2026-11-22.")
    return day.isoformat()


def _datetime(prop, value):
    if isinstance(value, str):
        try:
            value = parse_datetime(value)
        except ValueError:
            value = None
    if not isinstance(value, dt.datetime):
        raise Invalid("Enter a day and a time.")
    if timezone.is_naive(value):
        value = value.replace(tzinfo=prop.workspace.zone)
    try:
        utc = value.astimezone(dt.UTC)
    except OverflowError as error:
        raise Invalid(TOO_FAR) from error
    if not FIRST_MOMENT <= utc <= LAST_MOMENT:
        raise Invalid(TOO_FAR)
    return f"{utc.year:04}-{utc:%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03}Z"


def _choice(prop, value):
    if value not in [option["value"] for option in prop.options]:
        raise Invalid(f"“{value}” is not one of the options.")
    return value


def _multi_choice(prop, value):
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, (list, tuple, set)):
        raise Invalid("Choose from the options.")
    return sorted({_choice(prop, str(v)) for v in values if v != ""}) or None


def _url(prop, value):
    value = _text(MAX_TEXT)(prop, value)
    if "://" not in value:
        value = f"https://{value}"
    try:
        _valid_url(value)
    except ValidationError as error:
        raise Invalid("Enter a web address, such as https://example.com.") from error
    return value


def _email(prop, value):
    value = _text(320)(prop, value)
    try:
        validate_email(value)
    except ValidationError as error:
        raise Invalid(NOT_AN_ADDRESS) from error
    return value.lower()


def _phone(prop, value):
    value = _text(40)(prop, value)
    if not PHONE.match(value):
        raise Invalid("Enter a phone number, such as +49 30 901820.")
    return value


def _user(prop, value):
    from workspaces.models import TeamMember  # models import this module

    try:
        member = TeamMember.objects.filter(pk=uuid.UUID(str(value))).first()
    except ValueError:
        member = None
    if member is None:
        raise Invalid("Choose a member of the team.")
    return str(member.pk)


def _json_number(number):
    return int(number) if number == number.to_integral_value() else float(number)


_CLEAN = {
    "text": _text(MAX_TEXT),
    "long_text": _text(MAX_LONG_TEXT),
    "number": _number,
    "money": _money,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "choice": _choice,
    "multi_choice": _multi_choice,
    "url": _url,
    "email": _email,
    "phone": _phone,
    "user": _user,
}
