"""The values of conditions: what each form accepts, and its one canonical spelling."""

import math
from collections.abc import Callable
from datetime import date
from typing import Any

import re2

from segments.rules.fields import Field
from segments.rules.operators import CLOCK_UNITS, DAY_UNITS, FISCAL_UNITS, Operator
from segments.rules.text import SEPARATORS, fold, tidy
from segments.rules.tree import MAX_VALUES
from segments.rules.versions import version

LONGEST = {"minute": 525_600, "hour": 87_600, "day": 36_500, "week": 5_200, "month": 1_200, "quarter": 400}
MAX_TEXT = 1000
MAX_PATTERN = 250
MAX_TIMES = 100
OPEN_ENDS = ("from", "to", "both")  # which ends of a pair do not belong to it


class BadValue(ValueError):
    """The value does not fit the operator; the message is for the person who wrote it."""


def canonical(operator: Operator, field: Field, value: object) -> Any:
    if operator.takes == "nothing":
        if value is not None:
            raise BadValue("This comparison takes no value.")
        return None
    if operator.takes == "never" and value in (None, {}):
        return None  # never at all
    if value is None or value == "" or value == []:
        raise BadValue("Choose a segment." if operator.takes == "segments" else "Enter a value.")
    return _FORMS[operator.takes](field, value)


def _text(field: Field, value: object) -> str:
    if not isinstance(value, str):
        raise BadValue("Enter text.")
    text = tidy(value)
    if not text:
        raise BadValue("Enter a value.")
    if len(text) > MAX_TEXT:
        raise BadValue(f"Use at most {MAX_TEXT:,} characters.")
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise BadValue("This text holds a character that cannot be stored.")
    return text


def _word(field: Field, value: object) -> str:
    word = _text(field, value)
    if any(char in SEPARATORS for char in fold(word)):
        raise BadValue("Enter one word, without spaces or punctuation.")
    return word


def _domain(field: Field, value: object) -> str:
    domain = fold(_text(field, value)).removeprefix("@")
    if not domain or "@" in domain or " " in domain:
        raise BadValue("Enter a domain such as acme.com.")
    return domain


def _list(item: Callable[[Field, object], object], noun: str) -> Callable[[Field, object], list]:
    def clean(field: Field, value: object) -> list:
        if not isinstance(value, list):
            raise BadValue(f"Enter a list of {noun}.")
        if len(value) > MAX_VALUES:
            raise BadValue(f"A list holds at most {MAX_VALUES:,} values.")
        return sorted({item(field, one) for one in value})

    return clean


