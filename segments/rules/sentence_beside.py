"""Words for what is asked beside the values of properties: activity, records, segments, histories, shares."""

from collections.abc import Callable, Iterator
from typing import Any

from segments.rules.fields import ACTIVITY, CHANCE, CONSTANT, RECORDS, SEGMENTS, Field, Fields
from segments.rules.operators import Operator
from segments.rules.tree import Node
from segments.rules.words import day_words

type Words = Iterator[tuple[str, str]]  # ("text" or "value", words)
type Inner = Callable[[Node, Fields], Iterator[tuple[str, str]]]  # a group of conditions in words


def asks_in_own_words(field: Field, chosen: Operator) -> bool:
    """Whether the condition does not read as "name, comparison, values"."""
    return not field.is_property or chosen.test == "transition"


def words(leaf: Node, field: Field, chosen: Operator, fields: Fields, inner: Inner) -> Words:
    """The condition, without "whose"."""
    if chosen.test == "transition":
        return _transition(leaf, field)
    return {
        SEGMENTS: _segments,
        ACTIVITY: _activity,
        RECORDS: _records,
        CHANCE: _chance,
        CONSTANT: _constant,
    }[field.type](leaf, field, chosen, fields, inner)


def span_words(value: dict) -> str:
    return f"{value['n']:,} {value['unit']}{'' if value['n'] == 1 else 's'}"


def _whose(field: Field, fields: Fields) -> str:
    return "partner " if field.of == "partner" and fields.level == "contact" else ""


def _listed(names: list[str], glue: str) -> Words:
    for index, name in enumerate(names):
        if index:
            yield "text", glue if index == len(names) - 1 else ", "
        yield "value", name


def _segments(leaf: Node, field: Field, chosen: Operator, fields: Fields, inner: Inner) -> Words:
    if chosen.test == "excepted":
        yield "text", f"{_whose(field, fields)}is {'always' if chosen.name == 'always_in' else 'never'} in "
        yield from _listed([field.option_label(one) for one in leaf["v"]], " or ")
        yield "text", " by an exception"
        return
    verb = "is in none of" if chosen.name == "in_none" and len(leaf["v"]) > 1 else "is in"
    verb = "is not in" if chosen.name == "in_none" and len(leaf["v"]) == 1 else verb
    yield "text", f"{_whose(field, fields)}{verb} "
    names = [field.option_label(one) for one in leaf["v"]]
    yield from _listed(names, " and " if chosen.name == "in_all" else " or ")


def _activity(leaf: Node, field: Field, chosen: Operator, fields: Fields, inner: Inner) -> Words:
    value = leaf.get("v") or {}
    label = field.label[:1].lower() + field.label[1:]
    yield "text", f"{_whose(field, fields)}{'never ' if chosen.name == 'never' else ''}{label}"
    if value.get("what"):
        yield "text", " "
        yield "value", field.option_label(value["what"])
    if chosen.test == "first_or_last":
        yield "text", f" {chosen.words} "
        yield "value", day_words(value["day"]) if "day" in value else span_words(value["within"])
        return
    if chosen.name != "never":
        yield "text", f" {chosen.words} "
        yield "value", "once" if value["n"] == 1 else f"{value['n']:,} times"
    if value.get("within"):
        yield "text", " in the last "
        yield "value", span_words(value["within"])


def _records(leaf: Node, field: Field, chosen: Operator, fields: Fields, inner: Inner) -> Words:
    several, one = field.label[:1].lower() + field.label[1:], field.one
    yield "text", f"{_whose(field, fields)}has "
    if chosen.test == "measure":
        yield "text", several
    elif chosen.name in ("all", "all_or_none"):
        also = "" if chosen.name == "all" else ", or none,"
        yield "text", f"{several}{also} and all of them are those"
    elif chosen.name in ("any", "none"):
        yield "text", f"at least one {one}" if chosen.name == "any" else f"no {one}"
    else:
        yield "text", f"{chosen.words} "
        yield "value", f"{leaf['v']:,} {one if leaf['v'] == 1 else several}"
    if leaf.get("where"):
        yield "text", " "
        yield from inner(leaf["where"], fields.records[field.key])
    if chosen.test == "measure":
        yield "text", ", in which " if leaf.get("where") else " in which "
        yield from _measure(leaf["v"], chosen, fields.records[field.key], inner)


def _measure(value: Node, chosen: Operator, records: Fields, inner: Inner) -> Words:
    """The sum of total is at least €1,000."""
    outcome = inner({"op": "all", "items": [{"of": "self", **value}]}, records)
    kind, first = next(outcome)
    yield kind, f"{chosen.words} {first.removeprefix('whose ')}"
    yield from outcome


def _chance(leaf: Node, field: Field, chosen: Operator, fields: Fields, inner: Inner) -> Words:
    yield "text", "is among a stable random share of "
    yield "value", f"{leaf['v']['percent']}%"


def _constant(leaf: Node, field: Field, chosen: Operator, fields: Fields, inner: Inner) -> Words:
    yield (
        "text",
        "is anyone at all" if chosen.name == "everyone" else "is no one at all",
    )


def _transition(leaf: Node, field: Field) -> Words:
    value: dict[str, Any] = leaf["v"]
    yield "text", f"{field.label[:1].lower()}{field.label[1:]} went"
    for end in ("from", "to"):
        if end in value:
            yield "text", f" {end} "
            yield from _listed([field.option_label(one) for one in value[end]], " or ")
    if value.get("within"):
        yield "text", " in the last "
        yield "value", span_words(value["within"])
