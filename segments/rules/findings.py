"""What was found where a condition looked, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from segments.rules.expressions import Column
from segments.rules.fields import ACTIVITY, CHANCE, CONSTANT, RECORDS, Field, Fields
from segments.rules.in_process import share
from segments.rules.lower import SHARES
from segments.rules.operators import named
from segments.rules.tree import Node
from segments.rules.words import day_words, value_words


def found_words(
    leaf: Node,
    field: Field,
    fields: Fields,
    columns: Sequence[Column],
    documents: Mapping[str, Mapping[str, Any]],
) -> str:
    """`columns` are those that the condition reads; the documents are by side."""
    if field.type == CONSTANT:
        return ""
    document = documents[field.of]
    value = document.get(columns[0].key)
    if field.type == CHANCE:
        return _drawn(leaf, document)
    if field.type == ACTIVITY:
        return _times(value)
    if field.type == RECORDS:
        return _of_records(leaf, field, fields, value)
    return _of_property(leaf, field, fields, value, documents)


def _of_property(leaf: Node, field: Field, fields: Fields, value: Any, documents: Mapping) -> str:
    chosen = named(field.type, leaf["op"])
    if chosen.takes == "field":
        other = fields[leaf["v"]["of"], leaf["v"]["p"]]
        beside = value_words(other, documents[other.of].get(str(other.number)))
        return f"{value_words(field, value)}, and {other.label} is {beside}"
    match chosen.reads:
        case "history":
            return f"first on {day_words(value)}" if value and chosen.test != "transition" else _latest(value)
        case "time":
            return f"set on {day_words(value)}" if value else "never set"
        case "length":
            return "blank" if value is None else f"{len(value)} characters long"
    return value_words(field, value)


def _latest(value: str | None) -> str:
    return f"last on {day_words(value)}" if value else "never"


def _drawn(leaf: Node, document: Mapping) -> str:
    """Where the subject stands in the share: below the percentage is in."""
    drawn = 100 * share(leaf["v"]["salt"], document.get("id", "")) / SHARES
    return f"drawn at {drawn:.1f} %"


def _times(value: list[str] | None) -> str:
    if not value:
        return "never"
    return f"{len(value)} time{'' if len(value) == 1 else 's'}, last on {day_words(value[0])}"


def _of_records(leaf: Node, field: Field, fields: Fields, value: Any) -> str:
    chosen = named(field.type, leaf["op"])
    if chosen.test == "all":
        return "there is none" if value is None else ("all of them" if value else "not all of them")
    if chosen.test == "count":
        return f"{value or 0:,}"
    measured = fields.records[field.key]["self", leaf["v"]["p"]]
    if value is None:
        return "there is none"
    return value_words(replace(measured, type="number") if measured.type == "money" else measured, value)
