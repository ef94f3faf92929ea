"""A rule as both compilers see it: groups of positive tests on columns, with folded constants."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from segments.rules.tree import Place
from segments.rules.windows import Anniversary, Midnight, Window

MAX_NODES = 2000  # of a rule with everything that it refers to


@dataclass(frozen=True, slots=True)
class Fact:
    """Something about a subject that its documents do not say: worked out from other tables, then kept beside
    them under the fact's key. `spec` is canonical JSON; equal questions are one fact.

    What is asked of related records may change with time. `watches` says which of their values come to lie on the
    other side of which bound; the next of each is kept under the fact's mark, so that the instant can be foretold.
    """

    kind: str  # "records", "activity" or "history"
    spec: str
    watches: "tuple[Watch, ...]" = field(default=(), compare=False)

    @property
    def key(self) -> str:
        return "f" + self._name

    @property
    def mark(self) -> str:
        return "u" + self._name

    @property
    def _name(self) -> str:
        return sha256(f"{self.kind} {self.spec}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Watch:
    """A value of related records, and a bound that passes it with time: from then on the fact is another."""

    column: "Column"
    window: Window | Midnight


@dataclass(frozen=True, slots=True)
class Column:
    """Where a value stands, in the subject's document or its partner's.

    The key says what of it: "17" the value of property 17, "r17" the same as it was typed, "t17" when it was last
    set; "f…" a fact, "u…" its mark; "b12" whether the subject was picked for build 12; "h5" whether segment 5 holds
    it, "x5" what exception it makes of it; "id" which subject it is. `currency` is the one of money that counts,
    `index` the place in a list of instants, `through` what is worked out of the value before it is tested.
    """

    of: str
    key: str
    type: str
    currency: str | None = None
    index: int | None = None
    through: str = ""  # "day", "length", "version" or ""
    fact: Fact | None = None

    @property
    def place(self) -> Place:
        """What has to change for this to change."""
        number = self.key.lstrip("rt")
        return (self.of, int(number)) if number.isdigit() else (self.of, self.key)


@dataclass(frozen=True, slots=True)
class Atom:
    """`value` is hashable: text, number, tuple, Window, Anniversary or, for comparisons, another Column."""

    column: Column
    test: str
    value: Any = None
    negative: bool = False
    blank_counts: bool = False

    @property
    def timed(self) -> bool:
        return isinstance(self.value, Anniversary) or (isinstance(self.value, Window) and self.value.moves)

    @property
    def columns(self) -> list[Column]:
        return [self.column, self.value] if isinstance(self.value, Column) else [self.column]


@dataclass(frozen=True, slots=True)
class Group:
    """An empty "all" is true, an empty "any" false."""

    op: str
    items: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Shared:
    """A rule that others refer to: worked out once for a subject, however many ask. `key` names it."""

    key: tuple
    rule: "Expression"


type Expression = Atom | Group | Shared

ALWAYS, NEVER = Group("all", ()), Group("any", ())


def atoms(expression: Expression) -> Iterator[Atom]:
    if isinstance(expression, Atom):
        yield expression
    elif isinstance(expression, Shared):
        yield from atoms(expression.rule)
    else:
        for item in expression.items:
            yield from atoms(item)


def places(expression: Expression) -> frozenset[Place]:
    """What has to change for the verdict to change, besides time."""
    return frozenset(column.place for atom in atoms(expression) for column in atom.columns)


def facts(expression: Expression) -> frozenset[tuple[str, Fact]]:
    """The facts that are asked, each with the side whose document keeps it."""
    return frozenset(
        (column.of, column.fact) for atom in atoms(expression) for column in atom.columns if column.fact
    )


def only_in_process(expression: Expression) -> bool:
    """Whether the database cannot answer it: patterns and versions are understood in Python alone."""
    return any(atom.test == "regex" or atom.column.through == "version" for atom in atoms(expression))
