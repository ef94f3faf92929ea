"""Random fields, documents and valid trees."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from segments.rules.fields import Field, Fields
from segments.rules.moments import stamp
from segments.rules.operators import OPERATORS
from segments.rules.text import SEPARATORS, fold, tidy
from segments.rules.tree import new_tree
from segments.rules.validate import InvalidRule, validate

OPTIONS = (("gold", "Gold"), ("silver", "Silver"), ("import", "Import"), ("a'b", "Quote"), ("%s", "Percent"))
TYPES = (
    "text", "long_text", "url", "email", "phone", "number", "money", "boolean", "date", "datetime", "choice",
    "multi_choice", "user",
)  # fmt: skip
FIELDS = Fields(
    [
        Field(number + shift, of, f"{kind}_{of}_{shift}", kind.replace("_", " ").capitalize(), kind, OPTIONS)
        for of, base in (("self", 1), ("partner", 1))
        for number, kind in enumerate(TYPES, start=base)
        for shift in (0, 40)
    ]
)
FIELD_TYPES = {(field.of, field.number): field.type for field in FIELDS}
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Beirut", "Australia/Lord_Howe")

# Few different words, so that values and conditions meet; with every trap in between.
ALPHABET = "abİıßſKé e\u0301Σς'%s\"\\{}_.-@\u2028\u00a0\U0001f600"
texts = st.one_of(
    st.sampled_from(
        ["gold", "Gold", "STRASSE", "straße", "ana@acme.com", "import", "a'b", "%s", "\u2028", "é"]
    ),
    st.text(ALPHABET, min_size=1, max_size=6),
).filter(lambda text: tidy(text) != "")
numbers = st.one_of(
    st.integers(-5, 5), st.sampled_from([0.1, 0.3, -2.5, 1.25, 99999999999999, -99999999999999, 1e-9, 50_000])
)
NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
moments = st.one_of(
    st.sampled_from(
        [
            datetime(2026, 3, 29, 0, 30, tzinfo=UTC),  # the night of 23 hours in Berlin
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # and the one of 25
            datetime(2026, 3, 8, 6, 59, 59, 999_000, tzinfo=UTC),
            datetime(2024, 2, 29, 12, tzinfo=UTC),
            datetime(2025, 2, 28, 23, 59, 59, tzinfo=UTC),
            datetime(2026, 1, 1, tzinfo=UTC),
        ]
    ),
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
)


def days_near(at):
    near = st.integers(-70, 70).map(lambda n: at.date() + timedelta(days=n))
    far = st.sampled_from([date(2024, 2, 29), date(2000, 2, 29), date(1999, 12, 31), date(2031, 1, 1)])
    return st.one_of(near, near, far).map(date.isoformat)


def instants_near(at):
    seconds = st.one_of(st.integers(-5 * 86_400, 5 * 86_400), st.integers(-90 * 86_400, 90 * 86_400))
    exact = st.sampled_from([-86_400, -7_200, -3_600, 0, 3_600, 86_400])
    millis = st.sampled_from([-1, 0, 1])
    return st.builds(
        lambda s, ms: stamp(at.replace(microsecond=0) + timedelta(seconds=s, milliseconds=ms)),
        st.one_of(exact, seconds),
        millis,
    )


def norm_value(kind, at):
    if kind in ("text", "long_text", "url", "email", "phone"):
        return texts.map(fold).filter(bool)
    option = st.sampled_from([value for value, _ in OPTIONS])
    return {
        "number": numbers,
        "money": st.builds(lambda a, c: {"a": a, "c": c}, numbers, st.sampled_from(["EUR", "USD"])),
        "boolean": st.booleans(),
        "date": days_near(at),
        "datetime": instants_near(at),
        "choice": option,
        "user": option,
        "multi_choice": st.sets(option, min_size=1).map(sorted),
    }[kind]


def documents(of, at):
    """A document with about half of the properties; the others are unknown."""
    optional = {str(field.number): norm_value(field.type, at) for field in FIELDS if field.of == of}
    return st.fixed_dictionaries({}, optional=optional)


def _span(units):
    return st.fixed_dictionaries({"n": st.integers(1, 40), "unit": st.sampled_from(units)})


def _value(field, operator, at):
    option = st.sampled_from([value for value, _ in OPTIONS])
    amount = st.builds(lambda a, c: {"a": a, "c": c}, numbers, st.sampled_from(["EUR", "USD"]))
    word = texts.filter(lambda text: not set(fold(text)) & set(SEPARATORS))
    units = ["day", "week", "month", "quarter", "year"]
    clock = ["minute", "hour"] if field.type == "datetime" else []
    same = [f for f in FIELDS if f.type == field.type and f != field]
    return {
        "text": texts,
        "texts": st.lists(texts, min_size=1, max_size=3),
        "word": word,
        "domains": st.lists(st.sampled_from(["acme.com", "b", "%s"]), min_size=1, max_size=2),
        "number": numbers,
        "numbers": st.lists(numbers, min_size=1, max_size=4),
        "number_pair": st.lists(numbers, min_size=2, max_size=2).map(sorted),
        "amount": amount,
        "amount_pair": st.builds(
            lambda a, b: [{"a": min(a, b), "c": "EUR"}, {"a": max(a, b), "c": "EUR"}], numbers, numbers
        ),
        "options": st.lists(option, min_size=1, max_size=3),
        "count": st.integers(0, 4),
        "date": days_near(at),
        "date_pair": st.lists(days_near(at), min_size=2, max_size=2).map(sorted),
        "span": _span(units + clock),
        "day_span": _span(units),
        "period": st.builds(
            lambda which, unit, n: {"which": which, "unit": unit, "n": n},
            st.sampled_from(["this", "last", "next"]), st.sampled_from(units), st.integers(1, 3),
        ),
        "days": st.integers(0, 60),
        "months": st.lists(st.integers(1, 12), min_size=1),
        "weekdays": st.lists(st.integers(1, 7), min_size=1),
        "month_days": st.lists(st.integers(1, 31), min_size=1),
        "mod": st.builds(lambda d, r: {"d": d, "r": r % d}, st.integers(2, 7), st.integers(0, 6)),
        "field": st.sampled_from(same or [field]).map(lambda f: {"p": f.number, "of": f.of}),
        "nothing": st.none(),
    }[operator.takes]  # fmt: skip


@st.composite
def leaves(draw, at, fields=FIELDS):
    field = draw(st.sampled_from(list(fields)))
    operator = draw(st.sampled_from(list(OPERATORS[field.type].values())))
    leaf = {"p": field.number, "of": field.of, "op": operator.name}
    value = draw(_value(field, operator, at))
    if value is not None:
        leaf["v"] = value
    if operator.asks_about_blank and (blank := draw(st.sampled_from([None, "include", "exclude"]))):
        leaf["unknown"] = blank
    return leaf


def nodes(at, fields=FIELDS):
    group = st.sampled_from(["all", "any", "none"])
    return st.recursive(
        leaves(at, fields),
        lambda inner: st.builds(
            lambda op, items: {"op": op, "items": items}, group, st.lists(inner, min_size=1, max_size=3)
        ),
        max_leaves=8,
    )


@st.composite
def trees(draw, at, fields=FIELDS):
    """A valid tree in canonical form."""
    tree = new_tree(
        "contact",
        *draw(st.lists(nodes(at, fields), min_size=1, max_size=3)),
        op=draw(st.sampled_from(["all", "any", "none"])),
    )
    try:
        return validate(tree, FIELDS)
    except InvalidRule as error:
        raise AssertionError(str(error)) from error
