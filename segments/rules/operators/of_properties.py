"""The comparisons of properties, by type."""

from segments.rules.fields import OPTION_TYPES, TEXT_TYPES
from segments.rules.operators.definition import Operator

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


def _capitals(name: str, words: str, negated: str, test: str) -> tuple[Operator, ...]:
    """The same as without them, asked of the text as it was typed."""
    more: dict = {"test": test, "takes": "exact_text", "reads": "raw"}
    return (
        Operator(f"{name}_case", f"{words}, capitals included,", **more),
        Operator(f"not_{name}_case", f"{negated}, capitals included,", negative=True, **more),
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
    Operator("matches_regex", "matches the pattern", "regex", "regex", reads="raw"),
    Operator("not_matches_regex", "does not match the pattern", "regex", "regex", negative=True, reads="raw"),
    Operator("eq_case", "is exactly, capitals included,", "any_of", "exact_texts", reads="raw"),
    Operator(
        "not_eq_case",
        "is not exactly, capitals included,",
        "any_of",
        "exact_texts",
        negative=True,
        reads="raw",
    ),
    *_capitals("contains", "contains", "does not contain", "contains_any"),
    *_capitals("starts_with", "starts with", "does not start with", "starts"),
    *_capitals("ends_with", "ends with", "does not end with", "ends"),
    Operator("length_gt", "is longer, in characters, than", "gt", "length", reads="length"),
    Operator("length_lt", "is shorter, in characters, than", "lt", "length", reads="length"),
    Operator("sorts_after", "comes in the alphabet after", "gt_text", "text"),
    Operator("sorts_before", "comes in the alphabet before", "lt_text", "text"),
)
_VERSION = (
    Operator("version_eq", "is the version", "any_of", "version", reads="version"),
    Operator("version_gt", "is a version after", "gt", "version", reads="version"),
    Operator("version_gte", "is at least the version", "gte", "version", reads="version"),
    Operator("version_lt", "is a version before", "lt", "version", reads="version"),
    Operator("version_lte", "is at most the version", "lte", "version", reads="version"),
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
    Operator("count_eq", "number of values is", "count_eq", "many"),
    Operator("count_gte", "number of values is at least", "count_gte", "many"),
    Operator("count_lte", "number of values is at most", "count_lte", "many"),
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


def _recurring(reads: str) -> tuple[Operator, ...]:
    return (
        Operator("anniversary_within", "has its anniversary within", "anniversary", "days", reads=reads),
        Operator("month_is", "is in the month", "month", "months", reads=reads),
        Operator("weekday_is", "is on the weekday", "weekday", "weekdays", reads=reads),
        Operator("day_of_month_is", "is on the day of the month", "month_day", "month_days", reads=reads),
    )


_CHANGED = (
    Operator("changed_within", "changed in the last", "window", "any_span", reads="time"),
    Operator(
        "not_changed_within", "did not change in the last", "window", "any_span", negative=True, reads="time"
    ),
    Operator("changed_before", "last changed before", "window", "date", reads="time"),
    Operator("changed_after", "last changed after", "window", "date", reads="time"),
)


def _ever(words: str, test: str, takes: str, name: str = "has_ever_been") -> tuple[Operator, ...]:
    never = name.replace("ever", "never")
    return (
        Operator(name, f"has ever {words}", test, takes, reads="history"),
        Operator(never, f"has never {words}", test, takes, negative=True, reads="history"),
    )


def _from_to(takes: str) -> Operator:
    return Operator("changed_from_to", "went", "transition", takes, reads="history")


_EVER_TEXT = (
    *_ever("been any of", "any_of", "texts"),
    *_ever("contained any of", "contains_any", "texts", "has_ever_contained"),
    _from_to("text_transition"),
)
_EVER_OPTION = (*_ever("been any of", "any_of", "options"), _from_to("option_transition"))
_EVER_BOOLEAN = (
    *_ever("been yes", "yes", "nothing", "has_ever_been_true"),
    *_ever("been no", "no", "nothing", "has_ever_been_false"),
)
_EVER_MULTI = (
    *_ever("had any of", "set_any", "options"),
    *_ever("had all of at once", "set_all", "options", "has_ever_had_all"),
    *_ever("been exactly", "set_exact", "options", "has_ever_been_exactly"),
)
_EVER_NUMBER = (
    *_ever("been any of", "any_of", "numbers"),
    *_ever("been at least", "gte", "number", "has_ever_been_gte"),
)
_EVER_MONEY = _ever("been at least", "gte", "amount", "has_ever_been_gte")
_EVER_DAY = _ever("been on", "window", "date")


def _by_type() -> dict[str, tuple[Operator, ...]]:
    text = (*_TEXT, *_VERSION, *_KNOWN, *_SAME_AS, *_CHANGED, *_EVER_TEXT)
    by_type: dict[str, tuple[Operator, ...]] = dict.fromkeys(TEXT_TYPES, text)
    by_type["email"] = (*_TEXT, *_EMAIL, *_KNOWN, *_SAME_AS, *_CHANGED, *_EVER_TEXT)
    by_type |= dict.fromkeys(OPTION_TYPES, (*_OPTION, *_KNOWN, *_SAME_AS, *_CHANGED, *_EVER_OPTION))
    dated = (*_KNOWN, *_SAME_AS, *_DATE_ORDER_AS, *_CHANGED, *_EVER_DAY)
    by_type["date"] = (*_DAYS, *_recurring("value"), *dated)
    by_type["datetime"] = (*_DAYS, *_recurring("day"), *dated)
    by_type["number"] = (*_NUMBER, *_KNOWN, *_SAME_AS, *_ORDER_AS, *_CHANGED, *_EVER_NUMBER)
    by_type["money"] = (*_MONEY, *_KNOWN, *_SAME_AS, *_ORDER_AS, *_CHANGED, *_EVER_MONEY)
    by_type["boolean"] = (*_BOOLEAN, *_KNOWN, *_SAME_AS, *_CHANGED, *_EVER_BOOLEAN)
    by_type["multi_choice"] = (*_MULTI, *_KNOWN, *_SAME_AS, *_CHANGED, *_EVER_MULTI)
    return by_type


OF_PROPERTIES = _by_type()
