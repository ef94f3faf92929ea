"""Whether a tree is a rule, and if not, what is wrong where. A valid tree comes back in canonical form."""

from dataclasses import dataclass, field
from typing import Any

from segments.rules import values
from segments.rules.expressions import MAX_NODES, atoms
from segments.rules.fields import RECORDS, SEGMENTS, TEXT_TYPES, Field, Fields
from segments.rules.lower import lower
from segments.rules.operators import MEASURES, Operator, offered, operator
from segments.rules.tree import (
    GROUP_OPERATORS,
    MAX_CONDITIONS,
    MAX_DEPTH,
    MAX_REFERENCES,
    VERSION,
    Path,
    conditions,
    is_group,
    spell,
)

NO_CONDITION = "Add a condition. Without one nobody belongs here, so nothing opens by accident."


@dataclass(frozen=True, slots=True)
class RuleError:
    """What is wrong, for the person who wrote it, and where."""

    path: Path
    part: str  # "rule", "group", "field", "operator" or "value"
    message: str

    @property
    def place(self) -> str:
        return spell(self.path)


class InvalidRule(ValueError):
    def __init__(self, errors: list[RuleError]):
        super().__init__("; ".join(f"{error.place or 'rule'}: {error.message}" for error in errors))
        self.errors = errors


def validate(tree: object, fields: Fields, *, of_segment: str = "") -> dict:
    """The tree in canonical form; raises InvalidRule with every error found.

    `of_segment` is the id of the segment whose rule it is to be: what it asks for must not lead back to it.
    """
    found = check(tree, fields, of_segment=of_segment)
    if found.errors:
        raise InvalidRule(found.errors)
    return found.tree


def check(tree: object, fields: Fields, *, of_segment: str = "") -> "_Check":
    checking = _Check(fields, of_segment=of_segment)
    checking.run(tree)
    return checking


