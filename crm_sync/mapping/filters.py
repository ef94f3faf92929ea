"""Which records of the CRM a rule lets in: conditions on the CRM's own values. Plain functions."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

OPERATORS = {
    "is": "is",
    "is_not": "is not",
    "one_of": "is one of",
    "contains": "contains",
    "filled": "has a value",
    "empty": "is empty",
    "at_least": "is at least",
    "at_most": "is at most",
}
WITHOUT_VALUE = {"filled", "empty"}


def lets_in(conditions: Sequence[Mapping], values: Mapping[str, str], *, every: bool) -> bool:
    """A rule without conditions lets everything in."""
    answers = (holds(condition, values.get(condition["field"], "")) for condition in conditions)
    return all(answers) if every or not conditions else any(answers)


def holds(condition: Mapping, value: str) -> bool:
    held = {part.strip().casefold() for part in value.split(";") if part.strip()}
    wanted = [text.strip().casefold() for text in condition.get("values", []) if text.strip()]
    match condition["operator"]:
        case "filled":
            return bool(held)
        case "empty":
            return not held
        case "is" | "one_of":
            return value.strip().casefold() in wanted or bool(held & set(wanted))
        case "is_not":
            return not (held & set(wanted))
        case "contains":
            return any(text in value.casefold() for text in wanted)
        case "at_least" | "at_most":
            return _compared(condition["operator"], value, wanted)
    return False


def fields_of(conditions: Sequence[Mapping]) -> set[str]:
    return {condition["field"] for condition in conditions}


def _compared(operator: str, value: str, wanted: list[str]) -> bool:
    if not (value.strip() and wanted):
        return False
    try:
        one, other = Decimal(value), Decimal(wanted[0])
    except InvalidOperation:  # days compare as they are written: 2026-11-22
        return value >= wanted[0] if operator == "at_least" else value <= wanted[0]
    return one >= other if operator == "at_least" else one <= other
