"""Between the value of a condition and the parts in which a form shows it."""

import re
from decimal import Decimal, InvalidOperation

from segments.rules.fields import Fields

NUMBER = re.compile(r"[-−]?\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?\Z")
MAGNITUDE = 100_000  # a power of ten far beyond every limit; arithmetic with much greater ones overflows
SEVERAL = {"texts", "exact_texts", "domains", "numbers", "month_days"}
CHOSEN = {"options", "segments", "months", "weekdays"}
NUMERIC = {"number", "numbers", "count", "many", "length", "days", "month_days", "months", "weekdays"}
SALT = "share"
ENDS = ("from", "to")

type Inputs = dict[str, list[str]]


def first(inputs: Inputs, name: str) -> str:
    return (inputs.get(name) or [""])[0].strip()


def from_inputs(takes: str, inputs: Inputs, fields: Fields):
    """The value as the rule keeps it. What makes no sense stays text, for the validator to refuse."""
    if takes in SEVERAL:
        # Not splitlines(): a rare separator within a value is part of it.
        lines = [line.strip() for text in inputs.get("v", []) for line in text.split("\n")]
        return [_number(line) if takes in NUMERIC else line for line in lines if line]
    if takes in CHOSEN:
        return [_number(one) if takes in NUMERIC else one for one in inputs.get("v", []) if one]
    one, two = first(inputs, "v"), first(inputs, "w")
    if takes in NUMERIC:
        return _number(one)
    return {
        "number_pair": lambda: [_number(one), _number(two), *_open(inputs)],
        "date_pair": lambda: [one, two, *_open(inputs)],
        "amount": lambda: _amount(one, inputs, fields),
        "amount_pair": lambda: [_amount(one, inputs, fields), _amount(two, inputs, fields), *_open(inputs)],
        "span": lambda: {"n": _number(one), "unit": first(inputs, "unit") or "day"},
        "day_span": lambda: {"n": _number(one), "unit": first(inputs, "unit") or "day"},
        "any_span": lambda: {"n": _number(one), "unit": first(inputs, "unit") or "day"},
        "text_transition": lambda: _passage(inputs),
        "option_transition": lambda: _passage(inputs),
        "times": lambda: {"n": _number(first(inputs, "n") or "1")} | _deed(inputs),
        "never": lambda: _deed(inputs),
        "deed_day": lambda: {"day": one} | _what(inputs),
        "deed_span": lambda: _deed(inputs),
        "chance": lambda: {"percent": _number(one), "salt": first(inputs, "salt") or SALT},
        "period": lambda: _period(inputs),
        "mod": lambda: {"d": _number(one), "r": _number(two)},
        "field": lambda: _place(one, fields),
    }.get(takes, lambda: one)()


def _open(inputs: Inputs) -> list[str]:
    """Which ends of a pair are left out, where any is."""
    return [without] if (without := first(inputs, "open")) else []


def _amount(text: str, inputs: Inputs, fields: Fields):
    return {"a": _number(text), "c": first(inputs, "currency").upper() or fields.currency} if text else ""


def _period(inputs: Inputs) -> dict:
    period = {"which": first(inputs, "which") or "this", "unit": first(inputs, "unit") or "month"}
    return period | {"n": _number(first(inputs, "v") or "1")}


def _passage(inputs: Inputs) -> dict:
    """From which values to which, each on a line or chosen; and how long ago at most, if anything is entered."""
    found: dict = {}
    for end in ENDS:
        lines = [line.strip() for text in inputs.get(end, []) for line in text.split("\n")]
        found |= {end: kept} if (kept := [line for line in lines if line]) else {}
    if count := first(inputs, "n"):
        found["within"] = {"n": _number(count), "unit": first(inputs, "unit") or "day"}
    return found


def _deed(inputs: Inputs) -> dict:
    """Of an activity: to what it was done, and how long ago at most, where anything is chosen."""
    found = _what(inputs)
    if count := first(inputs, "v"):
        found["within"] = {"n": _number(count), "unit": first(inputs, "unit") or "day"}
    return found


def _what(inputs: Inputs) -> dict:
    return {"what": what} if (what := first(inputs, "what")) else {}


def _place(name: str, fields: Fields):
    found = fields.named(name)
    return {"p": found.number, "of": found.of} if found else ""


def _number(text: str):
    """A number as people write it, with thousands; else the text itself, for the validator to refuse."""
    text = text.strip().replace("\u00a0", " ")
    if NUMBER.match(text):
        text = text.replace(",", "").replace(" ", "")
    try:
        number = Decimal(text.replace("−", "-"))
    except InvalidOperation:
        return text
    if not number.is_finite() or abs(number.adjusted()) > MAGNITUDE:
        return text
    return int(number) if number == number.to_integral_value() and abs(number) < 10**16 else float(number)


def as_inputs(takes: str, value) -> Inputs:
    """The parts of a stored value as they stand in the form."""
    if takes == "nothing" or value is None:
        return {}
    if takes in SEVERAL:
        return {"v": ["\n".join(str(one) for one in value)]}
    if takes in CHOSEN:
        return {"v": [str(one) for one in value]}
    if takes in ("number_pair", "date_pair"):
        return {"v": [str(value[0])], "w": [str(value[1])]} | _open_inputs(value)
    if takes == "amount":
        return {"v": [str(value["a"])], "currency": [value["c"]]}
    if takes == "amount_pair":
        low, high = value[:2]
        ends = {"v": [str(low["a"])], "w": [str(high["a"])], "currency": [low["c"]]}
        return ends | _open_inputs(value)
    if takes in ("span", "day_span", "any_span"):
        return {"v": [str(value["n"])], "unit": [value["unit"]]}
    if takes == "period":
        return {"which": [value["which"]], "unit": [value["unit"]], "v": [str(value.get("n", 1))]}
    if takes == "mod":
        return {"v": [str(value["d"])], "w": [str(value["r"])]}
    if takes in ("text_transition", "option_transition"):
        glue = "\n".join if takes == "text_transition" else None
        found = {end: [glue(value[end])] if glue else value[end] for end in ENDS if end in value}
        within = value.get("within")
        return found | ({"n": [str(within["n"])], "unit": [within["unit"]]} if within else {})
    if takes == "deed_day":
        return {"v": [value["day"]]} | ({"what": [value["what"]]} if "what" in value else {})
    if takes in ("times", "never", "deed_span"):
        within = value.get("within")
        found = {name: [str(value[name])] for name in ("n", "what") if name in value}
        return found | ({"v": [str(within["n"])], "unit": [within["unit"]]} if within else {})
    if takes == "chance":
        return {"v": [str(value["percent"])], "salt": [value["salt"]]}
    if takes == "field":
        return {"v": [f"{value['of']}:{value['p']}"]}
    return {"v": [str(value)]}


def _open_inputs(value: list) -> Inputs:
    return {"open": [value[2]]} if len(value) > 2 else {}
