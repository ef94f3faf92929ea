"""Generated Python for several builds at once, with its constants.

The source holds fixed text and integers only. Where a value, key or currency belongs there stands a number, and only
in the compiled code is it replaced by that constant (segments.rules.in_process.build): nothing a person writes can
become code. The function sees no builtins.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

from segments.rules import in_process
from segments.rules.expressions import Atom, Column, Expression, Shared
from segments.rules.moments import Moment
from segments.rules.windows import by_the_clock

_ORDER = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">=", "lt_text": "<", "gt_text": ">"}
_ORDER_FIELD = {"field_eq": "==", "field_lt": "<", "field_lte": "<=", "field_gt": ">", "field_gte": ">="}


class Function:
    """One generated function for several builds, with its constants."""

    def __init__(self, rules: Mapping[int, Expression], zone: str):
        self._zone = zone
        self._constants: list = []
        self._columns: dict[Column, str] = {}
        self._windows: dict[object, int] = {}
        self._shared: dict[tuple, str] = {}
        self._shared_lines: list[str] = []
        self._bounds: tuple[Moment | None, list] = (None, [])
        self._of_day: tuple[date | None, list] = (None, [])  # those bounds that stay until midnight
        lines = [f" if {self._node(rule)}: found({int(build)})" for build, rule in rules.items()]
        body = [*self._prologue(), *self._shared_lines, *lines]
        self.source = "\n".join(["def run(own, partner, w, found):", *body, " return"])
        self._run = in_process.build(self.source, self._constants)
        self._by_the_clock = [(one, 2 * place) for one, place in self._windows.items() if by_the_clock(one)]

    def __call__(self, own: Mapping, partner: Mapping, moment: Moment) -> list[int]:
        found: list[int] = []
        at, bounds = self._bounds
        if at is not moment:  # of everybody who is looked at in one pass the moment is the same
            bounds = self._bounds_at(moment)
            self._bounds = (moment, bounds)
        self._run(own.get, partner.get, bounds, found.append)
        return found

    def _bounds_at(self, moment: Moment) -> list:
        day, bounds = self._of_day
        if day != moment.today:
            bounds = [value for window in self._windows for value in _bounds(window, moment)]
            self._of_day = (moment.today, bounds)
            return bounds
        bounds = bounds.copy()
        for window, place in self._by_the_clock:
            bounds[place : place + 2] = _bounds(window, moment)
        return bounds

    def _prologue(self) -> list[str]:
        lines = []
        for column, name in self._columns.items():
            side = "partner" if column.of == "partner" else "own"
            lines.append(f" {name} = {side}({self._constant(column.key)})")
            if (worked_out := self._worked_out(column, name)) is not None:
                lines.append(f" {name} = {worked_out} if {name} is not None else None")
        return lines

    def _worked_out(self, column: Column, name: str) -> str | None:
        if column.currency is not None:
            return f"({name}['a'] if {name}['c'] == {self._constant(column.currency)} else None)"
        if column.index is not None:
            index = int(column.index)
            return f"({name}[{index}] if size({name}) > {index} else None)"
        if column.through == "day":
            return f"day({name}, {self._constant(self._zone)})"
        return f"{_THROUGH[column.through]}({name})" if column.through else None

    def _constant(self, value) -> str:
        self._constants.append(value)
        return str(in_process.PLACES + len(self._constants) - 1)

    def _column(self, column: Column) -> str:
        return self._columns.setdefault(column, f"v{len(self._columns)}")

    def _window(self, window) -> int:
        """Two places of `w` for a window, so an anniversary leaves its second one empty."""
        return 2 * self._windows.setdefault(window, len(self._windows))

    def _node(self, node: Expression) -> str:
        if isinstance(node, Atom):
            return self._leaf(node)
        if isinstance(node, Shared):
            return self._reference(node)
        glue = " and " if node.op == "all" else " or "
        items = sorted(node.items, key=_effort)  # whatever is asked first decides most, so the quickest is
        inside = glue.join(self._node(item) for item in items) or ("True" if node.op == "all" else "False")
        return f"(not ({inside}))" if node.op == "none" else f"({inside})"

    def _reference(self, shared: Shared) -> str:
        """A variable of its own, set before all that ask for it; what it asks for itself stands before it."""
        if shared.key not in self._shared:
            verdict = self._node(shared.rule)
            name = self._shared[shared.key] = f"s{len(self._shared)}"
            self._shared_lines.append(f" {name} = {verdict}")
        return self._shared[shared.key]

    def _leaf(self, a: Atom) -> str:
        value = self._column(a.column)
        test = _TESTS[a.test](self, a, value)
        known = f"{value} is not None"
        if a.test.startswith("field_"):
            known = f"{known} and {self._column(a.value)} is not None"
        asked = [known] if not test else [test] if a.test in _FALSE_OF_NOTHING else [known, test]
        positive = f"({' and '.join(asked)})"
        verdict = f"(not {positive})" if a.negative else positive
        if a.test == "known" or a.negative == a.blank_counts:
            return verdict
        return f"(not ({known}) or {verdict})" if a.blank_counts else f"({known} and {verdict})"

    def _any_of(self, a: Atom, value: str) -> str:
        if len(a.value) == 1:
            return f"{value} == {self._constant(a.value[0])}"
        return f"{value} in {self._constant(frozenset(a.value))}"

    def _contains(self, a: Atom, value: str) -> str:
        glue = " and " if a.test == "contains_all" else " or "
        needles = a.value if isinstance(a.value, tuple) else (a.value,)
        return "(" + glue.join(f"{self._constant(one)} in {value}" for one in needles) + ")"

    def _domain(self, a: Atom, value: str) -> str:
        return f"{value}.endswith({self._constant(tuple('@' + one for one in a.value))})"

    def _order(self, a: Atom, value: str) -> str:
        return f"{value} {_ORDER[a.test]} {self._constant(a.value)}"

    def _between(self, a: Atom, value: str) -> str:
        low, high, without = a.value
        after = "<" if without in ("from", "both") else "<="
        before = "<" if without in ("to", "both") else "<="
        return f"{self._constant(low)} {after} {value} {before} {self._constant(high)}"

    def _mod(self, a: Atom, value: str) -> str:
        divisor, remainder = (self._constant(one) for one in a.value)
        return f"-1e15 < {value} < 1e15 and {value} % {divisor} == {remainder}"

    def _set(self, a: Atom, value: str) -> str:
        wanted = self._constant(list(a.value) if a.test == "set_exact" else frozenset(a.value))
        return {
            "set_any": f"not ({wanted}).isdisjoint({value})",
            "set_all": f"({wanted}).issubset({value})",
            "set_exact": f"{value} == {wanted}",
        }[a.test]

    def _count(self, a: Atom, value: str) -> str:
        sign = {"count_eq": "==", "count_gte": ">=", "count_lte": "<="}[a.test]
        return f"size({value}) {sign} {self._constant(a.value)}"

    def _within(self, a: Atom, value: str) -> str:
        if a.timed:
            index = self._window(a.value)
            return f"w[{index}] <= {value} < w[{index + 1}]"
        start, end = a.value.at(_any_moment(self._zone))
        return f"{self._constant(start)} <= {value} < {self._constant(end)}"

    def _anniversary(self, a: Atom, value: str) -> str:
        return f"{value}[5:] in w[{self._window(a.value)}]"

    def _month(self, a: Atom, value: str) -> str:
        return f"{value}[5:7] in {self._constant(frozenset(f'{one:02d}' for one in a.value))}"

    def _month_day(self, a: Atom, value: str) -> str:
        return f"{value}[8:10] in {self._constant(frozenset(f'{one:02d}' for one in a.value))}"

    def _other(self, a: Atom, value: str) -> str:
        other = self._column(a.value)
        if a.column.type != "money":
            return f"{value} {_ORDER_FIELD[a.test]} {other}"
        comparable = f"{value}['c'] == {other}['c']"
        if a.test == "field_currency":
            return comparable
        return f"{comparable} and {value}['a'] {_ORDER_FIELD[a.test]} {other}['a']"

    def _pattern(self, a: Atom, value: str) -> str:
        return f"find({self._constant(in_process.pattern(a.value))}, {value}) is not None"

    def _share(self, a: Atom, value: str) -> str:
        salt, percent = a.value
        return f"share({self._constant(salt)}, {value}) < {self._constant(percent)}"


_THROUGH = {"length": "size", "version": "version"}
_FALSE_OF_NOTHING = frozenset({"any_of", "yes", "no"})  # need not be asked first whether there is a value
_QUICK = frozenset({"known", "any_of", "yes", "no"})
_SLOW = frozenset({"word", "regex", "weekday", "below"})


def _effort(node: Expression) -> int:
    if isinstance(node, Atom):
        return 0 if node.test in _QUICK else 4 if node.test in _SLOW else 1
    return 0 if isinstance(node, Shared) else 2 + sum(_effort(item) for item in node.items)


_TESTS: dict[str, Callable[[Function, Atom, str], str]] = {
    "known": lambda f, a, value: "",
    "any_of": Function._any_of,
    "contains_any": Function._contains,
    "contains_all": Function._contains,
    "word": lambda f, a, value: f"{f._constant(f' {a.value} ')} in words({value})",
    "starts": lambda f, a, value: f"{value}.startswith({f._constant(a.value)})",
    "ends": lambda f, a, value: f"{value}.endswith({f._constant(a.value)})",
    "domain": Function._domain,
    "regex": Function._pattern,
    "between": Function._between,
    "mod": Function._mod,
    "yes": lambda f, a, value: f"{value} is True",
    "no": lambda f, a, value: f"{value} is False",
    "window": Function._within,
    "anniversary": Function._anniversary,
    "month": Function._month,
    "month_day": Function._month_day,
    "weekday": lambda f, a, value: f"weekday({value}) in {f._constant(frozenset(a.value))}",
    "below": Function._share,
    **dict.fromkeys(_ORDER, Function._order),
    **dict.fromkeys((*_ORDER_FIELD, "field_currency"), Function._other),
    **dict.fromkeys(("set_any", "set_all", "set_exact"), Function._set),
    **dict.fromkeys(("count_eq", "count_gte", "count_lte"), Function._count),
}


def _bounds(window, moment: Moment) -> tuple:
    found = window.at(moment)
    return found if isinstance(found, tuple) else (found, None)


def _any_moment(zone: str) -> Moment:
    return Moment(datetime(2000, 1, 1, tzinfo=UTC), zone)
