"""A rule as one SQL predicate over the stored documents, for whole segments at a time.

Built with psycopg.sql and parameters only. Negation is pushed down to the conditions and written as
`(positive) IS NOT TRUE`: a NULL under NOT would be a wrong answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from psycopg import sql

from segments.rules.expressions import Atom, Column, Expression, Fact, Shared
from segments.rules.fields import Fields
from segments.rules.lower import lower
from segments.rules.moments import Moment, stamp
from segments.rules.text import SEPARATORS, SPACES
from segments.rules.tree import Node
from segments.rules.windows import EVER, NEVER

_ORDER = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_ORDER_TEXT = {"lt_text": "<", "gt_text": ">"}
_ORDER_FIELD = {"field_eq": "=", "field_lt": "<", "field_lte": "<=", "field_gt": ">", "field_gte": ">="}
_CASTS = {"number": "numeric", "money": "numeric", "boolean": "boolean"}
type FactValue = Callable[[str, Fact], "Predicate"]


@dataclass(frozen=True, slots=True)
class Predicate:
    """TRUE for members, FALSE or NULL for others: for a WHERE clause."""

    clause: sql.Composable
    params: list = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Side:
    """The aliases under which a query has a subject's record and its state; a side may have neither."""

    record: str | None
    state: str | None = None


SIDES = {"self": Side("own", "own_state"), "partner": Side("partner", "partner_state")}


def predicate(
    tree: Node,
    fields: Fields,
    moment: Moment,
    *,
    sides: Mapping[str, Side] = SIDES,
    fact_value: FactValue | None = None,
) -> Predicate:
    """The rule over the aliases of `sides`. `fact_value` writes a fact out instead of reading the stored one."""
    return predicate_of(lower(tree, fields), moment, sides=sides, fact_value=fact_value)


def predicate_of(
    rule: Expression,
    moment: Moment,
    *,
    sides: Mapping[str, Side] = SIDES,
    fact_value: FactValue | None = None,
) -> Predicate:
    writer = _Writer(moment, sides, fact_value)
    return Predicate(writer.node(rule, negated=False), writer.params)


def value_of(column: Column, moment: Moment, *, sides: Mapping[str, Side]) -> Predicate:
    """What a column holds, as an expression."""
    writer = _Writer(moment, sides, None)
    return Predicate(writer.column(column), writer.params)


