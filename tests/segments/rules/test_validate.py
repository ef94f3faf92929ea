import pytest
from hypothesis import given, settings

from segments.rules.tree import MAX_CONDITIONS, as_bytes, new_tree
from segments.rules.validate import InvalidRule, check, validate
from tests.segments.rules.strategies import FIELDS, NOW, trees

TEXT, NUMBER, MONEY, DATE, CHOICE, MULTI = 1, 6, 7, 9, 11, 12


def leaf(p, op, v=None, of="self", **more):
    return {"p": p, "of": of, "op": op, **({} if v is None else {"v": v}), **more}


def errors(*items, op="all"):
    return [(error.place, error.part) for error in check(new_tree("contact", *items, op=op), FIELDS).errors]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(trees(NOW))
def test_a_valid_tree_is_its_own_canonical_form(tree):
    assert as_bytes(validate(tree, FIELDS)) == as_bytes(tree)


def test_equal_rules_are_equal_bytes():
    one = new_tree("contact", leaf(CHOICE, "is_none_of", ["silver", "gold", "gold"]), leaf(NUMBER, "eq", 2.0))
    two = new_tree(
        "contact",
        {"op": "is_none_of", "v": ["gold", "silver"], "unknown": "include", "of": "self", "p": CHOICE},
        leaf(NUMBER, "eq", 2, unknown="exclude"),
    )

    assert as_bytes(validate(one, FIELDS)) == as_bytes(validate(two, FIELDS))


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        (leaf(999, "eq", "x"), "field"),
        (leaf("1", "eq", "x"), "field"),
        (leaf(True, "eq", "x"), "field"),
        (leaf(TEXT, "eq", "x", of="__class__"), "field"),
        (leaf(TEXT, "exec", "x"), "operator"),
        (leaf(TEXT, ["eq"], "x"), "operator"),
        (leaf(TEXT, "known", "x"), "value"),
        (leaf(TEXT, "known", unknown="include"), "operator"),
        (leaf(TEXT, "eq", "x", unknown="perhaps"), "operator"),
        (leaf(TEXT, "eq", "x", extra=1), "rule"),
        (leaf(TEXT, "eq", "   "), "value"),
        (leaf(TEXT, "eq", "a\0b"), "value"),
        (leaf(TEXT, "eq", "\ud800"), "value"),
        (leaf(TEXT, "in", []), "value"),
        (leaf(TEXT, "in", "gold"), "value"),
        (leaf(TEXT, "in", [f"{n}" for n in range(1001)]), "value"),
        (leaf(TEXT, "contains_word", "two words"), "value"),
        (leaf(NUMBER, "eq", float("nan")), "value"),
        (leaf(NUMBER, "eq", float("inf")), "value"),
        (leaf(NUMBER, "eq", 1234567890123456), "value"),
        (leaf(NUMBER, "eq", True), "value"),
        (leaf(NUMBER, "between", [3, 2]), "value"),
        (leaf(NUMBER, "between", [2, 2, "both"]), "value"),
        (leaf(NUMBER, "between", [2, 3, ["from"]]), "value"),
        (leaf(NUMBER, "between", [2, 3, "from", "to"]), "value"),
        (leaf(MULTI, "count_eq", 0), "value"),
        (leaf(MONEY, "lt_field", {"p": NUMBER, "of": "self"}), "value"),
        (leaf(MULTI, "eq_field", {"p": "segments", "of": "self"}), "value"),
        (leaf("did:viewed", "first_before", {"day": "soon"}), "value"),
        (leaf("did:viewed", "last_since", {"day": "2026-03-01", "what": "t9"}), "value"),
        (leaf("did:viewed", "first_within", {"what": "t1"}), "value"),
        (leaf(NUMBER, "mod", {"d": 2, "r": 2}), "value"),
        (leaf(MONEY, "gte", 5), "value"),
        (leaf(MONEY, "between", [{"a": 1, "c": "EUR"}, {"a": 2, "c": "USD"}]), "value"),
        (leaf(DATE, "on", "2026-02-30"), "value"),
        (leaf(DATE, "within_last", {"n": 0, "unit": "day"}), "value"),
        (leaf(DATE, "within_last", {"n": 3, "unit": "hour"}), "value"),
        (leaf(DATE, "in_period", {"which": "that", "unit": "day"}), "value"),
        (leaf(CHOICE, "is_any_of", ["bronze"]), "value"),
        (leaf(TEXT, "eq_field", {"p": NUMBER, "of": "self"}), "value"),
        (leaf(TEXT, "eq_field", {"p": TEXT, "of": "self"}), "value"),
        ({"op": "some", "items": []}, "group"),
        ({"op": "all", "items": []}, "group"),
        ("x", "rule"),
    ],
)
def test_every_mistake_is_reported_with_the_path_of_its_node(wrong, part):
    right = leaf(TEXT, "known")

    assert errors(right, {"op": "any", "items": [right, wrong]}) == [("1.1", part)]


def test_all_mistakes_are_reported_at_once():
    assert errors(leaf(999, "eq"), leaf(TEXT, "eq", ""), leaf(NUMBER, "eq", "x")) == [
        ("0", "field"),
        ("1", "value"),
        ("2", "value"),
    ]


def test_a_rule_without_conditions_is_refused():
    assert errors() == [("", "group")]


def test_nine_levels_are_too_deep():
    node = leaf(TEXT, "known")
    for _ in range(7):
        node = {"op": "all", "items": [node]}
    assert errors(node) == []
    assert errors({"op": "all", "items": [node]}) == [("0.0.0.0.0.0.0.0", "group")]


def test_more_conditions_than_the_limit_are_refused():
    many = [leaf(TEXT, "known")] * MAX_CONDITIONS
    assert errors(*many) == []
    assert errors(*many, leaf(TEXT, "known")) == [("", "rule")]


def test_a_rule_about_partners_is_no_rule_about_contacts():
    with pytest.raises(InvalidRule, match="not about contacts"):
        validate(new_tree("partner", leaf(TEXT, "known")), FIELDS)
