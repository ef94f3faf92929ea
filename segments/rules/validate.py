"""Whether a tree is a rule, and if not, what is wrong where. A valid tree comes back in canonical form."""

from dataclasses import dataclass, field
from typing import Any

from segments.rules import values
from segments.rules.fields import TEXT_TYPES, Field, Fields
from segments.rules.operators import Operator, operator
from segments.rules.tree import GROUP_OPERATORS, MAX_CONDITIONS, MAX_DEPTH, VERSION, Path, is_group, spell

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


def validate(tree: object, fields: Fields) -> dict:
    """The tree in canonical form; raises InvalidRule with every error found."""
    found = check(tree, fields)
    if found.errors:
        raise InvalidRule(found.errors)
    return found.tree


def check(tree: object, fields: Fields) -> "_Check":
    checking = _Check(fields)
    checking.run(tree)
    return checking


@dataclass
class _Check:
    fields: Fields
    errors: list[RuleError] = field(default_factory=list)
    tree: dict = field(default_factory=dict)
    conditions: int = 0

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
            self._fault(path, "field", "Choose a property.")
            return {}
        if found.archived:
            self._fault(path, "field", f"{found.label} is archived. Choose another property.")
        chosen = operator(found.type, leaf.get("op"))
        if chosen is None:
            self._fault(path, "operator", f"Choose a comparison for {found.label}.")
            return {}
        if not set(leaf) <= {"p", "of", "op", "v", "unknown"}:
            self._fault(path, "rule", "This condition has parts that are not known.")
        return self._canonical(leaf, path, found, chosen)

    def _canonical(self, leaf: dict, path: Path, found: Field, chosen: Operator) -> dict:
        clean = {"of": found.of, "op": chosen.name, "p": found.number}
        try:
            value = values.canonical(chosen, found, leaf.get("v"))
            if chosen.takes == "field":
                self._comparable(found, value)
            if value is not None:
                clean["v"] = value
        except values.BadValue as error:
            self._fault(path, "value", str(error))
        return clean | self._blank(leaf, path, chosen)

    def _comparable(self, found: Field, value: dict) -> None:
        other = self.fields.get(value["of"], value["p"])
        same_kind = other is not None and (other.type == found.type or {other.type, found.type} <= TEXT_TYPES)
        if not same_kind or other == found:
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
