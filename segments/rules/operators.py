"""The operators, by type of property. A negative operator is a positive test plus "not", so that both
compilers know one test for the two.
"""

from dataclasses import dataclass

from segments.rules.fields import DAY_TYPES, OPTION_TYPES, TEXT_TYPES

DAY_UNITS = ("day", "week", "month", "quarter", "year")
CLOCK_UNITS = ("minute", "hour")


@dataclass(frozen=True, slots=True)
class Operator:
    """`test` is what the compilers know, `takes` the form of the value, `words` what people read."""

    name: str
    words: str
    test: str
    takes: str = "nothing"
    negative: bool = False

    @property
    def asks_about_blank(self) -> bool:
        """Whether the rule may say what happens where there is no value."""
        return self.test != "known"


_KNOWN = (
    Operator("known", "has a value", "known"),
    Operator("unknown", "is blank", "known", negative=True),
)
_SAME_AS = (
    Operator("eq_field", "is the same as", "field_eq", "field"),
    Operator("neq_field", "is not the same as", "field_eq", "field", negative=True),
)
_ORDER_AS = (
    Operator("lt_field", "is less than", "field_lt", "field"),
    Operator("lte_field", "is at most", "field_lte", "field"),
    Operator("gt_field", "is more than", "field_gt", "field"),
    Operator("gte_field", "is at least", "field_gte", "field"),
)
_DATE_ORDER_AS = (
    Operator("lt_field", "is before", "field_lt", "field"),
    Operator("lte_field", "is not after", "field_lte", "field"),
    Operator("gt_field", "is after", "field_gt", "field"),
    Operator("gte_field", "is not before", "field_gte", "field"),
)
_TEXT = (
    Operator("eq", "is", "any_of", "text"),
    Operator("neq", "is not", "any_of", "text", negative=True),
    Operator("in", "is any of", "any_of", "texts"),
    Operator("not_in", "is none of", "any_of", "texts", negative=True),
    Operator("contains", "contains", "contains_any", "text"),
    Operator("not_contains", "does not contain", "contains_any", "text", negative=True),
    Operator("contains_any", "contains any of", "contains_any", "texts"),
    Operator("contains_all", "contains all of", "contains_all", "texts"),
    Operator("contains_none", "contains none of", "contains_any", "texts", negative=True),
    Operator("contains_word", "contains the word", "word", "word"),
    Operator("not_contains_word", "does not contain the word", "word", "word", negative=True),
    Operator("starts_with", "starts with", "starts", "text"),
    Operator("not_starts_with", "does not start with", "starts", "text", negative=True),
    Operator("ends_with", "ends with", "ends", "text"),
    Operator("not_ends_with", "does not end with", "ends", "text", negative=True),
)
_EMAIL = (
    Operator("domain_in", "is at any of the domains", "domain", "domains"),
    Operator("domain_not_in", "is at none of the domains", "domain", "domains", negative=True),
)


def _quantity(one: str, several: str, pair: str) -> tuple[Operator, ...]:
    return (
        Operator("eq", "is", "any_of", one),
        Operator("neq", "is not", "any_of", one, negative=True),
        Operator("in", "is any of", "any_of", several),
        Operator("not_in", "is none of", "any_of", several, negative=True),
        Operator("gt", "is more than", "gt", one),
        Operator("gte", "is at least", "gte", one),
        Operator("lt", "is less than", "lt", one),
        Operator("lte", "is at most", "lte", one),
        Operator("between", "is between", "between", pair),
        Operator("not_between", "is not between", "between", pair, negative=True),
    )


