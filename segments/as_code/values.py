"""Values of conditions as people read and write them: 3 days, last 2 months, 50000 EUR."""

import re
from collections.abc import Callable
from typing import Any

from segments.rules.fields import Field
from segments.rules.operators import CLOCK_UNITS, DAY_UNITS, FISCAL_UNITS

UNITS = (*CLOCK_UNITS, *DAY_UNITS, *FISCAL_UNITS)
SPAN = re.compile(r"(\d{1,9}) (\w+?)s?\Z")
PERIOD = re.compile(r"(this|last|next|so far this) (?:(\d{1,9}) )?(\w+?)s?\Z")
AMOUNT = re.compile(r"(\S+) ([A-Z]{3})\Z")


class NoValue(ValueError):
    """The text does not say a value of this form."""


def written(takes: str, field: Field, value: Any) -> Any:
    """The canonical value as it stands in a file."""
    return _FORMS[takes][0](field, value) if takes in _FORMS else value


def read(takes: str, field: Field, value: Any) -> Any:
    """The other way round. What has no form of its own is left to the validator. Raises NoValue."""
    return _FORMS[takes][1](field, value) if takes in _FORMS else value


def name_of_option(field: Field, value: str) -> str:
    """What people call it, where that names it alone; a choice is called by its value."""
    label = field.option_label(value)
    if field.type in ("choice", "multi_choice"):
        return value
    return label if option_named(field, label) == value else value


def option_named(field: Field, name: Any) -> Any:
    """The value that is written so; else the only one with this label."""
    if name in {value for value, _ in field.options}:
        return name
    called = [value for value, label in field.options if label == name]
    return called[0] if len(called) == 1 else name


def _write_span(field: Field, value: dict) -> str:
    return f"{value['n']} {value['unit']}{'' if value['n'] == 1 else 's'}"


def _read_span(field: Field, value: Any) -> dict:
    found = SPAN.match(value) if isinstance(value, str) else None
    if found is None or found[2] not in UNITS:
        raise NoValue("Write a number and a unit, such as “3 days”.")
    return {"n": int(found[1]), "unit": found[2]}


def _write_period(field: Field, value: dict) -> str:
    which = "so far this" if value["which"] == "so_far" else value["which"]
    count = value.get("n", 1)
    return f"{which} {value['unit']}" if count == 1 else f"{which} {count} {value['unit']}s"


def _read_period(field: Field, value: Any) -> dict:
    found = PERIOD.match(value) if isinstance(value, str) else None
    if found is None or found[3] not in UNITS:
        raise NoValue("Write a period, such as “this month” or “last 2 quarters”.")
    period = {"which": "so_far" if found[1] == "so far this" else found[1], "unit": found[3]}
    return period | ({"n": int(found[2])} if found[2] else {})


def _write_amount(field: Field, value: dict) -> str:
    return f"{value['a']!r} {value['c']}"


def _read_amount(field: Field, value: Any) -> dict:
    found = AMOUNT.match(value) if isinstance(value, str) else None
    if found is None:
        raise NoValue("Write an amount and its currency, such as “50000 EUR”.")
    try:
        amount = float(found[1]) if set(found[1]) & set(".eE") else int(found[1])
    except ValueError:
        raise NoValue("Write an amount and its currency, such as “50000 EUR”.") from None
    return {"a": amount, "c": found[2]}


def _several(form: Callable) -> Callable:
    def each(field: Field, value: Any) -> list:
        if not isinstance(value, list):
            raise NoValue("Write a list.")
        return [form(field, one) for one in value]

    return each


def _parts(**forms: Callable) -> Callable:
    """A value with named parts, of which some have a form."""

    def each(field: Field, value: Any) -> Any:
        if not isinstance(value, dict):
            raise NoValue(f"Write it in parts: {', '.join(forms)}.")
        return {name: forms[name](field, part) if name in forms else part for name, part in value.items()}

    return each


def _write_mod(field: Field, value: dict) -> dict:
    return {"divisor": value["d"], "remainder": value["r"]}


def _read_mod(field: Field, value: Any) -> dict:
    if not isinstance(value, dict) or set(value) != {"divisor", "remainder"}:
        raise NoValue("Write a divisor and a remainder.")
    return {"d": value["divisor"], "r": value["remainder"]}


def _write_ends(form: Callable) -> Callable:
    """Two ends as a list; where one of them does not belong, in parts."""

    def each(field: Field, value: list) -> Any:
        low, high, *without = value
        ends = [form(field, low), form(field, high)]
        return {"from": ends[0], "to": ends[1], "without": without[0]} if without else ends

    return each


def _read_ends(form: Callable) -> Callable:
    def each(field: Field, value: Any) -> list:
        if isinstance(value, list):
            return [form(field, one) for one in value]
        if not isinstance(value, dict) or set(value) != {"from", "to", "without"}:
            raise NoValue("Write two values as a list, or in parts: from, to, without.")
        return [form(field, value["from"]), form(field, value["to"]), value["without"]]

    return each


def _as_it_is(field: Field, value: Any) -> Any:
    return value


_SPAN = (_write_span, _read_span)
_AMOUNT = (_write_amount, _read_amount)
_OPTION = (name_of_option, option_named)
_FORMS: dict[str, tuple[Callable, Callable]] = {
    "span": _SPAN,
    "day_span": _SPAN,
    "any_span": _SPAN,
    "period": (_write_period, _read_period),
    "amount": _AMOUNT,
    "amount_pair": (_write_ends(_write_amount), _read_ends(_read_amount)),
    **dict.fromkeys(("number_pair", "date_pair"), (_write_ends(_as_it_is), _read_ends(_as_it_is))),
    "options": (_several(name_of_option), _several(option_named)),
    "mod": (_write_mod, _read_mod),
    "text_transition": (_parts(within=_write_span), _parts(within=_read_span)),
    "option_transition": tuple(
        _parts(**{"from": _several(option), "to": _several(option), "within": span})
        for option, span in zip(_OPTION, _SPAN, strict=True)
    ),  # type: ignore[dict-item]
    "times": tuple(_parts(what=option, within=span) for option, span in zip(_OPTION, _SPAN, strict=True)),  # type: ignore[dict-item]
    "deed_day": (_parts(what=name_of_option), _parts(what=option_named)),
    "deed_span": tuple(_parts(what=option, within=span) for option, span in zip(_OPTION, _SPAN, strict=True)),  # type: ignore[dict-item]
    "never": tuple(_parts(what=option, within=span) for option, span in zip(_OPTION, _SPAN, strict=True)),  # type: ignore[dict-item]
}
