"""Stored values as people write them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from segments.rules.fields import Field

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def value_words(field: Field, value, zone: str = "UTC") -> str:
    """A stored value as people write it; nothing is "blank"."""
    if value is None:
        return "blank"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(field.option_label(one) for one in value) or "blank"
    if isinstance(value, dict):
        return money_words(value)
    if isinstance(value, int | float):
        return f"{value:,}"
    if field.type in ("choice", "user", "multi_choice"):
        return field.option_label(value)
    return day_words(value, zone) if field.type in ("date", "datetime") else f"“{value}”"


def money_words(value: dict) -> str:
    amount = value["a"]
    number = f"{amount:,}" if isinstance(amount, int) else f"{amount:,.2f}"
    sign = {"EUR": "€", "USD": "$", "GBP": "£"}.get(value["c"])
    return f"{sign}{number}" if sign else f"{number} {value['c']}"


def day_words(text: str, zone: str = "UTC") -> str:
    """A day, or an instant on the clock of the zone."""
    clock = "" if len(text) == 10 else f", {text[11:16]}"
    if clock and zone != "UTC":
        try:
            at = datetime.fromisoformat(text).astimezone(ZoneInfo(zone))
            text, clock = f"{at:%Y-%m-%d}", f", {at:%H:%M}"
        except OverflowError:  # the first and last hours of the calendar
            zone = "UTC"
    day = f"{int(text[8:10])} {MONTHS[int(text[5:7]) - 1]} {text[:4]}"
    return f"{day}{clock}{' UTC' if clock and zone == 'UTC' else ''}"
