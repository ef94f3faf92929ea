"""A rule in words, in parts, so that a template can mark the values."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from segments.rules.fields import Field, Fields
from segments.rules.operators import named
from segments.rules.sentence_beside import asks_in_own_words, span_words, words
from segments.rules.tree import Node, Path, is_group
from segments.rules.words import MONTHS, WEEKDAYS, value_words

PAIRS = {"number_pair", "amount_pair", "date_pair"}
PERIODS = {
    ("this", "day"): "today",
    ("last", "day"): "yesterday",
    ("next", "day"): "tomorrow",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the sentence: "text", "value" (what somebody chose) or "note" (what happens to blanks)."""

    kind: str
    text: str
    path: Path = ()


def sentence(tree: Node, fields: Fields) -> list[Part]:
    """Partners whose tier is Gold or Platinum, and whose region is not APAC (a blank region counts)."""
    noun = "Partners" if tree["object"] == "partner" else "Contacts"
    return [
        Part("text", f"{noun} "),
        *_join(_group(tree["root"], (), fields, outermost=True)),
        Part("text", "."),
    ]


def sentence_text(tree: Node, fields: Fields) -> str:
    return "".join(part.text for part in sentence(tree, fields))


def condition_words(leaf: Node, fields: Fields) -> str:
    """The condition alone, with a capital: Tier is Gold or Platinum."""
    text = "".join(part.text for part in _condition(leaf, (), fields) if part.kind != "note").strip()
    return text[:1].upper() + text[1:]


def _join(parts: Iterator[Part]) -> list[Part]:
    """Neighbouring pieces of plain text as one."""
    joined: list[Part] = []
    for part in parts:
        if joined and joined[-1].kind == part.kind == "text":
            joined[-1] = Part("text", joined[-1].text + part.text, joined[-1].path)
        else:
            joined.append(part)
    return joined


def _group(node: Node, path: Path, fields: Fields, *, outermost: bool = False) -> Iterator[Part]:
    items = node["items"]
    if node["op"] == "all" or (len(items) == 1 and node["op"] == "any"):
        return _all(items, path, fields, outermost)
    return _several(node, path, fields)


def _all(items: list[Node], path: Path, fields: Fields, outermost: bool) -> Iterator[Part]:
    for index, item in enumerate(items):
        if index:
            yield Part("text", ", and " if index == len(items) - 1 else ", ")
        if is_group(item):
            yield from _group(item, (*path, index), fields, outermost=outermost)
        else:
            yield from _linked(item, (*path, index), fields)


def _linked(leaf: Node, path: Path, fields: Fields) -> Iterator[Part]:
    """whose tier is Gold · who are in Beta pilots · whose partner has at least 2 quotes"""
    field = fields[leaf["of"], leaf["p"]]
    parts = list(_condition(leaf, path, fields))
    if field.is_property or (field.of == "partner" and fields.level == "contact"):
        return iter([Part("text", "whose "), *parts])
    first = parts[0].text
    for one, several in (("is ", "are "), ("has ", "have ")):
        if first.startswith(one):
            first = several + first.removeprefix(one)
    pronoun = "who " if fields.level == "contact" else "that "
    return iter([Part("text", pronoun + first), *parts[1:]])


def _several(node: Node, path: Path, fields: Fields) -> Iterator[Part]:
    opening = "for whom at least one is true: " if node["op"] == "any" else "for whom none is true: "
    yield Part("text", opening)
    items = node["items"]
    for index, item in enumerate(items):
        if index:
            yield Part("text", "; or " if index == len(items) - 1 else "; ")
        if is_group(item):
            yield from _bracketed(item, (*path, index), fields)
        else:
            yield from _condition(item, (*path, index), fields)


def _bracketed(node: Node, path: Path, fields: Fields) -> Iterator[Part]:
    yield Part("text", "they are those ")
    yield from _group(node, path, fields)