def number(field: Field, value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValue("Enter a number.")
    if isinstance(value, float) and not math.isfinite(value):
        raise BadValue("Enter a finite number.")
    if abs(value) >= 1e15:
        raise BadValue("Use at most 15 digits.")
    exact = int(value) if value == int(value) else float(f"{value:.15g}")
    if exact != value:
        raise BadValue("Use at most 15 digits.")
    return exact


def _pattern(field: Field, value: object) -> str:
    """RE2's language: no look-around and no back-references, and so never slow."""
    pattern = _text(field, value)
    if len(pattern) > MAX_PATTERN:
        raise BadValue(f"Use at most {MAX_PATTERN} characters.")
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise BadValue(f"This pattern cannot be read: {reason}.") from None
    return pattern


def _version(field: Field, value: object) -> str:
    text = fold(_text(field, value))
    if version(text) is None:
        raise BadValue("Enter a version such as 2.10.3.")
    return text


def _whole(low: int, high: int) -> Callable[[Field, object], int]:
    def clean(field: Field, value: object) -> int:
        exact = number(field, value)
        if not isinstance(exact, int) or not low <= exact <= high:
            raise BadValue(f"Enter a whole number from {low} to {high:,}.")
        return exact

    return clean


def _pair(item: Callable[[Field, object], Any]) -> Callable[[Field, object], list]:
    """From and to, which belong to it; a third part says which of them does not."""

    def clean(field: Field, value: object) -> list:
        if not isinstance(value, list) or not 2 <= len(value) <= 3:
            raise BadValue("Enter two values.")
        low, high = (item(field, one) for one in value[:2])
        if _amount_of(low) > _amount_of(high):
            raise BadValue("The first value must not be greater than the second.")
        if isinstance(low, dict) and low["c"] != high["c"]:
            raise BadValue("Both amounts need the same currency.")
        if len(value) == 2:
            return [low, high]
        if value[2] not in OPEN_ENDS:
            raise BadValue("Without the first value, the last, or both.")
        if low == high:
            raise BadValue("Nothing lies between these two.")
        return [low, high, value[2]]

    return clean


def _amount_of(value: Any) -> Any:
    return value["a"] if isinstance(value, dict) else value


def _amount(field: Field, value: object) -> dict:
    if not isinstance(value, dict) or set(value) != {"a", "c"}:
        raise BadValue("Enter an amount and its currency.")
    currency = value["c"]
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise BadValue("Enter a currency of three letters, such as EUR.")
    return {"a": number(field, value["a"]), "c": currency}


def _option(field: Field, value: object) -> str:
    if not isinstance(value, str):
        raise BadValue("Choose an option.")
    if value not in dict(field.options):
        raise BadValue(f"“{value}” is no longer an option of {field.label}, so it matches nobody.")
    return value


def _date(field: Field, value: object) -> str:
    try:
        if isinstance(value, str) and len(value) == 10:
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise BadValue("Enter a date.")


def _span_in(units: tuple[str, ...]) -> Callable[[Field, object], dict]:
    def clean(field: Field, value: object) -> dict:
        allowed = units if field.type == "datetime" else DAY_UNITS
        if not isinstance(value, dict) or set(value) != {"n", "unit"} or value["unit"] not in allowed:
            raise BadValue("Enter a number and a unit.")
        return {"n": _whole(1, LONGEST.get(value["unit"], 100))(field, value["n"]), "unit": value["unit"]}

    return clean


def _period(field: Field, value: object) -> dict:
    if not isinstance(value, dict) or not {"which", "unit"} <= set(value) <= {"which", "unit", "n"}:
        raise BadValue("Choose a period.")
    if value["which"] not in ("this", "last", "next", "so_far"):
        raise BadValue("Choose a period.")
    if value["unit"] not in (*DAY_UNITS, *FISCAL_UNITS):
        raise BadValue("Choose a period.")
    count = _whole(1, LONGEST.get(value["unit"], 100))(field, value.get("n", 1))
    found = {"which": value["which"], "unit": value["unit"]}
    return found if count == 1 or value["which"] in ("this", "so_far") else found | {"n": count}


def _mod(field: Field, value: object) -> dict:
    if not isinstance(value, dict) or set(value) != {"d", "r"}:
        raise BadValue("Enter a divisor and a remainder.")
    divisor = _whole(2, 1_000_000)(field, value["d"])
    return {"d": divisor, "r": _whole(0, divisor - 1)(field, value["r"])}


def _field(field: Field, value: object) -> dict:
    """Which property it is and whether it may stand there is asked by the validator, who knows them all."""
    if not isinstance(value, dict) or set(value) != {"p", "of"}:
        raise BadValue("Choose a property to compare with.")
    return {"of": value["of"], "p": value["p"]}


def _transition(item: Callable[[Field, object], object], noun: str) -> Callable[[Field, object], dict]:
    """From what to what, where an end that is left out is anything; and how long ago at most."""
    several = _list(item, noun)

    def clean(field: Field, value: object) -> dict:
        if not isinstance(value, dict) or not set(value) <= {"from", "to", "within"}:
            raise BadValue("Choose from what and to what it changed.")
        found: dict = {end: several(field, value[end]) for end in ("from", "to") if value.get(end)}
        if not found:
            raise BadValue("Choose from what or to what it changed.")
        if value.get("within"):
            found["within"] = _any_span(field, value["within"])
        return found

    return clean


def _any_span(field: Field, value: object) -> dict:
    if not isinstance(value, dict) or set(value) != {"n", "unit"}:
        raise BadValue("Enter a number and a unit.")
    if value["unit"] not in (*CLOCK_UNITS, *DAY_UNITS):
        raise BadValue("Enter a number and a unit.")
    return {"n": _whole(1, LONGEST.get(value["unit"], 100))(field, value["n"]), "unit": value["unit"]}


def _times(lowest: int | None) -> Callable[[Field, object], dict]:
    """How often something was done, of what, and how long ago at most."""

    def clean(field: Field, value: object) -> dict:
        if not isinstance(value, dict) or not set(value) <= {"n", "what", "within"}:
            raise BadValue("Enter how many times.")
        found: dict = {}
        if lowest is not None:
            found["n"] = _whole(lowest, MAX_TIMES)(field, value.get("n"))
        if value.get("what"):
            found["what"] = _option(field, value["what"])
        if value.get("within"):
            found["within"] = _any_span(field, value["within"])
        return found

    return clean


def _deed(part: str, item: Callable[[Field, object], object]) -> Callable[[Field, object], dict]:
    """When something was done, and of what."""

    def clean(field: Field, value: object) -> dict:
        if not isinstance(value, dict) or not {part} <= set(value) <= {part, "what"}:
            raise BadValue("Enter when it was.")
        what = {"what": _option(field, value["what"])} if value.get("what") else {}
        return {part: item(field, value[part])} | what

    return clean


def _chance(field: Field, value: object) -> dict:
    if not isinstance(value, dict) or set(value) != {"percent", "salt"}:
        raise BadValue("Enter a share in percent.")
    share = number(field, value["percent"])
    if not 0 < share < 100:
        raise BadValue("Enter a share above 0 and below 100 percent.")
    return {"percent": share, "salt": _text(field, value["salt"])[:40]}


def _segment(field: Field, value: object) -> str:
    if not isinstance(value, str) or value not in dict(field.options):
        raise BadValue("Choose a segment. One that was archived or deleted cannot be asked about.")
    return value


def _measure(field: Field, value: object) -> dict:
    """The comparison itself is looked at by the validator, who knows the fields of the records."""
    if not isinstance(value, dict) or not {"p", "op"} <= set(value) <= {"p", "op", "v", "unknown"}:
        raise BadValue("Choose what to measure and what to compare it with.")
    return value


_texts = _list(_text, "words")
_FORMS: dict[str, Callable] = {
    "text": _text,
    "texts": _texts,
    "exact_text": _text,
    "exact_texts": _texts,
    "regex": _pattern,
    "version": _version,
    "length": _whole(0, 100_000),
    "text_transition": _transition(_text, "words"),
    "option_transition": _transition(_option, "options"),
    "segments": _list(_segment, "segments"),
    "times": _times(1),
    "never": _times(None),
    "deed_day": _deed("day", _date),
    "deed_span": _deed("within", _any_span),
    "many": _whole(1, 1_000_000),
    "measure": _measure,
    "chance": _chance,
    "word": _word,
    "domains": _list(_domain, "domains"),
    "number": number,
    "numbers": _list(number, "numbers"),
    "number_pair": _pair(number),
    "amount": _amount,
    "amount_pair": _pair(_amount),
    "options": _list(_option, "options"),
    "count": _whole(0, 1_000_000),
    "date": _date,
    "date_pair": _pair(_date),
    "span": _span_in(DAY_UNITS + CLOCK_UNITS),
    "day_span": _span_in(DAY_UNITS),
    "any_span": _any_span,
    "period": _period,
    "days": _whole(0, 365),
    "months": _list(_whole(1, 12), "months"),
    "weekdays": _list(_whole(1, 7), "weekdays"),
    "month_days": _list(_whole(1, 31), "days"),
    "mod": _mod,
    "field": _field,
}