class _Writer:
    """Pieces are written in the order in which they stand, so that the parameters keep step."""

    def __init__(self, moment: Moment, sides: Mapping[str, Side], fact_value: FactValue | None):
        self._moment = moment
        self._sides = sides
        self._fact_value = fact_value
        self.params: list = []

    def node(self, node: Expression, *, negated: bool) -> sql.Composable:
        if isinstance(node, Atom):
            return self._leaf(node, negated)
        if isinstance(node, Shared):
            return self.node(node.rule, negated=negated)
        negated ^= node.op == "none"
        all_of = (node.op == "all") != negated
        if not node.items:
            return sql.SQL("true" if all_of else "false")
        glue = sql.SQL(" AND " if all_of else " OR ")
        return sql.SQL("({})").format(glue.join([self.node(item, negated=negated) for item in node.items]))

    def _leaf(self, a: Atom, negated: bool) -> sql.Composable:
        if a.test == "known":
            return self._known(a, not (a.negative ^ negated))
        blank_counts = a.blank_counts ^ negated
        wants_not = a.negative ^ negated
        if wants_not == blank_counts:
            return self._verdict(a, wants_not)
        known, verdict = self._known(a, not blank_counts), self._verdict(a, wants_not)
        return sql.SQL("({} OR {})" if blank_counts else "({} AND {})").format(known, verdict)

    def _verdict(self, a: Atom, wants_not: bool) -> sql.Composable:
        positive = _TESTS[a.test](self, a)
        return sql.SQL("(({}) IS NOT TRUE)" if wants_not else "({})").format(positive)

    def _known(self, a: Atom, wanted: bool) -> sql.Composable:
        both = [a.column, a.value] if a.test.startswith("field_") else [a.column]
        glue = sql.SQL(" AND " if wanted else " OR ")
        test = sql.SQL("{} IS NOT NULL" if wanted else "{} IS NULL")
        return sql.SQL("({})").format(glue.join([test.format(self.column(column)) for column in both]))

    def param(self, value, cast: str) -> sql.Composable:
        if cast.startswith("numeric"):
            value = [_decimal(one) for one in value] if isinstance(value, list) else _decimal(value)
        self.params.append(value)
        return sql.SQL("%s::" + cast)

    def column(self, column: Column) -> sql.Composable:
        """The value, typed, or NULL where there is none."""
        special = _OF_STATE.get(column.key[0])
        if special is not None:
            return special(self, column)
        document = self._document(column)
        if document is None:
            return sql.SQL("NULL::" + _CASTS.get(column.type, "text"))
        if column.type == "money":
            return self._money(column, document)
        if column.index is not None:
            shape = '(({} -> {} ->> {}) COLLATE "C")'
            return sql.SQL(shape).format(document, self._key(column), self.param(column.index, "int"))
        if column.through:
            return self._worked_out(column, document)
        key = self._key(column)
        if column.type in _CASTS:
            return sql.SQL("({} -> {})::" + _CASTS[column.type]).format(document, key)
        if column.type == "multi_choice":
            return sql.SQL("({} -> {})").format(document, key)
        return sql.SQL('({} ->> {} COLLATE "C")').format(document, key)

    def _key(self, column: Column) -> sql.Composable:
        key = column.key if column.fact else column.key.lstrip("rt")
        return self.param(key, "text")

    def _document(self, column: Column) -> sql.Composable | None:
        side = self._sides[column.of]
        if column.fact is not None:
            if self._fact_value is not None:
                found = self._fact_value(column.of, column.fact)
                self.params += found.params
                return found.clause
            return self._part(side.state, "facts")
        return self._part(side.record, {"r": "raw", "t": "set_at"}.get(column.key[0], "norm"))

    def _part(self, alias: str | None, name: str) -> sql.Composable | None:
        return sql.Identifier(alias, name) if alias else None

    def _worked_out(self, column: Column, document: sql.Composable) -> sql.Composable:
        key = self._key(column)
        if column.through == "length":
            return sql.SQL("char_length({} ->> {})").format(document, key)
        if column.through == "day":
            shape = "to_char(({} ->> {})::timestamptz AT TIME ZONE {}, 'YYYY-MM-DD') COLLATE \"C\""
            return sql.SQL(shape).format(document, key, self.param(self._moment.zone, "text"))
        raise OnlyInProcess(column.through)

    def _in_build(self, column: Column) -> sql.Composable:
        builds = self._part(self._sides[column.of].state, "builds")
        if builds is None:
            return sql.SQL("NULL::boolean")
        return sql.SQL("({} = ANY ({}))").format(self.param(int(column.key[1:]), "int"), builds)

    def _held(self, column: Column) -> sql.Composable:
        held = self._part(self._sides[column.of].state, "held")
        if held is None:
            return sql.SQL("NULL::boolean")
        return sql.SQL("({} = ANY ({}))").format(self.param(int(column.key[1:]), "int"), held)

    def _exception(self, column: Column) -> sql.Composable:
        """What the exception says, until it ends."""
        exceptions = self._part(self._sides[column.of].state, "exceptions")
        if exceptions is None:
            return sql.SQL("NULL::boolean")
        number, now = self.param(column.key[1:], "text"), self.param(stamp(self._moment.at), "text")
        again = self.param(column.key[1:], "text")
        shape = (
            "(CASE WHEN coalesce({} -> {} ->> 'until', '~') COLLATE \"C\" > {} "
            "THEN ({} -> {} ->> 'in')::boolean END)"
        )
        return sql.SQL(shape).format(exceptions, number, now, exceptions, again)

    def _id(self, column: Column) -> sql.Composable:
        record = self._part(self._sides[column.of].record, "id")
        return sql.SQL("{}::text").format(record) if record else sql.SQL("NULL::text")

    def _money(self, column: Column, document: sql.Composable) -> sql.Composable:
        key = self._key(column)
        if column.currency is None:
            return sql.SQL("({} -> {})").format(document, key)
        currency = self.param(column.currency, "text")
        again = self._key(column)
        shape = "(CASE WHEN {} -> {} ->> 'c' = {} THEN ({} -> {} -> 'a')::numeric END)"
        return sql.SQL(shape).format(document, key, currency, document, again)

    def any_of(self, a: Atom) -> sql.Composable:
        cast = _CASTS.get(a.column.type, "text")
        if len(a.value) == 1:
            return self._pair("{} = {}", a, a.value[0], cast)
        return self._pair("{} = ANY ({})", a, list(a.value), cast + "[]")

    def _pair(self, shape: str, a: Atom, value, cast: str) -> sql.Composable:
        column = self.column(a.column)
        return sql.SQL(shape).format(column, self.param(value, cast))

    def contains(self, a: Atom) -> sql.Composable:
        needles = a.value if isinstance(a.value, tuple) else (a.value,)
        glue = sql.SQL(" AND " if a.test == "contains_all" else " OR ")
        return glue.join([self._pair("strpos({}, {}) > 0", a, needle, "text") for needle in needles])

    def word(self, a: Atom) -> sql.Composable:
        column = self.column(a.column)
        separators, spaces = self.param(SEPARATORS, "text"), self.param(SPACES, "text")
        needle = self.param(f" {a.value} ", "text")
        shape = "strpos(' ' || translate({}, {}, {}) || ' ', {}) > 0"
        return sql.SQL(shape).format(column, separators, spaces, needle)

    def ends(self, a: Atom) -> sql.Composable:
        endings = [f"@{one}" for one in a.value] if a.test == "domain" else [a.value]
        return sql.SQL(" OR ").join([self._ends_with(a, ending) for ending in endings])

    def _ends_with(self, a: Atom, ending: str) -> sql.Composable:
        column = self.column(a.column)
        length = self.param(len(ending), "int")
        return sql.SQL("right({}, {}) = {}").format(column, length, self.param(ending, "text"))

    def order(self, a: Atom) -> sql.Composable:
        return self._pair("{} " + _ORDER[a.test] + " {}", a, a.value, "numeric")

    def order_of_text(self, a: Atom) -> sql.Composable:
        return self._pair("{} " + _ORDER_TEXT[a.test] + " {}", a, a.value, "text")

    def share(self, a: Atom) -> sql.Composable:
        """The first four bytes of a hash, as the process counts them."""
        salt, below = a.value
        first, subject = self.param(f"{salt}:", "text"), self.column(a.column)
        shape = (
            "('x' || encode(substr(sha256(convert_to({} || {}, 'UTF8')), 1, 4), 'hex'))::bit(32)::bigint < {}"
        )
        return sql.SQL(shape).format(first, subject, self.param(below, "bigint"))

    def pattern(self, a: Atom) -> sql.Composable:
        raise OnlyInProcess(a.test)

    def between(self, a: Atom) -> sql.Composable:
        low, high, without = a.value
        above = self._pair("{} > {}" if without in ("from", "both") else "{} >= {}", a, low, "numeric")
        below = self._pair("{} < {}" if without in ("to", "both") else "{} <= {}", a, high, "numeric")
        return sql.SQL("{} AND {}").format(above, below)

    def mod(self, a: Atom) -> sql.Composable:
        """Floored as in Python: the remainder of a negative number is positive."""
        size, column = self.column(a.column), self.column(a.column)
        divisor, again, once_more = (self.param(a.value[0], "numeric") for _ in range(3))
        shape = "abs({}) < 1e15 AND mod(mod({}, {}) + {}, {}) = {}"
        return sql.SQL(shape).format(
            size, column, divisor, again, once_more, self.param(a.value[1], "numeric")
        )

    def yes_no(self, a: Atom) -> sql.Composable:
        return sql.SQL("{} = true" if a.test == "yes" else "{} = false").format(self.column(a.column))

    def set_test(self, a: Atom) -> sql.Composable:
        if a.test == "set_exact":
            column = self.column(a.column)
            return sql.SQL("{} = to_jsonb({})").format(column, self.param(sorted(a.value), "text[]"))
        sign = "?|" if a.test == "set_any" else "?&"
        return self._pair("{} " + sign + " {}", a, list(a.value), "text[]")

    def count(self, a: Atom) -> sql.Composable:
        sign = {"count_eq": "=", "count_gte": ">=", "count_lte": "<="}[a.test]
        return self._pair("jsonb_array_length({}) " + sign + " {}", a, a.value, "int")

    def window(self, a: Atom) -> sql.Composable:
        bounds = zip((">=", "<"), a.value.at(self._moment), strict=True)
        tests = [
            self._pair("{} " + sign + " {}", a, at, "text") for sign, at in bounds if at not in (EVER, NEVER)
        ]
        return sql.SQL(" AND ").join(tests)

    def anniversary(self, a: Atom) -> sql.Composable:
        days = sorted(a.value.at(self._moment))
        return self._pair("substr({}, 6, 5) = ANY ({})", a, days, "text[]")

    def part_of_date(self, a: Atom) -> sql.Composable:
        shape = {
            "month": "substr({}, 6, 2)::int = ANY ({})",
            "month_day": "substr({}, 9, 2)::int = ANY ({})",
            "weekday": "extract(isodow FROM {}::date)::int = ANY ({})",
        }[a.test]
        return self._pair(shape, a, list(a.value), "int[]")

    def other(self, a: Atom) -> sql.Composable:
        if a.column.type == "money":
            return self._other_amount(a)
        column = self.column(a.column)
        return sql.SQL("{} " + _ORDER_FIELD[a.test] + " {}").format(column, self.column(a.value))

    def _other_amount(self, a: Atom) -> sql.Composable:
        """Of two amounts: that they have one currency, and then how they compare."""
        shapes = ["({} ->> 'c') = ({} ->> 'c')"]
        if a.test != "field_currency":
            shapes.append("({} -> 'a')::numeric " + _ORDER_FIELD[a.test] + " ({} -> 'a')::numeric")
        found = [sql.SQL(shape).format(self.column(a.column), self.column(a.value)) for shape in shapes]
        return sql.SQL(" AND ").join(found)