def _condition(leaf: Node, path: Path, fields: Fields) -> Iterator[Part]:
    field = fields[leaf["of"], leaf["p"]]
    chosen = named(field.type, leaf["op"])
    if asks_in_own_words(field, chosen):
        for kind, text in words(leaf, field, chosen, fields, _inner):
            yield Part(kind, text, path)
        return
    name = _name(field, fields)
    yield Part("text", f"{name} {_verb(chosen.words, leaf)}")
    values = _values(field, chosen.takes, leaf.get("v"), fields)
    glue = " and " if _takes_all(leaf["op"]) else " or "
    for index, value in enumerate(values):
        yield Part("text", " " if index == 0 else (glue if index == len(values) - 1 else ", "))
        yield Part("value", value, path)
    if "unknown" in leaf:
        effect = "counts" if leaf["unknown"] == "include" else "does not count"
        yield Part("note", f" (a blank {name} {effect})", path)


def _inner(where: Node, fields: Fields) -> Iterator[tuple[str, str]]:
    """The conditions on records, as they stand behind what they are about."""
    for part in _group(where, (), fields, outermost=True):
        yield "value" if part.kind == "value" else "text", part.text


def _takes_all(op: str) -> bool:
    return op in (
        "contains_all",
        "not_contains_all",
        "is_exactly",
        "is_not_exactly",
        "between",
        "not_between",
    )


def _verb(words: str, leaf: Node) -> str:
    """ "is any of Gold" reads "is Gold"; with several values "is Gold or Silver"."""
    short = words.replace("is any of", "is").replace("is none of", "is not").removesuffix(":")
    if leaf["op"] in ("in_period", "not_in_period") and _is_a_day(leaf["v"]):
        return "is" if leaf["op"] == "in_period" else "is not"
    if leaf["op"] in ("more_than_ago", "exactly_ago"):
        return {"more_than_ago": "is longer ago than", "exactly_ago": "was exactly ago:"}[leaf["op"]]
    if leaf["op"] == "exactly_from_now":
        return "is exactly from now:"
    return short


def _name(field: Field, fields: Fields) -> str:
    name = field.label if _is_acronym(field.label) else field.label[:1].lower() + field.label[1:]
    return f"partner’s {name}" if field.of == "partner" and fields.level == "contact" else name


def _is_acronym(label: str) -> bool:
    return len(label) > 1 and label[1].isupper()


def _values(field: Field, takes: str, value, fields: Fields) -> list[str]:
    if takes == "nothing":
        return []
    if takes == "field":
        other = fields[value["of"], value["p"]]
        return [f"the {_name(other, fields)}"]
    if takes in PAIRS:
        return _ends(field, *value)
    several = value if isinstance(value, list) else [value]
    spell = _SPELL.get(takes)
    return [spell(one) if spell else value_words(field, one) for one in several]


def _ends(field: Field, low, high, without: str = "") -> list[str]:
    """Each end as a value, with a word where it does not belong."""
    ends = [(low, without in ("from", "both")), (high, without in ("to", "both"))]
    return [value_words(field, end) + (" (not itself)" if left_out else "") for end, left_out in ends]


def _is_a_day(period: dict) -> bool:
    return period.get("n", 1) == 1 and (period["which"], period["unit"]) in PERIODS


def _period(value: dict) -> str:
    count, which, unit = value.get("n", 1), value["which"], value["unit"].replace("_", " ")
    if which == "so_far":
        return f"this {unit} so far"
    if count == 1:
        return PERIODS.get((which, unit), f"{which} {unit}")
    return f"the {which} {count:,} {unit}s"


def _days(value: int) -> str:
    return "today" if value == 0 else f"{value} day{'' if value == 1 else 's'}"


_SPELL: dict[str, Callable] = {
    "span": span_words,
    "day_span": span_words,
    "any_span": span_words,
    "text": lambda value: f"“{value}”",
    "exact_text": lambda value: f"“{value}”",
    "exact_texts": lambda value: f"“{value}”",
    "texts": lambda value: f"“{value}”",
    "regex": lambda value: f"“{value}”",
    "version": str,
    "length": lambda value: f"{value:,}",
    "period": _period,
    "days": _days,
    "months": lambda value: MONTHS[value - 1],
    "weekdays": lambda value: WEEKDAYS[value - 1],
    "month_days": str,
    "count": str,
    "mod": lambda value: f"{value['d']} leaves {value['r']}",
}
