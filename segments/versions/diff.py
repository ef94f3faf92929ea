"""How two rules differ: side by side, line by line, and in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from segments.rules.fields import Fields
from segments.rules.sentence import condition_words
from segments.rules.tree import Node, is_group

GROUPS = {"all": "All of these hold", "any": "At least one of these holds", "none": "None of these holds"}


@dataclass(frozen=True)
class Line:
    """One line of a rule as it is written down: the head of a group, or a condition."""

    depth: int
    text: str
    about: tuple  # what two lines must share to be the same line, changed

    @property
    def is_group(self) -> bool:
        return self.about == ("group",)


@dataclass(frozen=True)
class Row:
    """A line before and after. One of the two is None where it was added or removed."""

    kind: str  # "same", "changed", "added" or "removed"
    old: Line | None
    new: Line | None

    @property
    def words(self) -> str:
        match self:
            case Row("added", _, Line() as new):
                return f"Added: {new.text}"
            case Row("removed", Line() as old, _):
                return f"Removed: {old.text}"
            case Row("changed", Line() as old, Line() as new):
                return f"Changed: {old.text} → {new.text}"
        return ""


def lines(tree: Node | None, fields: Fields) -> list[Line]:
    return list(_lines(tree["root"], 0, fields)) if tree else []


def _lines(node: Node, depth: int, fields: Fields) -> Iterator[Line]:
    if not is_group(node):
        yield Line(depth, _condition(node, fields), (node.get("of"), node.get("p")))
        return
    yield Line(depth, GROUPS[node["op"]], ("group",))
    for item in node["items"]:
        yield from _lines(item, depth + 1, fields)


def _condition(leaf: Node, fields: Fields) -> str:
    blank = {"include": " (a blank counts)", "exclude": " (a blank does not count)"}
    return condition_words(leaf, fields) + blank.get(leaf.get("unknown", ""), "")


def compare(old: Node | None, new: Node | None, fields: Fields) -> list[Row]:
    before, after = lines(old, fields), lines(new, fields)
    rows: list[Row] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            rows += [Row("same", x, y) for x, y in zip(before[a:b], after[c:d], strict=True)]
        else:
            rows += _replaced(before[a:b], after[c:d])
    return rows


def _replaced(before: list[Line], after: list[Line]) -> list[Row]:
    """Lines about the same stand opposite each other; the others were removed or added, in their order."""
    rows, left = [], list(before)
    for new in after:
        at = next(
            (i for i, old in enumerate(left) if old.about == new.about and old.depth == new.depth), None
        )
        if at is None:
            rows.append(Row("added", None, new))
        else:
            rows += [Row("removed", old, None) for old in left[:at]]
            rows.append(Row("changed", left[at], new))
            del left[: at + 1]
    return rows + [Row("removed", old, None) for old in left]


def in_words(rows: list[Row]) -> list[str]:
    return [row.words for row in rows if row.kind != "same"]
