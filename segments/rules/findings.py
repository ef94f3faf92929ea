"""What was found where a condition looked, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segments.rules.expressions import Column
from segments.rules.fields import Field, Fields
from segments.rules.in_process import share
from segments.rules.lower import SHARES
from segments.rules.operators import Operator, named
from segments.rules.tree import Node
from segments.rules.words import day_words, money_words, value_words


@dataclass(frozen=True)
class Looked:
    """Where a condition looks: the columns that it reads, the documents by side, and whose clock tells the time."""

    columns: Sequence[Column]
    documents: Mapping[str, Mapping[str, Any]]
    zone: str

    def value(self, of: str) -> Any:
        return self.documents[of].get(self.columns[0].key) if self.columns else None


def found_words(leaf: Node, field: Field, fields: Fields, looked: Looked) -> str:
    value = looked.value(field.of)
    chosen = named(field.type, leaf["op"])
    match field.type:
        case "constant":
            return ""
        case "segments":
            return _excepted(leaf, field, fields, looked)
        case "chance":
            return _drawn(leaf, looked.documents[field.of])
        case "activity":
            return _last_or_first(chosen, value, looked.zone)
        case "records":
            return _of_records(leaf, field, fields, value, looked.zone)
    return _of_property(leaf, field, fields, chosen, looked)


def _of_property(leaf: Node, field: Field, fields: Fields, chosen: Operator, looked: Looked) -> str:
    value, zone = looked.value(field.of), looked.zone
    if chosen.takes == "field":
        other = fields[leaf["v"]["of"], leaf["v"]["p"]]
        beside = value_words(other, looked.documents[other.of].get(str(other.number)), zone)
        return f"{value_words(field, value, zone)}, and {other.label} is {beside}"
    match chosen.reads:
        case "history" if chosen.test == "transition":
            return f"last on {day_words(value, zone)}" if value else "never"
        case "history":
            return f"first on {day_words(value, zone)}" if value else "never"
        case "time":
            return f"set on {day_words(value, zone)}" if value else "never set"
        case "length":
            return "blank" if value is None else f"{len(value)} characters long"
    return value_words(field, value, zone)


def _excepted(leaf: Node, field: Field, fields: Fields, looked: Looked) -> str:
    """What exceptions there are among the segments that are named."""
    known = [fields.segments[one] for one in leaf["v"] if one in fields.segments]
    said = {one.name: looked.documents[field.of].get(f"x{one.number}") for one in known}
    words = [
        f"{'always' if inside else 'never'} in “{name}”"
        for name, inside in said.items()
        if inside is not None
    ]
    return ", ".join(words) or "no exception"


def _drawn(leaf: Node, document: Mapping) -> str:
    """Where the subject stands in the share: below the percentage is in."""
    drawn = 100 * share(leaf["v"]["salt"], document.get("id", "")) / SHARES
    return f"drawn at {drawn:.1f} %"


def _last_or_first(chosen: Operator, value: list[str] | str | None, zone: str) -> str:
    if not value:
        return "never"
    if isinstance(value, str):
        return f"first on {day_words(value, zone)}"
    last = f"last on {day_words(value[0], zone)}"
    if chosen.test == "first_or_last":
        return last
    return f"{len(value)} time{'' if len(value) == 1 else 's'}, {last}"


def _of_records(leaf: Node, field: Field, fields: Fields, value: Any, zone: str) -> str:
    chosen = named(field.type, leaf["op"])
    if chosen.test == "all":
        return "there is none" if value is None else ("all of them" if value else "not all of them")
    if chosen.test == "count":
        return f"{value or 0:,}"
    measured = fields.records[field.key]["self", leaf["v"]["p"]]
    if value is None:
        return "there is none"
    if measured.type != "money":
        return value_words(measured, value, zone)
    wanted = leaf["v"].get("v")
    one = wanted[0] if isinstance(wanted, list) else wanted
    return money_words({"a": value, "c": one["c"]}) if one else f"{value:,}"
