"""No false alarms: what is called impossible fits nobody, and what is called certain fits everybody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.rules.compile_python import CompiledRules
from segments.rules.lint import lint
from segments.rules.lower import lower
from segments.rules.moments import Moment
from segments.rules.operators import OPERATORS
from segments.rules.tree import new_tree
from segments.rules.truth import can_fail, can_hold
from segments.rules.validate import InvalidRule, validate
from tests.segments.rules.strategies import FIELDS, PROPERTIES, ZONES, _value, documents, moments
from tests.segments.rules.test_compilers import cases, document, documents_of, relaxed

ONE_OF_EACH = [field for field in PROPERTIES if field.of == "self" and field.number < 40]
TIER = {"p": 11, "of": "self"}
NUMBER = {"p": 6, "of": "self"}
TEXT = {"p": 1, "of": "self"}
DAY = {"p": 9, "of": "self"}


@relaxed
@given(cases(subjects=4))
def test_of_any_rule_it_says_only_what_is_so(case):
    tree, people, moment = case
    rule = lower(tree, FIELDS)
    hold, fail = can_hold(rule, moment.zone), can_fail(rule, moment.zone)
    rules = CompiledRules({1: tree}, FIELDS, moment.zone)
    for one, other in people:
        inside = 1 in rules.evaluate(*documents_of(rules, one, other, moment), moment)
        assert hold or not inside
        assert fail or inside
    assert hold or fail


@st.composite
def about_one_property(draw, at):
    """Two or three conditions that get in each other's way."""
    field = draw(st.sampled_from(ONE_OF_EACH))
    items = []
    for _ in range(draw(st.integers(2, 3))):
        operator = draw(st.sampled_from([o for o in OPERATORS[field.type].values() if o.takes != "field"]))
        value = draw(_value(field, operator, at, FIELDS))
        leaf = {"p": field.number, "of": "self", "op": operator.name} | (
            {"v": value} if value is not None else {}
        )
        blank = draw(st.sampled_from([None, "include", "exclude"])) if operator.asks_about_blank else None
        items.append(leaf | ({"unknown": blank} if blank else {}))
    return new_tree("contact", *items, op=draw(st.sampled_from(["all", "any", "none"])))


@relaxed
@given(st.data())
def test_of_conditions_on_one_property_it_says_only_what_is_so(data):
    at, zone = data.draw(moments), data.draw(st.sampled_from(ZONES))
    try:
        tree = validate(data.draw(about_one_property(at)), FIELDS)
    except InvalidRule:
        return
    rule = lower(tree, FIELDS)
    hold, fail = can_hold(rule, zone), can_fail(rule, zone)
    if hold and fail:
        return
    rules, moment = CompiledRules({1: tree}, FIELDS, zone), Moment(at, zone)
    for world in data.draw(st.lists(documents("self", at), min_size=8, max_size=8)):
        inside = 1 in rules.evaluate(document("self", world, rules, moment), {}, moment)
        assert hold or not inside
        assert fail or inside


def kinds(*items, op="all"):
    tree = validate(new_tree("contact", *items, op=op), FIELDS)
    return [finding.kind for finding in lint(tree, FIELDS, "UTC")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TIER | {"op": "is_any_of", "v": ["gold"]}, TIER | {"op": "is_any_of", "v": ["silver"]}),
        (TIER | {"op": "is_any_of", "v": ["gold"]}, TIER | {"op": "unknown"}),
        (NUMBER | {"op": "gt", "v": 10}, NUMBER | {"op": "lt", "v": 3}),
        (NUMBER | {"op": "between", "v": [1, 2]}, NUMBER | {"op": "gt", "v": 2}),
        (TEXT | {"op": "eq", "v": "gold"}, TEXT | {"op": "contains", "v": "silver"}),
        (TEXT | {"op": "contains", "v": "a"}, TEXT | {"op": "not_contains", "v": "a"}),
        (TEXT | {"op": "length_gt", "v": 9}, TEXT | {"op": "length_lt", "v": 5}),
        (DAY | {"op": "before", "v": "2024-01-01"}, DAY | {"op": "after", "v": "2025-01-01"}),
        (
            {"p": "did:viewed", "of": "self", "op": "at_least", "v": {"n": 3}},
            {"p": "did:viewed", "of": "self", "op": "at_most", "v": {"n": 1}},
        ),
    ],
)
def test_what_excludes_each_other_is_found(one, other):
    assert kinds(one, other) == ["contradiction"]
    assert "contradiction" not in kinds(one, other, op="any")


def test_records_that_there_cannot_be_are_found():
    quotes = {"p": "records:quotes", "of": "self", "op": "none"}
    both = [{"p": "_choice", "of": "self", "op": "is_any_of", "v": [one]} for one in ("gold", "silver")]

    assert kinds(quotes | {"where": {"op": "all", "items": both}}) == ["contradiction"]
    assert kinds(quotes | {"where": {"op": "any", "items": both}}) == []


def test_what_always_holds_is_found():
    gold = TIER | {"op": "is_any_of", "v": ["gold"]}
    not_gold = TIER | {"op": "is_none_of", "v": ["gold"]}

    assert kinds(gold, not_gold, op="any") == ["always"]
    assert kinds(TIER | {"op": "known"}, TIER | {"op": "unknown"}, op="any") == ["always"]
    assert kinds(gold, not_gold | {"unknown": "exclude"}, op="any") == []
    assert kinds({"p": "everyone", "of": "self", "op": "everyone"}) == []


def test_the_two_that_exclude_each_other_are_named():
    tree = validate(
        new_tree(
            "contact",
            NUMBER | {"op": "gt", "v": 1},
            {"op": "all", "items": [TIER | {"op": "is_any_of", "v": ["gold"]}]},
            TIER | {"op": "is_any_of", "v": ["silver"]},
        ),
        FIELDS,
    )
    (finding,) = lint(tree, FIELDS, "UTC")

    assert (
        finding.text == "No contact can ever fit: “Choice is Gold” and “Choice is Silver” exclude each other."
    )
    assert finding.path == (2,)


def test_an_option_that_is_gone_is_told():
    tree = new_tree("contact", TIER | {"op": "is_any_of", "v": ["bronze"]})

    assert [finding.kind for finding in lint(tree, FIELDS, "UTC")] == ["gone"]
