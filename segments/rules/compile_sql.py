"""A rule as one SQL predicate over the stored documents, for whole segments at a time.

Built with psycopg.sql and parameters only. Negation is pushed down to the conditions and written as
`(positive) IS NOT TRUE`: a NULL under NOT would be a wrong answer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from psycopg import sql

from segments.rules.atoms import Atom, Column, atom
from segments.rules.fields import Fields
from segments.rules.moments import Moment
from segments.rules.text import SEPARATORS, SPACES
from segments.rules.tree import Node, is_group
from segments.rules.windows import EVER, NEVER

_ORDER = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_ORDER_FIELD = {"field_eq": "=", "field_lt": "<", "field_lte": "<=", "field_gt": ">", "field_gte": ">="}
_CASTS = {"number": "numeric", "money": "numeric", "boolean": "boolean"}


@dataclass(frozen=True, slots=True)
class Predicate:
    """TRUE for members, FALSE or NULL for others: for a WHERE clause."""

    clause: sql.Composable
    params: list = field(default_factory=list)


def predicate(
    tree: Node,
    fields: Fields,
    moment: Moment,
    *,
    own: sql.Composable = sql.SQL("own.norm"),  # noqa: B008 an immutable piece of text
    partner: sql.Composable = sql.SQL("partner.norm"),  # noqa: B008
) -> Predicate:
    """`own` and `partner` name the documents; a subject without a partner has NULL there."""
    writer = _Writer(fields, moment, {"self": own, "partner": partner})
    return Predicate(writer.node(tree["root"], negated=False), writer.params)


class _Writer:
    """Pieces are written in the order in which they stand, so that the parameters keep step."""

    def __init__(self, fields: Fields, moment: Moment, documents: dict[str, sql.Composable]):
        self._fields = fields
        self._moment = moment
        self._documents = documents
        self.params: list = []

    def node(self, node: Node, *, negated: bool) -> sql.Composable:
        if not is_group(node):
            return self._leaf(atom(node, self._fields), negated)
        negated ^= node["op"] == "none"
        all_of = (node["op"] == "all") != negated
        glue = sql.SQL(" AND " if all_of else " OR ")
        return sql.SQL("({})").format(glue.join([self.node(item, negated=negated) for item in node["items"]]))

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
        document = self._documents[column.of]
        if column.type == "money":
            return self._money(column, document)
        key = self.param(str(column.number), "text")
        if column.type in _CASTS:
            return sql.SQL("({} -> {})::" + _CASTS[column.type]).format(document, key)
        if column.type == "multi_choice":
            return sql.SQL("({} -> {})").format(document, key)
        return sql.SQL('({} ->> {} COLLATE "C")').format(document, key)

    def _money(self, column: Column, document: sql.Composable) -> sql.Composable:
        key = self.param(str(column.number), "text")
        if column.currency is None:
            return sql.SQL("({} -> {})").format(document, key)
        currency = self.param(column.currency, "text")
        again = self.param(str(column.number), "text")
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

    def between(self, a: Atom) -> sql.Composable:
        column = self.column(a.column)
        low, high = self.param(a.value[0], "numeric"), self.param(a.value[1], "numeric")
        return sql.SQL("{} BETWEEN {} AND {}").format(column, low, high)

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
        column = self.column(a.column)
        return sql.SQL("{} " + _ORDER_FIELD[a.test] + " {}").format(column, self.column(a.value))


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
    **dict.fromkeys(_ORDER, _Writer.order),
    **dict.fromkeys(_ORDER_FIELD, _Writer.other),
    **dict.fromkeys(("set_any", "set_all", "set_exact"), _Writer.set_test),
    **dict.fromkeys(("count_eq", "count_gte", "count_lte"), _Writer.count),
}