@dataclass
class _Check:
    fields: Fields
    errors: list[RuleError] = field(default_factory=list)
    tree: dict = field(default_factory=dict)
    conditions: int = 0
    of_segment: str = ""

    def run(self, tree: object) -> None:
        if not isinstance(tree, dict) or tree.get("v") != VERSION or not is_group(tree.get("root")):
            return self._fault((), "rule", "This is not a rule that can be read.")
        if set(tree) != {"v", "object", "zone", "root"} or tree["object"] != self.fields.level:
            return self._fault((), "rule", f"This rule is not about {self.fields.level}s.")
        if tree["zone"] != "workspace":
            return self._fault((), "rule", "Relative dates follow the time zone of the workspace.")
        self.tree = {**tree, "root": self._group(tree["root"], ())}
        if self.conditions > MAX_CONDITIONS:
            self._fault((), "rule", f"A segment holds at most {MAX_CONDITIONS} conditions.")
        if not self.errors and _size(self.tree, self.fields) > MAX_NODES:
            self._fault((), "rule", "With the segments that it asks for, this rule is too big.")
        return None

    def _fault(self, path: Path, part: str, message: str) -> None:
        self.errors.append(RuleError(path, part, message))

    def _node(self, node: object, path: Path) -> dict:
        if is_group(node):
            return self._group(node, path)
        if not isinstance(node, dict):
            self._fault(path, "rule", "This is neither a group nor a condition.")
            return {}
        return self._condition(node, path)

    def _group(self, node: Any, path: Path) -> dict:
        items = node["items"]
        if set(node) != {"op", "items"} or node["op"] not in GROUP_OPERATORS or not isinstance(items, list):
            self._fault(path, "group", "A group matches all, any or none of its conditions.")
            return {"op": "all", "items": []}
        if not items:
            message = "This group is empty. Add a condition or remove it." if path else NO_CONDITION
            self._fault(path, "group", message)
        if len(path) >= MAX_DEPTH:
            self._fault(path, "group", f"Groups go at most {MAX_DEPTH} levels deep.")
            return {"op": node["op"], "items": []}
        return {
            "op": node["op"],
            "items": [self._node(item, (*path, index)) for index, item in enumerate(items)],
        }

    def _condition(self, leaf: dict, path: Path) -> dict:
        self.conditions += 1
        found = self.fields.get(leaf.get("of"), leaf.get("p"))
        if found is None:
            self._fault(path, "field", "Choose what to ask about.")
            return {}
        if found.archived:
            self._fault(path, "field", f"{found.label} is archived. Choose another property.")
        chosen = operator(found.type, leaf.get("op"))
        if chosen is None or chosen not in offered(found, self.fields):
            self._fault(path, "operator", f"Choose a comparison for {found.label}.")
            return {}
        known = {"p", "of", "op", "v", "unknown"} | ({"where"} if found.type == RECORDS else set())
        if not set(leaf) <= known:
            self._fault(path, "rule", "This condition has parts that are not known.")
        return self._canonical(leaf, path, found, chosen)

    def _canonical(self, leaf: dict, path: Path, found: Field, chosen: Operator) -> dict:
        clean: dict[str, Any] = {"of": found.of, "op": chosen.name, "p": found.number}
        try:
            value = values.canonical(chosen, found, leaf.get("v"))
            if chosen.takes == "field":
                self._comparable(found, value)
            if chosen.takes == "measure":
                value = self._measure(value, found, chosen)
            if found.type == SEGMENTS:
                self._no_circle(value)
            if value is not None:
                clean["v"] = value
        except values.BadValue as error:
            self._fault(path, "value", str(error))
        if leaf.get("where"):
            clean["where"] = self._where(leaf["where"], found, path)
        return clean | self._blank(leaf, path, chosen)

    def _where(self, node: object, found: Field, path: Path) -> dict:
        """The conditions on the records: one group of them. What is wrong is reported as at an item of the row."""
        if not is_group(node) or any(is_group(item) for item in node["items"]):  # type: ignore[index]
            self._fault(path, "value", "The conditions on these records stand in one group.")
            return {}
        inner = _Check(self.fields.records[found.key])
        clean = inner._group(node, path)
        self.conditions += inner.conditions
        self.errors += inner.errors
        return clean

    def _measure(self, value: dict, found: Field, chosen: Operator) -> dict:
        records = self.fields.records[found.key]
        measured = records.get("self", value["p"])
        if measured is None or measured.type not in MEASURES[chosen.name]:
            raise values.BadValue("Choose what to measure.")
        comparing = operator(measured.type, value["op"])
        if comparing not in offered(measured, records) or comparing.takes == "field":  # type: ignore[union-attr]
            raise values.BadValue(f"Choose a comparison for {measured.label}.")
        clean = {"op": comparing.name, "p": measured.number}
        inner = values.canonical(comparing, measured, value.get("v"))
        if inner is not None:
            clean["v"] = inner
        blank = value.get("unknown", "include" if comparing.negative else "exclude")
        if blank not in ("include", "exclude"):
            raise values.BadValue("A blank either counts or it does not.")
        return clean | ({"unknown": blank} if comparing.negative and comparing.asks_about_blank else {})

    def _no_circle(self, asked: list[str]) -> None:
        for segment_id in asked:
            way = way_back(segment_id, self.of_segment, self.fields)
            if way:
                names = " → ".join(self.fields.segments[one].name for one in way)
                raise values.BadValue(f"That goes round in a circle: {names} asks for this segment.")
            if _depth(segment_id, self.fields) >= MAX_REFERENCES:
                raise values.BadValue(f"Segments ask for segments at most {MAX_REFERENCES} deep.")

    def _comparable(self, found: Field, value: dict) -> None:
        other = self.fields.get(value["of"], value["p"])
        if other is None or not comparable(found, other):
            raise values.BadValue(f"Choose another property of the same type as {found.label}.")

    def _blank(self, leaf: dict, path: Path, chosen: Operator) -> dict:
        """Written out for every negative condition, and elsewhere only where it differs from the usual."""
        usual = "include" if chosen.negative else "exclude"
        blank = leaf.get("unknown", usual)
        if not chosen.asks_about_blank:
            if "unknown" in leaf:
                self._fault(path, "operator", "This comparison is itself about blanks.")
            return {}
        if blank not in ("include", "exclude"):
            self._fault(path, "operator", "A blank either counts or it does not.")
            return {}
        return {"unknown": blank} if chosen.negative or blank != usual else {}


def comparable(one: Field, other: Field) -> bool:
    """Whether a condition may compare two properties."""
    same_kind = other.type == one.type or {other.type, one.type} <= TEXT_TYPES
    return same_kind and other.is_property and other != one


def segments_asked(tree: dict) -> list[str]:
    """The ids of the segments that a rule names itself."""
    asked = (leaf["v"] for _, leaf in conditions(tree) if leaf.get("p") == SEGMENTS)
    return list(dict.fromkeys(one for several in asked for one in several))


def way_back(start: str, target: str, fields: Fields, seen: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The segments from `start` to one that asks for `target`; empty where none leads there."""
    if start == target:
        return (start,)
    found = fields.segments.get(start)
    if found is None or found.tree is None or start in seen:
        return ()
    for asked in segments_asked(found.tree):
        if target and asked == target:
            return (start,)
        if way := way_back(asked, target, fields, (*seen, start)):
            return (start, *way)
    return ()


def _depth(segment_id: str, fields: Fields, deep: int = 1) -> int:
    found = fields.segments.get(segment_id)
    if found is None or found.tree is None or deep > MAX_REFERENCES:
        return deep
    return max((_depth(one, fields, deep + 1) for one in segments_asked(found.tree)), default=deep)


def _size(tree: dict, fields: Fields) -> int:
    return sum(1 for _ in atoms(lower(tree, fields)))
