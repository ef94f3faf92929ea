"""A rule as it stands in a file, and back. Properties are called by their keys, segments by their names.

all:
  - property: tier
    op: is_any_of
    value: [gold, platinum]
  - any:
      - {property: partner.region, op: is_none_of, value: [apac], blank: does not count}
      - {segments: [Guests], op: in_any}
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from segments.as_code import values
from segments.as_code.reading import Place
from segments.rules.fields import ACTIVITY, CHANCE, CONSTANT, RECORDS, SEGMENTS, Field, Fields
from segments.rules.operators import Operator, operator
from segments.rules.tree import GROUP_OPERATORS, MAX_DEPTH, Node, Path, new_tree

BLANK = {"include": "counts", "exclude": "does not count"}
BLANK_BACK = {words: stored for stored, words in BLANK.items()}
# What a condition asks about is said by one of these; all but the first name the kind of field as well.
ASKS = {
    "property": "",
    "segments": SEGMENTS,
    "did": ACTIVITY,
    "records": RECORDS,
    CHANCE: CHANCE,
    CONSTANT: CONSTANT,
}
WORD_OF = {kind: word for word, kind in ASKS.items()}


@dataclass(frozen=True)
class Names:
    """What segments are called in files, by id; and the other way round, whatever the case of the letters."""

    of_segment: Mapping[str, str]
    ids: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", {name.casefold(): pk for pk, name in self.of_segment.items()})


@dataclass(frozen=True)
class Fault:
    """Something in a file that is not understood, and where."""

    place: Place
    message: str


@dataclass
class Read:
    """`places` says where in the document each condition of the tree stands."""

    tree: Node
    faults: list[Fault] = field(default_factory=list)
    places: dict[Path, Place] = field(default_factory=dict)


def read(value: Any, fields: Fields, names: Names, place: Place) -> Read:
    """The tree that the file means. Whether it is a valid rule is for the validator to say."""
    reader = _Reader(fields, names)
    root = reader.node(value, place, ())
    if "items" not in root:
        reader.fault(place, "A rule begins with all, any or none.")
        root = {"op": "all", "items": []}
    return Read(new_tree(fields.level, *root["items"], op=root["op"]), reader.faults, reader.places)


class _Reader:
    def __init__(self, fields: Fields, names: Names):
        self._fields, self._names = fields, names
        self._by_key = {(found.of, _group(found), found.key): found for found in fields}
        self.faults: list[Fault] = []
        self.places: dict[Path, Place] = {}

    def fault(self, place: Place, message: str) -> dict:
        self.faults.append(Fault(place, message))
        return {}

    def node(self, value: Any, place: Place, path: Path) -> Node:
        self.places[path] = place
        if not isinstance(value, dict):
            return self.fault(place, "This is neither a group nor a condition.")
        group = [op for op in GROUP_OPERATORS if op in value]
        if not group:
            return self._condition(value, place, path)
        op = group[0]
        if len(value) > 1 or not isinstance(value[op], list):
            return self.fault(
                place, f"A group holds “{op}” and its list of conditions, and nothing beside it."
            )
        if len(path) > MAX_DEPTH:
            return self.fault(place, f"Groups go at most {MAX_DEPTH} levels deep.")
        items = [self.node(item, (*place, op, i), (*path, i)) for i, item in enumerate(value[op])]
        return {"op": op, "items": items}

    def _condition(self, value: dict, place: Place, path: Path) -> Node:
        asks = [word for word in ASKS if word in value]
        if len(asks) != 1:
            return self.fault(place, f"A condition asks about one of: {', '.join(ASKS)}.")
        found = self._field(asks[0], value, place)
        if found is None:
            return {}
        chosen = operator(found.type, value.get("op"))
        if chosen is None:
            return self.fault((*place, "op"), f"“{value.get('op')}” is no comparison for {found.label}.")
        known = {asks[0], "op"} | self._parts(found, chosen)
        for name in value.keys() - known:
            self.fault((*place, name), f"“{name}” is not known here. Known: {', '.join(sorted(known))}.")
        leaf: Node = {"p": found.number, "of": found.of, "op": chosen.name}
        self._read_value(leaf, value, found, chosen, place)
        if "where" in value:
            leaf["where"] = self._where(value["where"], found, (*place, "where"), path)
        return leaf | self._blank(value, place)

    def _parts(self, found: Field, chosen: Operator) -> set[str]:
        parts = {"blank"} if chosen.asks_about_blank and chosen.takes != "measure" else set()
        parts |= set() if found.is_property else {"of"}
        parts |= {"where"} if found.type == RECORDS else set()
        if chosen.takes == "measure":
            return parts | {"measure"}
        return parts | (set() if chosen.takes == "nothing" or found.type in (SEGMENTS, CHANCE) else {"value"})

    def _field(self, word: str, value: dict, place: Place) -> Field | None:
        named = value[word]
        if word == "property":
            side, _, key = named.rpartition(".") if isinstance(named, str) else ("?", "", "")
            of = {"": "self", "partner": "partner"}.get(side, "")
        else:
            of = {None: "self", "partner": "partner"}.get(value.get("of"), "")
            key = {SEGMENTS: "segments", CHANCE: CHANCE}.get(ASKS[word], named)
        found = self._by_key.get((of, ASKS[word], key)) if isinstance(key, str) else None
        if found is None:
            self.fault(
                (*place, word), f"There is no {'property' if not ASKS[word] else word} “{named}” here."
            )
        return found

    def _read_value(self, leaf: Node, value: dict, found: Field, chosen: Operator, place: Place) -> None:
        try:
            if found.type == SEGMENTS:
                leaf["v"] = self._segments(value["segments"], (*place, "segments"))
            elif found.type == CHANCE:
                leaf["v"] = value[CHANCE]
            elif chosen.takes == "measure":
                leaf["v"] = self._measure(value.get("measure"), found, (*place, "measure"))
            elif "value" in value:
                leaf["v"] = self._value(chosen, found, value["value"], (*place, "value"))
        except values.NoValue as error:
            self.fault((*place, "value"), str(error))

    def _value(self, chosen: Operator, found: Field, value: Any, place: Place) -> Any:
        if chosen.takes != "field":
            return values.read(chosen.takes, found, value)
        side, _, key = value.rpartition(".") if isinstance(value, str) else ("?", "", "")
        other = self._by_key.get(({"": "self", "partner": "partner"}.get(side, ""), "", key))
        if other is None:
            return self.fault(place, f"There is no property “{value}” here.")
        return {"p": other.number, "of": other.of}

    def _segments(self, value: Any, place: Place) -> list:
        found = []
        for index, name in enumerate(value if isinstance(value, list) else [value]):
            pk = self._names.ids.get(name.casefold()) if isinstance(name, str) else None
            if pk is None:
                self.fault((*place, index), f"There is no segment “{name}”, neither here nor in the file.")
            found.append(pk)
        return found

    def _measure(self, value: Any, found: Field, place: Place) -> dict:
        if not isinstance(value, dict) or not {"of", "is"} <= set(value) <= {"of", "is", "value", "blank"}:
            return self.fault(place, "Write what to measure and how to compare it: of, is, value.")
        records = self._fields.records[found.key]
        inner = _Reader(records, self._names)
        measured = inner._by_key.get(("self", "", value["of"])) if isinstance(value["of"], str) else None
        comparing = operator(measured.type, value["is"]) if measured else None
        if measured is None or comparing is None:
            return self.fault(place, f"{found.label} cannot be measured by “{value['of']}”, “{value['is']}”.")
        wanted = {"p": measured.number, "op": comparing.name}
        if "value" in value:
            wanted["v"] = inner._value(comparing, measured, value["value"], (*place, "value"))
        wanted |= inner._blank(value, place)
        self.faults += inner.faults
        return wanted

    def _where(self, value: Any, found: Field, place: Place, path: Path) -> dict:
        inner = _Reader(self._fields.records[found.key], self._names)
        clean = inner.node(value, place, path)
        self.faults += inner.faults
        return clean

    def _blank(self, value: dict, place: Place) -> dict:
        if "blank" not in value:
            return {}
        if value["blank"] not in BLANK_BACK:
            return self.fault((*place, "blank"), "A blank “counts” or “does not count”.")
        return {"unknown": BLANK_BACK[value["blank"]]}


def _group(found: Field) -> str:
    return "" if found.is_property else found.type