_NUMBER = (*_quantity("number", "numbers", "number_pair"), Operator("mod", "divided by", "mod", "mod"))
_MONEY = tuple(op for op in _quantity("amount", "", "amount_pair") if op.name not in {"in", "not_in"})
_BOOLEAN = (
    Operator("is_true", "is yes", "yes"),
    Operator("is_false", "is no", "no"),
    Operator("is_not_true", "is not yes", "yes", negative=True),
    Operator("is_not_false", "is not no", "no", negative=True),
)
_OPTION = (
    Operator("is_any_of", "is any of", "any_of", "options"),
    Operator("is_none_of", "is none of", "any_of", "options", negative=True),
)
_MULTI = (
    Operator("contains_any", "has any of", "set_any", "options"),
    Operator("contains_all", "has all of", "set_all", "options"),
    Operator("contains_none", "has none of", "set_any", "options", negative=True),
    Operator("not_contains_all", "does not have all of", "set_all", "options", negative=True),
    Operator("is_exactly", "is exactly", "set_exact", "options"),
    Operator("is_not_exactly", "is not exactly", "set_exact", "options", negative=True),
    Operator("count_eq", "number of values is", "count_eq", "count"),
    Operator("count_gte", "number of values is at least", "count_gte", "count"),
    Operator("count_lte", "number of values is at most", "count_lte", "count"),
)
_DAYS = (
    Operator("on", "is on", "window", "date"),
    Operator("not_on", "is not on", "window", "date", negative=True),
    Operator("before", "is before", "window", "date"),
    Operator("on_or_before", "is on or before", "window", "date"),
    Operator("after", "is after", "window", "date"),
    Operator("on_or_after", "is on or after", "window", "date"),
    Operator("between", "is between", "window", "date_pair"),
    Operator("not_between", "is not between", "window", "date_pair", negative=True),
    Operator("within_last", "is in the last", "window", "span"),
    Operator("within_next", "is in the next", "window", "span"),
    Operator("not_within_last", "is not in the last", "window", "span", negative=True),
    Operator("not_within_next", "is not in the next", "window", "span", negative=True),
    Operator("more_than_ago", "is more than this long ago:", "window", "span"),
    Operator("more_than_from_now", "is further away than", "window", "span"),
    Operator("exactly_ago", "is exactly this long ago:", "window", "day_span"),
    Operator("exactly_from_now", "is exactly this far away:", "window", "day_span"),
    Operator("in_period", "falls in", "window", "period"),
    Operator("not_in_period", "does not fall in", "window", "period", negative=True),
)
_RECURRING = (
    Operator("anniversary_within", "has its anniversary within", "anniversary", "days"),
    Operator("month_is", "is in the month", "month", "months"),
    Operator("weekday_is", "is on the weekday", "weekday", "weekdays"),
    Operator("day_of_month_is", "is on the day of the month", "month_day", "month_days"),
)


def _table() -> dict[str, dict[str, Operator]]:
    by_type: dict[str, tuple[Operator, ...]] = dict.fromkeys(TEXT_TYPES, (*_TEXT, *_KNOWN, *_SAME_AS))
    by_type["email"] = (*_TEXT, *_EMAIL, *_KNOWN, *_SAME_AS)
    by_type |= dict.fromkeys(OPTION_TYPES, (*_OPTION, *_KNOWN, *_SAME_AS))
    by_type |= dict.fromkeys(DAY_TYPES, (*_DAYS, *_KNOWN, *_SAME_AS, *_DATE_ORDER_AS))
    by_type["date"] = (*_DAYS, *_RECURRING, *_KNOWN, *_SAME_AS, *_DATE_ORDER_AS)
    by_type["number"] = (*_NUMBER, *_KNOWN, *_SAME_AS, *_ORDER_AS)
    by_type["money"] = (*_MONEY, *_KNOWN)
    by_type["boolean"] = (*_BOOLEAN, *_KNOWN, *_SAME_AS)
    by_type["multi_choice"] = (*_MULTI, *_KNOWN)
    return {name: {operator.name: operator for operator in found} for name, found in by_type.items()}


OPERATORS = _table()


def named(type: str, name: str) -> Operator:
    """The operator of a valid condition."""
    return OPERATORS[type][name]


def operator(type: str, name: object) -> Operator | None:
    return OPERATORS.get(type, {}).get(name) if isinstance(name, str) else None
