"""Which values HubSpot takes, and with which codes it refuses the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any


@dataclass
class Problem:
    name: str
    code: str
    message: str


class Refused(Exception):
    def __init__(self, problems: list[Problem]):
        super().__init__(problems[0].message)
        self.problems = problems


def problem(
    known: Mapping[str, Any] | None, name: str, value: Any, listed: Sequence[str] | None = None
) -> Problem | None:
    if known is None:
        return Problem(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
    if known["modificationMetadata"]["readOnlyValue"] or known["calculated"]:
        return Problem(name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
    if not isinstance(value, str):
        return Problem(name, "INVALID_STRING", f"{name} must be a string")
    return misfit(known, value, listed) if value else None


def misfit(known: Mapping[str, Any], value: str, listed: Sequence[str] | None = None) -> Problem | None:
    """`listed`: the options, where they are kept elsewhere."""
    name = known["name"]
    if known["type"] in ("enumeration", "bool"):
        allowed = listed if listed is not None else [option["value"] for option in known["options"]]
        chosen = value.strip(";").split(";") if known["fieldType"] == "checkbox" else [value]
        for choice in chosen:
            if choice not in allowed:
                listed = ", ".join(allowed)
                text = f"{choice} was not one of the allowed options: [{listed}]"
                return Problem(name, "INVALID_OPTION", text)
    if known["type"] == "number" and not _is_number(value):
        return Problem(name, "INVALID_INTEGER", f"{value} was not a valid number.")
    if known["type"] == "date" and not _is_day(value):
        return Problem(name, "INVALID_DATE", f"{value} was not a valid date.")
    return None


def _is_number(value: str) -> bool:
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _is_day(value: str) -> bool:
    if value.lstrip("-").isdigit():
        return int(value) % 86_400_000 == 0
    try:
        return bool(date.fromisoformat(value))
    except ValueError:
        return False
