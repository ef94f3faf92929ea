"""What a rule itself gives away as a mistake. Silence where it cannot be proven: no false alarms."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from segments.rules.fields import CONSTANT, Fields
from segments.rules.lower import lower, where
from segments.rules.sentence import condition_words
from segments.rules.tree import Node, Path, conditions, is_group, new_tree, spell, walk
from segments.rules.truth import can_fail, can_hold
from segments.rules.validate import check

MOST_CONDITIONS = 60  # beyond, a rule is only asked for what is gone
MOST_PAIRS = 300


@dataclass(frozen=True, slots=True)
class Finding:
    """`severe`: the rule does something else than it says; otherwise it is worth a look."""

    kind: str
    text: str
    path: Path = ()
    severe: bool = True

    @property
    def place(self) -> str:
        return spell(self.path)


def lint(tree: Node, fields: Fields, zone: str) -> list[Finding]:
    """Of a rule that was valid when it was saved."""
    gone = [Finding(_kind(error.message), error.message, error.path) for error in check(tree, fields).errors]
    if gone or sum(1 for _ in conditions(tree)) > MOST_CONDITIONS:
        return gone
    return list(_logic(tree, fields, zone))


def _kind(message: str) -> str:
    if "is archived" in message:
        return "archived"
    return "gone" if "no longer an option" in message or "cannot be asked about" in message else "invalid"


def _logic(tree: Node, fields: Fields, zone: str) -> Iterator[Finding]:
    if all(fields[leaf["of"], leaf["p"]].type == CONSTANT for _, leaf in conditions(tree)):
        return  # "everyone" and "nobody" are meant
    whole = lower(tree, fields)
    noun = tree["object"]
    if not can_hold(whole, zone):
        path, why = _blame(tree, fields, zone)
        yield Finding("contradiction", f"No {noun} can ever fit: {why}", path)
    elif not can_fail(whole, zone):
        yield Finding("always", f"Every {noun} fits, whatever its values are.")
    else:
        yield from _within(tree, fields, zone)


def _within(tree: Node, fields: Fields, zone: str) -> Iterator[Finding]:
    """Groups and conditions that decide nothing; of one inside the other, the outer."""
    found: list[Path] = []
    for path, node in walk(tree["root"]):
        if not path or any(path[: len(outer)] == outer for outer in found):
            continue
        if not is_group(node) and fields[node["of"], node["p"]].type == CONSTANT:
            continue
        if not is_group(node) and "where" in node and not _fits_any(node, fields, zone):
            found.append(path)
            one = fields[node["of"], node["p"]].one
            text = f"No {one} can ever fit what “{condition_words(node, fields)}” asks of it."
            yield Finding("contradiction", text, path)
            continue
        expression = lower(new_tree(tree["object"], node), fields)
        what = "This group" if is_group(node) else f"“{condition_words(node, fields)}”"
        if not can_hold(expression, zone):
            found.append(path)
            yield Finding("contradiction", f"{what} can never hold.", path)
        elif not can_fail(expression, zone):
            found.append(path)
            yield Finding("always", f"{what} always holds, so it decides nothing.", path, severe=False)


def _fits_any(leaf: Node, fields: Fields, zone: str) -> bool:
    """Whether there can be related records that the condition is about."""
    return can_hold(where(leaf["where"], fields.records[fields[leaf["of"], leaf["p"]].key]), zone)


def _blame(tree: Node, fields: Fields, zone: str) -> tuple[Path, str]:
    """The two conditions that exclude each other, where it is two."""
    together = [(path, leaf) for path, leaf in _required(tree["root"], ())]
    for path, leaf in together:
        if not can_hold(lower(new_tree(tree["object"], leaf), fields), zone):
            return path, f"“{condition_words(leaf, fields)}” never holds."
    for tried, ((_, one), (path, other)) in enumerate(combinations(together, 2)):
        if tried > MOST_PAIRS:
            break
        if not can_hold(lower(new_tree(tree["object"], one, other), fields), zone):
            words = f"“{condition_words(one, fields)}” and “{condition_words(other, fields)}”"
            return path, f"{words} exclude each other."
    return (), "its conditions exclude each other."


def _required(node: Node, path: Path) -> Iterator[tuple[Path, Node]]:
    """The conditions that all have to hold."""
    for index, item in enumerate(node["items"]):
        if node["op"] == "all" or (node["op"] == "any" and len(node["items"]) == 1):
            if is_group(item):
                yield from _required(item, (*path, index))
            else:
                yield (*path, index), item
