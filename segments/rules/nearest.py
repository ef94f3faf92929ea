"""What would have to turn: the smallest set of conditions that changes a verdict, and those that do it alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from segments.rules.explain import SEGMENT, Verdict
from segments.rules.expressions import Group
from segments.rules.fields import SEGMENTS, Fields
from segments.rules.lower import lower
from segments.rules.tree import new_tree
from segments.rules.truth import can_hold

MOST = 300  # conditions, with those of segments that are asked for
TRIED = 40  # up to this many, sets of up to three are tried out
SHOWN = 3
BESIDE = ("records:", "did:")  # what is had or done, and not how something is

type Keys = frozenset[str]


@dataclass(frozen=True)
class Nearest:
    """`together` turns the verdict as a whole; each of `alone` turns it by itself."""

    inside: bool
    together: tuple[Verdict, ...]
    alone: tuple[Verdict, ...]

    @property
    def words(self) -> str:
        """Would be in if tier were Gold."""
        if self.inside:
            return _in_words(self)
        if self.alone:
            return f"Would be in if {_listed(map(turned, self.alone), ', or if ')}."
        return f"Would be in if {_listed(map(turned, self.together), ' and ')}." if self.together else ""


def _in_words(nearest: Nearest) -> str:
    if len(nearest.alone) == 1:
        return f"One condition alone keeps them in: would be out if {turned(nearest.alone[0])}."
    if nearest.alone:
        return f"Would be out if {_listed(map(turned, nearest.alone), ', or if ')}."
    if nearest.together:
        return f"Would be out only if {_listed(map(turned, nearest.together), ' and ')}."
    return ""


def _listed(parts: Iterable[str], glue: str) -> str:
    found = list(dict.fromkeys(parts))
    more = f"{glue}{len(found) - SHOWN} more changed" if glue == " and " else ""
    return glue.join(found[:SHOWN]) + (more if len(found) > SHOWN else "")


def turned(leaf: Verdict) -> str:
    """The condition as it would have to be: tier were Gold."""
    words = leaf.words if leaf.words[1:2].isupper() else leaf.words[:1].lower() + leaf.words[1:]
    if str((leaf.leaf or {}).get("p")).startswith(BESIDE):
        return _had(words, holds=leaf.holds)
    if leaf.op == SEGMENT or (leaf.leaf or {}).get("p") == SEGMENTS:
        return f"they were {'not ' if leaf.holds else ''}{words.removeprefix('is ')}"
    name, found, rest = words.partition(" is ")
    if not found:
        return f"it were {'not ' if leaf.holds else ''}so that {words}"
    if not leaf.holds:
        return f"{name} were {rest}"
    return (
        f"{name} were {rest.removeprefix('not ')}" if rest.startswith("not ") else f"{name} were not {rest}"
    )


def _had(words: str, *, holds: bool) -> str:
    """They had at least one quote whose status is Sent; their partner had not signed in."""
    who = "their partner" if words.startswith("partner ") else "they"
    words = words.removeprefix("partner ")
    if words.startswith("has "):
        return f"{who} {'did not have' if holds else 'had'} {words.removeprefix('has ')}"
    if holds and words.startswith("never "):
        return f"{who} had {words.removeprefix('never ')}"
    return f"{who} had {'not ' if holds else ''}{words}"


def nearest(verdict: Verdict, fields: Fields | None = None, zone: str = "UTC") -> Nearest | None:
    """None where nothing that can turn would change it. With fields, only what can be at the same time counts:
    a tier that is Silver does not become Gold and stay Silver.
    """
    leaves = {leaf.key: leaf for leaf in _deciding(verdict) if not leaf.fixed}
    if not leaves or len(leaves) > MOST:
        return None

    def can_be(keys: Keys) -> bool:
        return fields is None or _possible(_support(verdict, not verdict.holds, keys), fields, zone)

    alone = [key for key in leaves if _turns(verdict, frozenset({key})) and can_be(frozenset({key}))]
    together = frozenset(alone[:1]) or _smallest(verdict, leaves)
    if not together or not can_be(together):
        return None
    show = lambda keys: tuple(leaves[key] for key in leaves if key in keys)  # noqa: E731
    return Nearest(verdict.holds, show(together), show(alone))


def _possible(support: list[tuple[Verdict, bool]], fields: Fields, zone: str) -> bool:
    """Whether some value of everything makes all these conditions say what they would have to."""
    rules = [(lower(new_tree(fields.level, one.leaf), fields), holds) for one, holds in support if one.leaf]
    items = tuple(rule if holds else Group("none", (rule,)) for rule, holds in rules)
    return can_hold(Group("all", items), zone)


def _support(node: Verdict, wanted: bool, turned: Keys) -> list[tuple[Verdict, bool]]:
    """The conditions on which the node then rests, and what each says."""
    if not node.items:
        return [(node, wanted)]
    inner = wanted != (node.group == "none")
    resting = [item for item in node.items if _holds(item, turned) == inner]
    if (node.group == "all") != inner:
        resting = resting[:1]
    return [leaf for item in resting for leaf in _support(item, inner, turned)]


def _deciding(verdict: Verdict) -> list[Verdict]:
    """The conditions at the bottom: a segment that is asked for is looked through to its rule."""
    if not verdict.items:
        return [verdict] if verdict.words else []
    return [leaf for item in verdict.items for leaf in _deciding(item)]


def _turns(verdict: Verdict, turned: Keys) -> bool:
    return _holds(verdict, turned) != verdict.holds


def _holds(node: Verdict, turned: Keys) -> bool:
    if not node.items:
        return node.holds != (node.key in turned)
    held = (_holds(item, turned) for item in node.items)
    return {"all": all, "any": any, "none": lambda several: not any(several)}[node.group](held)


def _smallest(verdict: Verdict, leaves: dict[str, Verdict]) -> Keys:
    """Worked out from the groups; tried out where one condition stands in several places, and so counts in all."""
    found = _way(verdict, not verdict.holds)
    right = found is not None and _turns(verdict, found)
    if right and found is not None and len(_deciding(verdict)) == len(leaves):
        return found
    if len(leaves) <= TRIED:
        for size in range(2, 4):
            for some in combinations(leaves, size):
                if _turns(verdict, frozenset(some)):
                    return frozenset(some)
    return found if right and found is not None else frozenset()


def _way(node: Verdict, wanted: bool) -> Keys | None:
    """The fewest conditions to turn so that the node says what is wanted; None where nothing does."""
    if not node.items:
        if node.holds == wanted:
            return frozenset()
        return None if node.fixed or not node.words else frozenset({node.key})
    inner = wanted != (node.group == "none")
    ways = [_way(item, inner) for item in node.items]
    return (_every if (node.group == "all") == inner else _cheapest)(ways)


def _every(ways: list[Keys | None]) -> Keys | None:
    found: Keys = frozenset()
    for way in ways:
        if way is None:
            return None
        found |= way
    return found


def _cheapest(ways: list[Keys | None]) -> Keys | None:
    return min((way for way in ways if way is not None), key=len, default=None)
