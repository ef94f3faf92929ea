"""A rule as a file has it; the other way round stands in segments.as_code.rules."""

from typing import Any

from segments.as_code import values
from segments.as_code.rules import BLANK, WORD_OF, Names
from segments.rules.fields import CHANCE, SEGMENTS, Field, Fields
from segments.rules.operators import Operator, operator
from segments.rules.tree import Node, is_group


def written(tree: Node, fields: Fields, names: Names) -> dict:
    """The rule of a segment, as a file has it."""
    return _Writer(fields, names).node(tree["root"])


class _Writer:
    def __init__(self, fields: Fields, names: Names):
        self._fields, self._names = fields, names

    def node(self, node: Node) -> dict:
        if is_group(node):
            return {node["op"]: [self.node(item) for item in node["items"]]}
        found = self._fields[node["of"], node["p"]]
        chosen = operator(found.type, node["op"])
        if chosen is None:
            raise KeyError(node["op"])
        written = self._asked(found, node) | {"op": chosen.name}
        if chosen.takes == "measure":
            written |= self._measure(node["v"], found)
        elif "v" in node and found.type not in (SEGMENTS, CHANCE):
            written["value"] = self._value(chosen, found, node["v"])
        if "where" in node:
            written["where"] = _Writer(self._fields.records[found.key], self._names).node(node["where"])
        return written | ({"blank": BLANK[node["unknown"]]} if "unknown" in node else {})

    def _asked(self, found: Field, node: Node) -> dict:
        side = "partner." if found.of == "partner" else ""
        if found.is_property:
            return {"property": side + found.key}
        of = {"of": "partner"} if side else {}
        if found.type == SEGMENTS:
            return {"segments": [self._names.of_segment[one] for one in node["v"]]} | of
        if found.type == CHANCE:
            return {CHANCE: dict(node["v"])} | of
        return {WORD_OF[found.type]: found.key} | of

    def _measure(self, value: dict, found: Field) -> dict:
        records = self._fields.records[found.key]
        measured = records["self", value["p"]]
        comparing = operator(measured.type, value["op"])
        if comparing is None:
            raise KeyError(value["op"])
        inner = {"of": measured.key, "is": comparing.name}
        if "v" in value:
            inner["value"] = _Writer(records, self._names)._value(comparing, measured, value["v"])
        return {"measure": inner | ({"blank": BLANK[value["unknown"]]} if "unknown" in value else {})}

    def _value(self, chosen: Operator, found: Field, value: Any) -> Any:
        if chosen.takes != "field":
            return values.written(chosen.takes, found, value)
        other = self._fields[value["of"], value["p"]]
        return ("partner." if other.of == "partner" else "") + other.key
