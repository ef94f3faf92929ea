"""A condition as both compilers see it: one positive test on one column, with folded constants."""

from dataclasses import dataclass
from typing import Any

from segments.rules.fields import TEXT_TYPES, Field, Fields
from segments.rules.operators import named
from segments.rules.text import fold
from segments.rules.tree import Node
from segments.rules.windows import Anniversary, Window, window


@dataclass(frozen=True, slots=True)
class Column:
    """Where the value stands: the subject's document or its partner's, and for money one currency of it."""

    of: str
    number: int
    type: str
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Atom:
    """`value` is hashable: text, number, tuple, Window, Anniversary or, for comparisons, another Column."""

    column: Column
    test: str
    value: Any
    negative: bool
    blank_counts: bool

    @property
    def timed(self) -> bool:
        return isinstance(self.value, Anniversary) or (isinstance(self.value, Window) and self.value.moves)


def atom(leaf: Node, fields: Fields) -> Atom:
    """From a valid condition."""
    field = fields[leaf["of"], leaf["p"]]
    chosen = named(field.type, leaf["op"])
    blank = leaf.get("unknown", "include" if chosen.negative else "exclude") == "include"
    value = leaf.get("v")
    currency = _currency(value) if field.type == "money" else None
    column = Column(field.of, field.number, field.type, currency)
    return Atom(
        column=column,
        test=chosen.test,
        value=_constant(chosen, field, value, fields),
        negative=chosen.negative,
        blank_counts=blank if chosen.asks_about_blank else False,
    )


def _currency(value) -> str | None:
    first = value[0] if isinstance(value, list) else value
    return first["c"] if first else None


def _constant(chosen, field: Field, value, fields: Fields):
    if chosen.test == "window":
        return window(chosen.name, value, of_days=field.type == "date")
    if chosen.test == "anniversary":
        return Anniversary(value)
    if chosen.takes == "field":
        other = fields[value["of"], value["p"]]
        return Column(other.of, other.number, other.type)
    if chosen.test == "mod":
        return (value["d"], value["r"])
    if field.type == "money":
        value = [one["a"] for one in value] if isinstance(value, list) else value and value["a"]
    if field.type in TEXT_TYPES and value is not None:
        value = [fold(one) for one in value] if isinstance(value, list) else fold(value)
    if chosen.test in {"any_of", "contains_any"} and not isinstance(value, list):
        value = [value]
    return tuple(value) if isinstance(value, list) else value
