"""Random fields, documents and valid trees."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from segments.rules.fields import (
    ACTIVITY,
    CHANCE,
    CONSTANT,
    RECORDS,
    SEGMENTS,
    Calendar,
    Field,
    Fields,
    Referenced,
)
from segments.rules.moments import stamp
from segments.rules.operators import MEASURES, OPERATORS, WITHIN_RECORDS, offered
from segments.rules.text import SEPARATORS, fold, tidy
from segments.rules.tree import new_tree
from segments.rules.validate import InvalidRule, validate

OPTIONS = (("gold", "Gold"), ("silver", "Silver"), ("import", "Import"), ("a'b", "Quote"), ("%s", "Percent"))
TYPES = (
    "text", "long_text", "url", "email", "phone", "number", "money", "boolean", "date", "datetime", "choice",
    "multi_choice", "user",
)  # fmt: skip
PROPERTIES = [
    Field(number + shift, of, f"{kind}_{of}_{shift}", kind.replace("_", " ").capitalize(), kind, OPTIONS)
    for of, base in (("self", 1), ("partner", 1))
    for number, kind in enumerate(TYPES, start=base)
    for shift in (0, 40)
]
FIELD_TYPES = {(field.of, field.number): field.type for field in PROPERTIES}
# Records have properties of every type themselves.
QUOTES = Fields(
    [
        Field(f"_{kind}", "self", kind, kind.capitalize(), kind, OPTIONS)
        for kind in ("text", "number", "money", "choice", "multi_choice", "date", "datetime", "boolean")
    ],
    level="quotes",
    among_records=True,
)
QUOTE_TYPES = {(field.of, field.number): field.type for field in QUOTES}


def leaf(number, of, op, v):
    return {"p": number, "of": of, "op": op, "v": v, "unknown": "exclude"}


def rule(level, *items):
    return {"v": 1, "object": level, "zone": "workspace", "root": {"op": "all", "items": list(items)}}


# Two picked lists, and rules that ask for them and for each other, on both levels.
_CHOICE, _MULTI = 11, 12
SEGMENTS_THERE = {
    "c-list": Referenced("c-list", 1, "Contact list", "contact", 21),
    "p-list": Referenced("p-list", 2, "Partner list", "partner", 22),
    "c-gold": Referenced(
        "c-gold", 3, "Gold", "contact", 23, rule("contact", leaf(_CHOICE, "partner", "is_any_of", ["gold"]))
    ),
    "p-silver": Referenced(
        "p-silver", 4, "Silver", "partner", 24,
        rule("partner", leaf(_CHOICE, "self", "is_none_of", ["silver"]), {"p": "segments", "of": "self", "op": "in_none", "v": ["p-list"]}),
    ),
    "c-deep": Referenced(
        "c-deep", 5, "Deep", "contact", 25,
        rule("contact", {"p": "segments", "of": "self", "op": "in_any", "v": ["c-gold", "c-list"]},
             {"p": "segments", "of": "partner", "op": "in_none", "v": ["p-silver"]}),
    ),
    "c-dead": Referenced("c-dead", 6, "Dead", "contact", None, rule("contact", leaf(_CHOICE, "self", "is_any_of", ["gold"]))),
}  # fmt: skip
_BY_LEVEL = {
    "self": tuple((s.id, s.name) for s in SEGMENTS_THERE.values() if s.level == "contact"),
    "partner": tuple((s.id, s.name) for s in SEGMENTS_THERE.values() if s.level == "partner"),
}
WHATS = (("t1", "Tab one"), ("t2", "Tab two"))
BESIDE = [
    field
    for of in ("self", "partner")
    for field in (
        Field("segments", of, "segments", "Segments", SEGMENTS, _BY_LEVEL[of]),
        Field("did:viewed", of, "viewed", "Viewed a tab", ACTIVITY, WHATS),
        Field("records:quotes", of, "quotes", "Quotes", RECORDS, one="quote"),
    )
] + [
    Field("chance", "self", "chance", "Random share", CHANCE),
    Field("everyone", "self", "everyone", "Everyone", CONSTANT),
]
FIELDS = Fields(
    [*PROPERTIES, *BESIDE],
    segments=SEGMENTS_THERE,
    records={"quotes": QUOTES},
    keeps_history=True,
    calendar=Calendar(week_starts=7, fiscal_year_starts=4),
)
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
    """What is known of one side: a document with about half of the properties, and everything beside it."""
    mine = [field for field in PROPERTIES if field.of == of]
    optional = {str(field.number): norm_value(field.type, at) for field in mine}
    numbers = st.sampled_from([str(field.number) for field in mine])
    instants = instants_near(at)
    ids = [one for one, _ in _BY_LEVEL[of]]
    return st.fixed_dictionaries(
        {
            "id": st.uuids().map(str),
            "norm": st.fixed_dictionaries({}, optional=optional),
            "raw": st.dictionaries(numbers, texts.map(tidy), max_size=4),
            "set_at": st.dictionaries(numbers, instants, max_size=4),
            # What was done lies in the past.
            "did": st.lists(
                st.tuples(st.sampled_from(["t1", "t2"]), instants.filter(stamp(at).__ge__)), max_size=5
            ),
            "quotes": st.lists(quotes(at), max_size=4),
            "changes": st.lists(changes(mine, at), max_size=4),
            "picked": st.sets(st.sampled_from(ids)),
            "exceptions": st.dictionaries(
                st.sampled_from([str(s.number) for s in SEGMENTS_THERE.values()]),
                st.fixed_dictionaries({"in": st.booleans()}, optional={"until": instants}),
                max_size=2,
            ),
            "held": st.sets(st.integers(1, 6), max_size=1),
        }
    )


def quotes(at):
    optional = {field.number: norm_value(field.type, at) for field in QUOTES}
    return st.fixed_dictionaries({}, optional=optional)


@st.composite
def changes(draw, fields, at):
    """One passage of a property from one value to another, at an instant that has been."""
    field = draw(st.sampled_from(fields))
    value = st.one_of(st.none(), norm_value(field.type, at))
    when = draw(st.integers(0, 90 * 86_400_000))
    return (field.number, draw(value), draw(value), stamp(at - timedelta(milliseconds=when)))


def _span(units):
    return st.fixed_dictionaries({"n": st.integers(1, 40), "unit": st.sampled_from(units)})


def _pair(item, form=lambda one: one):
    """Two ends in order. One that is left out needs another beside it."""

    def ends(values, without):
        low, high = sorted(values)
        return [form(low), form(high), *([without] if without and low != high else [])]

    without = st.sampled_from(["", "", "from", "to", "both"])
    return st.builds(ends, st.lists(item, min_size=2, max_size=2), without)


def _value(field, operator, at, fields):
    option = st.sampled_from([value for value, _ in OPTIONS])
    amount = st.builds(lambda a, c: {"a": a, "c": c}, numbers, st.sampled_from(["EUR", "USD"]))
    word = texts.filter(lambda text: not set(fold(text)) & set(SEPARATORS))
    units = ["day", "week", "month", "quarter", "year"]
    every = _span(["minute", "hour", *units])
    within = {"within": every}
    clock = ["minute", "hour"] if field.type == "datetime" else []
    same = [f for f in fields if f.type == field.type and f != field]
    transitions = lambda item: st.fixed_dictionaries(  # noqa: E731
        {"to": st.lists(item, min_size=1, max_size=2)},
        optional={"from": st.lists(item, min_size=1, max_size=2), **within},
    )
    return {
        "text": texts,
        "texts": st.lists(texts, min_size=1, max_size=3),
        "word": word,
        "domains": st.lists(st.sampled_from(["acme.com", "b", "%s"]), min_size=1, max_size=2),
        "number": numbers,
        "numbers": st.lists(numbers, min_size=1, max_size=4),
        "number_pair": _pair(numbers),
        "amount": amount,
        "amount_pair": _pair(numbers, lambda a: {"a": a, "c": "EUR"}),
        "options": st.lists(option, min_size=1, max_size=3),
        "count": st.integers(0, 4),
        "date": days_near(at),
        "date_pair": _pair(days_near(at)),
        "span": _span(units + clock),
        "day_span": _span(units),
        "period": st.builds(
            lambda which, unit, n: {"which": which, "unit": unit, "n": n},
            st.sampled_from(["this", "last", "next", "so_far"]),
            st.sampled_from([*units, "fiscal_quarter", "fiscal_year"]), st.integers(1, 3),
        ),
        "days": st.integers(0, 60),
        "months": st.lists(st.integers(1, 12), min_size=1),
        "weekdays": st.lists(st.integers(1, 7), min_size=1),
        "month_days": st.lists(st.integers(1, 31), min_size=1),
        "mod": st.builds(lambda d, r: {"d": d, "r": r % d}, st.integers(2, 7), st.integers(0, 6)),
        "field": st.sampled_from(same or [field]).map(lambda f: {"p": f.number, "of": f.of}),
        "nothing": st.none(),
        "exact_text": texts, "exact_texts": st.lists(texts, min_size=1, max_size=2),
        "regex": st.sampled_from(["G.ld", "^a", "[aeio]{1,2}$", "\\\\d", "é|ß", "(?-i)K"]),
        "version": st.sampled_from(["1.2", "v2.0.0-rc.1", "2.0.0", "0.9.10"]),
        "length": st.integers(0, 6),
        "any_span": every,
        "text_transition": transitions(texts),
        "option_transition": transitions(option),
        "segments": st.lists(st.sampled_from(field.options or [("", "")]).map(lambda o: o[0]), min_size=1, max_size=2),
        "times": st.fixed_dictionaries({"n": st.integers(1, 3)}, optional={"what": st.sampled_from(["t1", "t2"]), **within}),
        "never": st.fixed_dictionaries({}, optional={"what": st.sampled_from(["t1", "t2"]), **within}).map(lambda v: v or {"what": "t1"}),
        "deed_day": st.fixed_dictionaries({"day": days_near(at)}, optional={"what": st.sampled_from(["t1", "t2"])}),
        "deed_span": st.fixed_dictionaries(within, optional={"what": st.sampled_from(["t1", "t2"])}),
        "many": st.integers(1, 3),
        "measure": measures(operator, at) if operator.takes == "measure" else st.none(),
        "chance": st.fixed_dictionaries({"percent": st.integers(1, 99), "salt": st.sampled_from(["a", "b"])}),
    }[operator.takes]  # fmt: skip


@st.composite
def measures(draw, operator, at):
    measured = draw(st.sampled_from([f for f in QUOTES if f.type in MEASURES[operator.name]]))
    known = [o for o in OPERATORS[measured.type].values() if o.reads in WITHIN_RECORDS and o.takes != "field"]
    comparing = draw(st.sampled_from(known))
    value = draw(_value(measured, comparing, at, QUOTES))
    found = {"p": measured.number, "op": comparing.name} | ({"v": value} if value is not None else {})
    return found | (
        {"unknown": draw(st.sampled_from(["include", "exclude"]))}
        if comparing.negative and comparing.asks_about_blank
        else {}
    )


@st.composite
def leaves(draw, at, fields=FIELDS):
    among_records = fields is QUOTES
    # What is asked beside properties as often as they: there are many more properties.
    sorts = [[f for f in fields if f.is_property], [f for f in fields if not f.is_property]]
    field = draw(st.sampled_from(draw(st.sampled_from([sort for sort in sorts if sort]))))
    known = [
        o
        for o in offered(field, fields)
        if not among_records or (o.reads in WITHIN_RECORDS and o.takes != "field")
    ]
    operator = draw(st.sampled_from(known))
    leaf = {"p": field.number, "of": field.of, "op": operator.name}
    value = draw(_value(field, operator, at, fields))
    if value is not None:
        leaf["v"] = value
    if field.type == RECORDS and draw(st.booleans()):
        leaf["where"] = draw(wheres(at))
    if (
        operator.asks_about_blank
        and field.type != RECORDS
        and (blank := draw(st.sampled_from([None, "include", "exclude"])))
    ):
        leaf["unknown"] = blank
    return leaf


@st.composite
def wheres(draw, at):
    items = draw(st.lists(leaves(at, QUOTES), min_size=1, max_size=2))
    return {"op": draw(st.sampled_from(["all", "any", "none"])), "items": items}


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
        return validate(tree, fields)
    except InvalidRule as error:
        raise AssertionError(str(error)) from error
