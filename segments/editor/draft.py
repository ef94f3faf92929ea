"""A rule while it is edited: what stands in the form, finished or not, and what the buttons do to it.

The form is flat. A group is `g:<path>` (all, any, none); a condition is `c:<path>:field`, `…:op`, `…:v` and what
else its value needs. Paths are as in the tree: "" is the root, "0.2" the third item of its first. A condition on
related records may hold conditions on each of them: `w:<path>` says how they are joined, and they are its items,
"0.2.0" the first. Names that make no sense are left out, values that make no sense are kept as they were written
and reported.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from dataclasses import field as defaulting
from typing import Self

from django.http import QueryDict

from segments.editor.draft_values import as_inputs, first, from_inputs
from segments.rules.fields import RECORDS, Field, Fields
from segments.rules.operators import OPERATORS, Operator, operator
from segments.rules.tree import MAX_CONDITIONS, MAX_DEPTH, Node, Path, is_group, spell

KEY = re.compile(r"(?P<kind>[gcw]):(?P<path>\d{1,3}(?:\.\d{1,3})*|)(?::(?P<part>[a-z]+))?\Z")


@dataclass
class Condition:
    """`inputs` holds the parts of the value as they stand in the form."""

    field: str = ""
    op: str = ""
    inputs: dict[str, list[str]] = defaulting(default_factory=dict)
    blank: bool | None = None  # None: the usual of the operator
    where: "Group | None" = None  # conditions on each of the related records

    def copy(self) -> "Condition":
        inputs = {name: list(values) for name, values in self.inputs.items()}
        return replace(self, inputs=inputs, where=self.where and self.where.copy())

    def first(self, name: str) -> str:
        return first(self.inputs, name)


@dataclass
class Group:
    op: str = "all"
    items: list["Group | Condition"] = defaulting(default_factory=list)

    def copy(self) -> "Group":
        return Group(self.op, [item.copy() for item in self.items])


@dataclass
class Draft:
    root: Group
    focus: Path | None = None  # where the keyboard should be next

    @classmethod
    def from_tree(cls, tree: Node | None, fields: Fields) -> Self:
        return cls(_draw_group(tree["root"], fields) if tree else Group())

    @classmethod
    def from_form(cls, data: QueryDict) -> Self:
        found: dict[Path, Group | Condition] = {}
        for key in data:
            if match := KEY.match(key):
                path = tuple(int(index) for index in match["path"].split(".")) if match["path"] else ()
                _read(found, path, match, data.getlist(key))
        return cls(_assemble(found))

    def to_tree(self, fields: Fields) -> Node:
        root = {"op": self.root.op, "items": [_write(item, fields) for item in self.root.items]}
        return {"v": 1, "object": fields.level, "zone": "workspace", "root": root}

    def walk(self) -> Iterator[tuple[Path, Group | Condition]]:
        return _walk(self.root, ())

    def at(self, path: Path) -> Group | Condition | None:
        node: Group | Condition = self.root
        for index in path:
            items = _items(node)
            if index >= len(items):
                return None
            node = items[index]
        return node

    def do(self, action: str) -> bool:
        """One press of a button: `add:0`, `remove:0.2`, … False where it names nothing here."""
        verb, _, place = action.partition(":")
        if verb not in _ACTIONS or not re.fullmatch(r"(\d{1,3}(\.\d{1,3})*)?", place):
            return False
        path = tuple(int(index) for index in place.split(".")) if place else ()
        if self.at(path) is None:
            return False
        _ACTIONS[verb](self, path)
        return True

    def _add(self, path: Path, item: "Group | Condition | None" = None) -> None:
        """To a group; to a condition on records one that asks about each of them."""
        node = self.at(path)
        if isinstance(node, Condition):
            node.where = node.where or Group()
            node = node.where
        if node is not None and sum(1 for _ in self.walk()) < 2 * MAX_CONDITIONS:
            node.items.append(item or Condition())
            self.focus = (*path, len(node.items) - 1)

    def _add_group(self, path: Path) -> None:
        if len(path) < MAX_DEPTH - 1 and isinstance(self.at(path), Group):
            self._add(path, Group("any", [Condition()]))
            self.focus = (*(self.focus or path), 0)

    def _siblings(self, path: Path) -> list["Group | Condition"] | None:
        parent = self.at(path[:-1]) if path else None
        return _items(parent) if parent is not None else None

    def _remove(self, path: Path) -> None:
        """The keyboard goes to the row before; a group that is left empty goes as well."""
        siblings = self._siblings(path)
        if siblings is None:
            return
        del siblings[path[-1]]
        if siblings:
            self.focus = (*path[:-1], max(path[-1] - 1, 0))
        elif len(path) > 1 and isinstance(self.at(path[:-1]), Group):
            self._remove(path[:-1])
        else:
            self.focus = path[:-1] or None

    def _duplicate(self, path: Path) -> None:
        if (siblings := self._siblings(path)) is not None:
            siblings.insert(path[-1] + 1, siblings[path[-1]].copy())
            self.focus = (*path[:-1], path[-1] + 1)

    def _count_blanks(self, path: Path) -> None:
        """A blank shall count, too; from then on the row says so, and can take it back."""
        node = self.at(path)
        if isinstance(node, Condition):
            node.blank = True
            self.focus = path

    def _move(self, path: Path, by: int) -> None:
        siblings = self._siblings(path)
        if siblings is not None and 0 <= (target := path[-1] + by) < len(siblings):
            siblings.insert(target, siblings.pop(path[-1]))
            self.focus = (*path[:-1], target)


_ACTIONS = {
    "add": Draft._add,
    "add-group": Draft._add_group,
    "remove": Draft._remove,
    "duplicate": Draft._duplicate,
    "blanks": Draft._count_blanks,
    "up": lambda draft, path: draft._move(path, -1),
    "down": lambda draft, path: draft._move(path, +1),
}


def _items(node: Group | Condition) -> list["Group | Condition"]:
    """What stands inside of a group, or of a condition on related records."""
    if isinstance(node, Group):
        return node.items
    return node.where.items if node.where else []


def _walk(node: Group | Condition, path: Path) -> Iterator[tuple[Path, Group | Condition]]:
    yield path, node
    for index, item in enumerate(_items(node)):
        yield from _walk(item, (*path, index))


def _read(found: dict, path: Path, match: re.Match, values: list[str]) -> None:
    if match["kind"] == "g":
        found[path] = Group(values[-1] if values[-1] in ("all", "any", "none") else "all")
        return
    condition = found.setdefault(path, Condition())
    if not isinstance(condition, Condition):
        return
    if match["kind"] == "w":
        condition.where = Group(values[-1] if values[-1] in ("all", "any", "none") else "all")
        return
    match match["part"]:
        case "field":
            condition.field = values[-1]
        case "op":
            condition.op = values[-1]
        case "blank":
            # A hidden "no" stands before the box, so that an unticked one is an answer too.
            condition.blank = values[-1] == "yes"
        case str(part):
            condition.inputs[part] = values


def _assemble(found: dict[Path, Group | Condition]) -> Group:
    """Items in the order of their indexes; what hangs under nothing is dropped."""
    root = found.get(())
    root = root if isinstance(root, Group) else Group()
    groups: dict[Path, Group] = {(): root}
    for path in sorted(found):
        parent = groups.get(path[:-1]) if path and len(path) <= MAX_DEPTH + 1 else None
        if parent is not None:
            node = found[path]
            parent.items.append(node)
            inside = node if isinstance(node, Group) else node.where
            if inside is not None:
                groups[path] = inside
    return root


def chosen_operator(condition: Condition, field: Field | None) -> Operator | None:
    """The operator of a condition; where the property has just been chosen, the first one of its type."""
    if field is None:
        return None
    return operator(field.type, condition.op) or next(iter(OPERATORS[field.type].values()))


def _write(item: Group | Condition, fields: Fields) -> Node:
    if isinstance(item, Group):
        return {"op": item.op, "items": [_write(inner, fields) for inner in item.items]}
    found = fields.named(item.field)
    chosen = chosen_operator(item, found)
    if found is None or chosen is None:
        return {"p": None, "of": "self", "op": item.op}
    leaf: Node = {"p": found.number, "of": found.of, "op": chosen.name}
    if chosen.takes == "measure":
        leaf["v"] = _write_measure(item, fields.records[found.key])
    elif chosen.takes != "nothing":
        leaf["v"] = from_inputs(chosen.takes, item.inputs, fields)
    if found.type == RECORDS and item.where and item.where.items:
        leaf["where"] = _write(item.where, fields.records[found.key])
    if chosen.asks_about_blank and item.blank is not None:
        leaf["unknown"] = "include" if item.blank else "exclude"
    return leaf


def measured(item: Condition, records: Fields) -> tuple[Field | None, Operator | None]:
    """What of the records is measured, and how the outcome is compared."""
    field = records.named(item.first("p"))
    known = operator(field.type, item.first("mop")) if field else None
    return field, known or (next(iter(OPERATORS[field.type].values())) if field else None)


def _write_measure(item: Condition, records: Fields) -> Node:
    field, chosen = measured(item, records)
    if field is None or chosen is None:
        return {"p": None, "op": ""}
    found: Node = {"p": field.number, "op": chosen.name}
    if chosen.takes != "nothing":
        found["v"] = from_inputs(chosen.takes, item.inputs, records)
    if chosen.negative and chosen.asks_about_blank and item.blank is not None:
        found["unknown"] = "include" if item.blank else "exclude"
    return found


def _draw_measure(value: Node, records: Fields) -> tuple[dict[str, list[str]], bool | None]:
    field = records.get("self", value["p"])
    chosen = operator(field.type, value["op"]) if field else None
    inputs = as_inputs(chosen.takes, value.get("v")) if chosen else {}
    blank = None if "unknown" not in value else value["unknown"] == "include"
    return inputs | {"p": [f"self:{value['p']}"], "mop": [value["op"]]}, blank


def _draw_group(node: Node, fields: Fields) -> Group:
    return Group(node["op"], [_draw(item, fields) for item in node["items"]])


def _draw(node: Node, fields: Fields) -> Group | Condition:
    if is_group(node):
        return _draw_group(node, fields)
    found = fields.get(node["of"], node["p"])
    blank = None if "unknown" not in node else node["unknown"] == "include"
    takes = chosen.takes if found and (chosen := operator(found.type, node["op"])) else "nothing"
    name = found.name if found else f"{node['of']}:{node['p']}"
    drawn = Condition(name, node["op"], {}, blank)
    if found is not None and takes == "measure":
        drawn.inputs, drawn.blank = _draw_measure(node["v"], fields.records[found.key])
    else:
        drawn.inputs = as_inputs(takes, node.get("v"))
    if found is not None and node.get("where"):
        drawn.where = _draw_group(node["where"], fields.records[found.key])
    return drawn


def prune(tree: Node, wrong: set[Path]) -> Node | None:
    """The finished part of a rule, for the preview; None where nothing is left."""
    root = _prune(tree["root"], (), wrong)
    return {**tree, "root": root} if root else None


def _prune(node: Node, path: Path, wrong: set[Path]) -> Node | None:
    if not is_group(node):
        return None if path in wrong else node
    kept = [_prune(item, (*path, index), wrong) for index, item in enumerate(node["items"])]
    items = [item for item in kept if item]
    return {"op": node["op"], "items": items} if items else None


__all__ = ["Condition", "Draft", "Group", "chosen_operator", "prune", "spell"]