class OnlyInProcess(Exception):
    """The database does not understand this test; see expressions.only_in_process."""


_OF_STATE: dict[str, Callable[[_Writer, Column], sql.Composable]] = {
    "b": _Writer._in_build,
    "h": _Writer._held,
    "x": _Writer._exception,
    "i": _Writer._id,
}


def _decimal(number: float) -> Decimal:
    """As it is written, not as binary fractions have it; and a list holds one type only."""
    return Decimal(str(number))


_TESTS: dict[str, Callable[[_Writer, Atom], sql.Composable]] = {
    "any_of": _Writer.any_of,
    "contains_any": _Writer.contains,
    "contains_all": _Writer.contains,
    "word": _Writer.word,
    "starts": lambda writer, a: writer._pair("starts_with({}, {})", a, a.value, "text"),
    "ends": _Writer.ends,
    "domain": _Writer.ends,
    "between": _Writer.between,
    "mod": _Writer.mod,
    "yes": _Writer.yes_no,
    "no": _Writer.yes_no,
    "window": _Writer.window,
    "anniversary": _Writer.anniversary,
    "month": _Writer.part_of_date,
    "month_day": _Writer.part_of_date,
    "weekday": _Writer.part_of_date,
    "regex": _Writer.pattern,
    "below": _Writer.share,
    **dict.fromkeys(_ORDER, _Writer.order),
    **dict.fromkeys(_ORDER_TEXT, _Writer.order_of_text),
    **dict.fromkeys((*_ORDER_FIELD, "field_currency"), _Writer.other),
    **dict.fromkeys(("set_any", "set_all", "set_exact"), _Writer.set_test),
    **dict.fromkeys(("count_eq", "count_gte", "count_lte"), _Writer.count),
}
