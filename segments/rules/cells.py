"""All that a value can be, as the tests of a rule tell it apart: a few samples stand for every value there is.

Between two numbers that a rule names all numbers are alike to it, and so are all words that it does not name.
Where a sample does not settle a test, the test may come out either way. So the cells cover too much rather than
too little, and what holds in none of them holds nowhere.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations, pairwise, product
from typing import Any

from segments.rules.expressions import Atom, Column, Expression, atoms
from segments.rules.fields import DAY_TYPES, OPTION_TYPES, TEXT_TYPES
from segments.rules.generated import Function
from segments.rules.moments import Moment

MOST_FREE = 4  # tests of one value that are tried both ways
MOST_OPTIONS = 5
LONGEST = 2000
OTHER = "\uf8ff"  # a text and an option that nobody writes
ORDER = {"any_of", "gt", "gte", "lt", "lte", "between", "known"}
SETS = {"set_any", "set_all", "set_exact", "known"}

type Cell = dict[Atom, bool]  # a test that is not in it may come out either way


@dataclass(frozen=True)
class _Sample:
    """`exact`: this very value. Otherwise one of many, alike to those tests that `settles` names."""

    raw: Any
    settles: Callable[[Atom], bool]


def cells(expression: Expression, zone: str) -> list[list[Cell]]:
    """For every value that is read: what its tests can say together. Those of one value with many tests first."""
    by_value: dict[tuple[str, str], list[Atom]] = {}
    for atom in dict.fromkeys(atoms(expression)):
        by_value.setdefault((atom.column.of, atom.column.key), []).append(atom)
    found = sorted(by_value.values(), key=len, reverse=True)
    return [_cells(of_one, zone) for of_one in found]


def _cells(of_one: list[Atom], zone: str) -> list[Cell]:
    tester = _Tester(of_one, zone)
    found = [tester.settled(_Sample(None, lambda atom: True))]
    for sample in _samples(of_one, zone):
        settled = tester.settled(sample)
        found += _tried(settled, [atom for atom in of_one if atom not in settled])
    return list({frozenset(cell.items()): cell for cell in found}.values())


def _tried(settled: Cell, free: list[Atom]) -> Iterator[Cell]:
    """Every way in which the unsettled tests can come out. A test and its negation go together."""
    names = list(dict.fromkeys(_name(atom) for atom in free))
    if len(names) > MOST_FREE:
        yield settled
        return
    for outcome in product((True, False), repeat=len(names)):
        holds = dict(zip(names, outcome, strict=True))
        yield settled | {atom: holds[_name(atom)] != _reversed(atom) for atom in free}


def _coupled(atom: Atom) -> bool:
    """Whether a known value makes the test say yes or no; else what is made of the value may be blank itself."""
    column = atom.column
    return column.through != "version" and column.index is None and not isinstance(atom.value, Column)


def _name(atom: Atom) -> tuple:
    return (atom.column, atom.test, atom.value) if _coupled(atom) else (atom,)


def _reversed(atom: Atom) -> bool:
    return atom.negative and _coupled(atom)


class _Tester:
    """Asks the compiled tests themselves, so that nothing about them is said twice."""

    def __init__(self, of_one: list[Atom], zone: str):
        self._atoms, self._zone = of_one, zone
        self._key = of_one[0].column.key
        self._moment = Moment(datetime(2000, 1, 1, tzinfo=UTC), zone)
        self._functions: dict[tuple[int, ...], Function] = {}

    def settled(self, sample: _Sample) -> Cell:
        asked = tuple(n for n, atom in enumerate(self._atoms) if sample.raw is None or sample.settles(atom))
        if asked not in self._functions:
            self._functions[asked] = Function({n: self._atoms[n] for n in asked}, self._zone)
        document = {} if sample.raw is None else {self._key: sample.raw}
        holding = set(self._functions[asked](document, document, self._moment))
        return {self._atoms[n]: n in holding for n in asked}


def _samples(of_one: list[Atom], zone: str) -> Iterator[_Sample]:
    """Known values. Together they stand for all that there are."""
    column = of_one[0].column
    if column.index is not None:
        yield from _lists(of_one)
    elif column.type == "boolean":
        yield from (_Sample(value, _fixed) for value in (True, False))
    elif column.type in TEXT_TYPES or (column.type == "number" and column.through == "length"):
        yield from _texts(of_one)
    elif column.type == "number":
        yield from (_Sample(value, _in({*ORDER}, exact)) for value, exact in _numbers(of_one))
    elif column.type == "money":
        yield from _amounts(of_one)
    elif column.type in OPTION_TYPES:
        yield from (_Sample(value, _fixed) for value in _constants(of_one, "any_of"))
        yield _Sample(OTHER, _in({"any_of", "known"}, False))
    elif column.type == "multi_choice":
        yield from _sets(of_one)
    elif column.type in DAY_TYPES:
        yield from _days(of_one, zone)
    else:
        yield _Sample("", _in({"known"}, False))


def _fixed(atom: Atom) -> bool:
    """Whether a value alone decides it, without another property and without the time."""
    return not isinstance(atom.value, Column) and not atom.timed


def _in(tests: set[str], exact: bool) -> Callable[[Atom], bool]:
    return lambda atom: _fixed(atom) and (exact or (atom.test in tests and atom.column.through != "version"))


def _constants(of_one: list[Atom], *tests: str) -> list:
    """The values that tests name themselves."""
    found: dict[Any, None] = {}
    for atom in of_one:
        if atom.test in tests and not atom.column.through:
            found |= dict.fromkeys(atom.value if isinstance(atom.value, tuple) else (atom.value,))
    return list(found)


def _texts(of_one: list[Atom]) -> Iterator[_Sample]:
    named = _constants(of_one, "any_of")
    yield from (_Sample(value, _fixed) for value in named)
    bounds = [atom.value for atom in of_one if atom.column.through == "length"]
    lengths = {1, *(bound + by for bound in bounds if isinstance(bound, int) for by in (-1, 0, 1))}
    measured = max(lengths) <= LONGEST
    for length in sorted(lengths) if measured else (1,):
        settled = lambda atom: (  # noqa: E731
            _fixed(atom)
            and (
                (atom.test in {"any_of", "known"} and not atom.column.through)
                or (measured and _is_length(atom))
            )
        )
        yield _Sample(OTHER * max(length, 0), settled)


def _is_length(atom: Atom) -> bool:
    return atom.column.through == "length"


def _numbers(of_one: list[Atom]) -> Iterator[tuple[float, bool]]:
    """Every number that is named, one between each two, one below and one above all."""
    tests = ("any_of", "gt", "gte", "lt", "lte", "between")
    named = sorted(number for number in _constants(of_one, *tests) if isinstance(number, int | float))
    if not named:
        yield 0, False
        return
    yield from ((number, True) for number in named)
    yield from (((low + high) / 2, False) for low, high in pairwise(named))
    yield from ((named[0] - 1, False), (named[-1] + 1, False))


def _amounts(of_one: list[Atom]) -> Iterator[_Sample]:
    currencies = {atom.column.currency for atom in of_one if atom.column.currency}
    for currency in sorted(currencies):
        mine = [atom for atom in of_one if atom.column.currency == currency]
        yield from (_Sample({"a": value, "c": currency}, _fixed) for value, _ in _numbers(mine))
    yield _Sample({"a": 0, "c": OTHER}, _fixed)


def _sets(of_one: list[Atom]) -> Iterator[_Sample]:
    named = _constants(of_one, "set_any", "set_all", "set_exact")
    if len(named) > MOST_OPTIONS:
        yield _Sample([OTHER], _in({"known"}, False))
        return
    for size in range(len(named) + 1):
        for some in combinations(named, size):
            if some:
                yield _Sample(sorted(some), _fixed)
            yield _Sample(sorted((*some, OTHER)), _in(SETS, False))


def _days(of_one: list[Atom], zone: str) -> Iterator[_Sample]:
    """Windows that stand still begin and end at bounds; from one to the next all days are alike."""
    moment = Moment(datetime(2000, 1, 1, tzinfo=UTC), zone)
    still = [atom for atom in of_one if atom.test == "window" and not atom.timed and not atom.column.through]
    bounds = sorted({bound for atom in still for bound in atom.value.at(moment)} - {"", "~"})
    for sample in ("0000", *bounds):
        yield _Sample(sample, lambda atom: atom.test == "known" or atom in still)


def _lists(of_one: list[Atom]) -> Iterator[_Sample]:
    """Instants, newest first: only how many there are can be told."""
    lengths = {0} | {
        atom.column.index + by for atom in of_one if atom.column.index is not None for by in (0, 1)
    }
    for length in sorted(lengths):
        yield _Sample([OTHER] * length, lambda atom: atom.test == "known")
