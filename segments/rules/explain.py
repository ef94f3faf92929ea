"""Why somebody is in a segment or not: the tree with a verdict and the found value at every condition."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from segments.rules.compile_python import CompiledRules
from segments.rules.fields import Fields
from segments.rules.moments import Moment
from segments.rules.sentence import condition_words, value_words
from segments.rules.tree import Node, Path, conditions, is_group, new_tree


@dataclass(frozen=True, slots=True)
class Verdict:
    """One node: for a condition `words` says what it asks and `found` what there is; a group has `items`."""

    path: Path
    holds: bool
    op: str
    words: str = ""
    found: str = ""
    items: list["Verdict"] = field(default_factory=list)

    def leaves(self) -> list["Verdict"]:
        if not self.items:
            return [self]
        return [leaf for item in self.items for leaf in item.leaves()]


class Explainer:
    """Compiled once for a tree, then asked about several subjects."""

    def __init__(self, tree: Node, fields: Fields, zone: str):
        self._root = tree["root"]
        self._fields = fields
        self._numbers: dict[Path, int] = {}
        singles = {}
        for number, (path, leaf) in enumerate(conditions(tree)):
            self._numbers[path] = number
            singles[number] = new_tree(tree["object"], leaf)
        self._rules = CompiledRules(singles, fields, zone)

    def explain(self, own: Mapping, partner: Mapping, moment: Moment) -> Verdict:
        holding = self._rules.evaluate(own, partner, moment)
        return self._node(self._root, (), holding, {"self": own, "partner": partner})

    def _node(self, node: Node, path: Path, holding: set[int], documents: dict) -> Verdict:
        if not is_group(node):
            field = self._fields[node["of"], node["p"]]
            found = value_words(field, documents[node["of"]].get(str(node["p"])))
            words = condition_words(node, self._fields)
            return Verdict(path, self._numbers[path] in holding, node["op"], words, found)
        items = [self._node(item, (*path, i), holding, documents) for i, item in enumerate(node["items"])]
        held = [item.holds for item in items]
        holds = {"all": all(held), "any": any(held), "none": not any(held)}[node["op"]]
        return Verdict(path, holds, node["op"], items=items)
