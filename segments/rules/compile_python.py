"""Rules as generated Python (segments.rules.generated), for one subject at a time."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from segments.rules.expressions import (
    Atom,
    Column,
    Expression,
    Fact,
    atoms,
    facts,
    only_in_process,
    places,
)
from segments.rules.fields import Fields
from segments.rules.flips import Flips
from segments.rules.generated import Function
from segments.rules.lower import lower
from segments.rules.moments import Moment
from segments.rules.tree import Node, Place


class CompiledRules:
    """All live and building rules of one level of a workspace. Functions are made when first needed.

    `seeing` gives a build fields of its own, where its references mean definitions that are not live yet.
    """

    def __init__(
        self,
        trees: Mapping[int, Node],
        fields: Fields,
        zone: str,
        *,
        seeing: Mapping[int, Fields] | None = None,
    ):
        self.zone = zone
        own_fields = seeing or {}
        self._index({build: lower(tree, own_fields.get(build, fields)) for build, tree in trees.items()})

    def only(self, builds: Iterable[int]) -> "CompiledRules":
        """Some of them, as they were understood among the others."""
        some = object.__new__(CompiledRules)
        some.zone = self.zone
        some._index({build: self._rules[build] for build in builds})
        return some

    def expression(self, build: int) -> Expression:
        return self._rules[build]

    def _index(self, rules: dict[int, Expression]) -> None:
        self._rules = rules
        self._asked_by: dict[Place, set[int]] = {}
        self._asks = {build: places(rule) | _marks(rule) for build, rule in self._rules.items()}
        for build, asked in self._asks.items():
            for place in asked:
                self._asked_by.setdefault(place, set()).add(build)
        self._functions: dict[Place | None, Function] = {}

    @property
    def builds(self) -> frozenset[int]:
        return frozenset(self._rules)

    def asks(self, build: int) -> frozenset[Place]:
        """What a build asks about."""
        return self._asks.get(build, frozenset())

    def touched_by(self, changed: Iterable[Place]) -> frozenset[int]:
        """The builds that ask for any of these: the candidates after a change."""
        return frozenset().union(*(self._asked_by.get(place, ()) for place in changed))

    def evaluate(self, own: Mapping, partner: Mapping, moment: Moment) -> set[int]:
        """The builds that this subject is in, of all."""
        return set(self._function(None)(own, partner, moment))

    def evaluate_changed(
        self, own: Mapping, partner: Mapping, moment: Moment, changed: Iterable[Place]
    ) -> set[int]:
        """The same for the candidates only."""
        found: set[int] = set()
        for place in changed:
            if place in self._asked_by:
                found.update(self._function(place)(own, partner, moment))
        return found

    def next_flip(self, own: Mapping, partner: Mapping, moment: Moment) -> datetime | None:
        """The first instant after the moment at which time alone can change a verdict."""
        return self._flips.first(own, partner, moment)

    def flip_of(self, column: Column, value: str, moment: Moment) -> datetime | None:
        """The same for one value of one column."""
        return self._flips.of_value(column, value, moment)

    @cached_property
    def _flips(self) -> Flips:
        return Flips(self._timed, self.zone)

    def moved_by_time(self, changed: Iterable[Place]) -> bool:
        """Whether what changed is asked for by a condition that time alone can turn."""
        return not self._flips.places.isdisjoint(changed)

    @cached_property
    def beside(self) -> frozenset[tuple[str, str]]:
        """Sides and keys of what is asked beside the properties' values, which need not be read otherwise."""
        asked = {(column.of, column.key) for column in self._columns if not column.key.isdigit()}
        return frozenset(asked | {(of, fact.mark) for of, fact in self.facts if fact.watches})

    def keys_of(self, side: str) -> frozenset[str]:
        """The keys of what is asked of a side beside the values of its properties."""
        return self._keys[side]

    @cached_property
    def _keys(self) -> dict[str, frozenset[str]]:
        return {side: frozenset(k for of, k in self.beside if of == side) for side in ("self", "partner")}

    @cached_property
    def facts(self) -> frozenset[tuple[str, Fact]]:
        return frozenset().union(*(facts(rule) for rule in self._rules.values()))

    @cached_property
    def depths(self) -> dict[Fact, int]:
        """Of facts that are lists of instants: how many of the newest are asked about."""
        found: dict[Fact, int] = {}
        for column in self._columns:
            if column.fact is not None and column.index is not None:
                found[column.fact] = max(found.get(column.fact, 0), column.index + 1)
        return found

    @property
    def timed_columns(self) -> list[Column]:
        """What is compared with the time that it is."""
        return self._flips.columns

    @cached_property
    def timed(self) -> bool:
        return bool(self._timed)

    @cached_property
    def only_in_process(self) -> bool:
        return any(only_in_process(rule) for rule in self._rules.values())

    @cached_property
    def _columns(self) -> set[Column]:
        return {column for atom in self._atoms for column in atom.columns}

    @cached_property
    def _atoms(self) -> set[Atom]:
        return {atom for rule in self._rules.values() for atom in atoms(rule)}

    @cached_property
    def _timed(self) -> list[tuple[Column, Any]]:
        asked = {(atom.column, atom.value) for atom in self._atoms if atom.timed}
        return [*asked, *(watched for of, fact in self.facts for watched in watched_columns(of, fact))]

    def _function(self, place: Place | None) -> "Function":
        if place not in self._functions:
            wanted = self._rules if place is None else sorted(self._asked_by[place])
            self._functions[place] = Function({build: self._rules[build] for build in wanted}, self.zone)
        return self._functions[place]


def _marks(rule: Expression) -> frozenset[Place]:
    """What tells when a fact will be another: who is asked about the fact looks ahead by it."""
    return frozenset((of, fact.mark) for of, fact in facts(rule) if fact.watches)


def watched_columns(of: str, fact: Fact) -> list[tuple[Column, Any]]:
    """What the mark of a fact holds, each with the bound that comes to pass it."""
    return [
        (Column(of, fact.mark, "instants", index=index), watch.window)
        for index, watch in enumerate(fact.watches)
    ]
