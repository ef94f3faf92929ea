"""Why somebody is in a segment or not: the tree with a verdict and the found value at every condition.

A condition that asks for other segments opens up: each of them is a node with its own rule beneath.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from segments.rules.compile_python import CompiledRules
from segments.rules.expressions import Column, atoms
from segments.rules.fields import SEGMENTS, Field, Fields, Referenced
from segments.rules.findings import Looked, found_words
from segments.rules.lower import lower
from segments.rules.moments import Moment
from segments.rules.operators import named
from segments.rules.sentence import condition_words
from segments.rules.tree import MAX_REFERENCES, Node, Path, Place, as_bytes, is_group, new_tree

GROUP_OF = {"in_any": "any", "in_all": "all", "in_none": "none"}
SEGMENT = "segment"  # the op of a node that stands for a segment which is asked for


@dataclass(frozen=True, slots=True)
class Verdict:
    """One node: for a condition `words` says what it asks and `found` what there is; a group has `items`.

    A condition that asks for segments has words and items. Equal conditions have equal keys; a fixed one cannot
    turn. `place` is what was looked at, for whoever knows where its value came from.
    """

    path: Path
    holds: bool
    op: str
    words: str = ""
    found: str = ""
    items: list["Verdict"] = field(default_factory=list)
    place: Place | None = None
    key: str = ""
    fixed: bool = False
    is_value: bool = False  # what was found is a value that it has
    leaf: Node | None = None  # the condition, as a rule of the level of the whole would put it

    @property
    def told(self) -> str:
        """What was found, as a part of a sentence: it is Silver; never; 2 times, last on 3 March."""
        return f"it is {self.found}" if self.is_value else self.found

    def leaves(self) -> list["Verdict"]:
        """The conditions of this rule itself, not of those that it asks for."""
        if self.words or not self.items:
            return [self]
        return [leaf for item in self.items for leaf in item.leaves()]

    @property
    def group(self) -> str:
        """How its items decide it: "all", "any" or "none"."""
        return GROUP_OF.get(self.op, "all" if self.op == SEGMENT else self.op)


class Explainer:
    """Compiled once for a tree, then asked about several subjects."""

    def __init__(self, tree: Node, fields: Fields, zone: str):
        self.fields = fields
        self._level, self._zone = fields.level, zone
        self._singles: dict[int, Node] = {}
        self._numbers: dict[str, int] = {}
        root = _from_below(tree["root"]) if tree["object"] != fields.level else tree["root"]
        self._root = self._plan(root, (), ())
        self.rules = CompiledRules(self._singles, fields, zone)

    def explain(self, own: Mapping, partner: Mapping, moment: Moment) -> Verdict:
        holding = self.rules.evaluate(own, partner, moment)
        return self._root.verdict(holding, {"self": own, "partner": partner})

    def _plan(self, node: Node, path: Path, within: tuple[str, ...]) -> "_Group | _Condition":
        if is_group(node):
            items = [self._plan(item, (*path, i), within) for i, item in enumerate(node["items"])]
            return _Group(path, node["op"], items)
        found = self.fields[node["of"], node["p"]]
        asked: list[_Segment] = []
        if found.type == SEGMENTS and node["op"] in GROUP_OF:
            asked = [self._segment(one, found.of, (*path, i), within) for i, one in enumerate(node["v"])]
        single = new_tree(self._level, node)
        columns = (
            () if asked else tuple(c for atom in atoms(lower(single, self.fields)) for c in atom.columns)
        )
        number = self._number(single)
        return _Condition(path, node, found, self.fields, self._zone, number, columns, asked)

    def _segment(self, segment_id: str, of: str, path: Path, within: tuple[str, ...]) -> "_Segment":
        asked = {"p": SEGMENTS, "of": of, "op": "in_any", "v": [segment_id]}
        number = self._number(new_tree(self._level, asked))
        found = self.fields.segments.get(segment_id)
        rule = None
        looping = segment_id in within or len(within) >= MAX_REFERENCES
        if found and found.tree and found.build is not None and not looping:
            root = found.tree["root"]
            root = _from_below(root) if found.level != self._level else root
            # A rule of one condition stands for itself.
            root = root["items"][0] if len(root["items"]) == 1 and root["op"] != "none" else root
            rule = self._plan(root, (*path, 0), (*within, segment_id))
        return _Segment(path, segment_id, of, found, number, rule)

    def _number(self, single: Node) -> int:
        """Equal conditions are evaluated once."""
        number = self._numbers.setdefault(as_bytes(single).decode(), len(self._numbers))
        self._singles[number] = single
        return number


def _from_below(node: Node) -> Node:
    """A rule about partners as a contact's rule would put it: what it calls itself is the contact's partner."""
    if is_group(node):
        return {**node, "items": [_from_below(item) for item in node["items"]]}
    value = node.get("v")
    if isinstance(value, dict) and "of" in value:
        node = {**node, "v": {**value, "of": "partner"}}
    return {**node, "of": "partner"}


@dataclass(frozen=True)
class _Group:
    path: Path
    op: str
    items: list

    def verdict(self, holding: set[int], documents: dict[str, Mapping]) -> Verdict:
        items = [item.verdict(holding, documents) for item in self.items]
        held = [item.holds for item in items]
        holds = {"all": all(held), "any": any(held), "none": not any(held)}[self.op]
        return Verdict(self.path, holds, self.op, items=items)


@dataclass(frozen=True)
class _Condition:
    path: Path
    leaf: Node
    field: Field
    fields: Fields
    zone: str
    number: int
    columns: tuple[Column, ...]
    items: list["_Segment"]

    @property
    def reads(self) -> str:
        return named(self.field.type, self.leaf["op"]).reads

    def verdict(self, holding: set[int], documents: dict[str, Mapping]) -> Verdict:
        items = [item.verdict(holding, documents) for item in self.items]
        if items:
            inside = [item.words.removeprefix("Is in ") for item in items if item.holds]
            found = f"in {', '.join(inside) or 'none of them'}" if len(items) > 1 else ""
        else:
            looked = Looked(self.columns, documents, self.zone)
            found = found_words(self.leaf, self.field, self.fields, looked)
        return Verdict(
            self.path,
            self.number in holding,
            self.leaf["op"],
            condition_words(self.leaf, self.fields),
            found,
            items,
            place=(self.field.of, self.field.number) if self.field.is_property else None,
            key=str(self.number),
            fixed=self.field.type in ("constant", "chance"),
            leaf=self.leaf,
            is_value=self.field.is_property and self.reads not in ("history", "time"),
        )


@dataclass(frozen=True)
class _Segment:
    """A segment that is asked for. Its rule decides, unless an exception does or the subject is held."""

    path: Path
    id: str
    of: str
    found: Referenced | None
    number: int
    rule: "_Group | _Condition | None"

    def verdict(self, holding: set[int], documents: dict[str, Mapping]) -> Verdict:
        holds = self.number in holding
        rule = self.rule.verdict(holding, documents) if self.rule else None
        words = f"Is in “{self.found.name}”" if self.found else "Is in a segment that is gone"
        found = self._said(holds, rule, documents[self.of])
        # Where something else than the rule decides, the rule is not what would have to turn.
        items = [rule] if rule and not found else []
        fixed = self.found is None or self.found.build is None
        return Verdict(
            self.path, holds, SEGMENT, words, found, items, key=f"s{self.id}:{self.of}", fixed=fixed
        )

    def _said(self, holds: bool, rule: Verdict | None, document: Mapping) -> str:
        if self.found is None or self.found.build is None:
            return "it decides nothing, so nobody is in it"
        if rule is None:
            return "on the list" if holds else "not on the list"
        exception = document.get(f"x{self.found.number}")
        if exception is not None:
            return "always in, by an exception" if exception else "never in, by an exception"
        return "held by the team" if holds and not rule.holds else ""


def walk(verdict: Verdict) -> Iterator[Verdict]:
    yield verdict
    for item in verdict.items:
        yield from walk(item)
