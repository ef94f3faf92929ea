"""What changed between two rules, in words."""

import pytest

from segments.engine.definitions import fields_of
from segments.rules.tree import new_tree
from segments.versions.diff import compare, in_words


@pytest.fixture
def leaf(number):
    def make(key, *values, op="is_any_of", **more):
        return {"p": number("partner", key), "of": "self", "op": op, "v": list(values), **more}

    return make


@pytest.fixture
def words(acme, inside):
    def between(old, new):
        with inside(acme):
            return in_words(compare(old, new, fields_of("partner")))

    return between


def test_the_same_rule_has_no_words(words, leaf):
    tree = new_tree("partner", leaf("tier", "gold"))
    assert words(tree, tree) == []


def test_added_removed_and_changed_conditions(words, leaf):
    old = new_tree("partner", leaf("tier", "gold"), leaf("country", "Norway", op="eq"))
    new = new_tree("partner", leaf("tier", "gold", "platinum"), leaf("phase", "active"))
    assert words(old, new) == [
        "Changed: Tier is Gold → Tier is Gold or Platinum",
        "Added: Phase is Active",
        "Removed: Country is “Norway”",
    ]


def test_another_group_and_another_blank_are_changes_too(words, leaf):
    old = new_tree("partner", leaf("tier", "gold", op="is_none_of", unknown="include"))
    new = new_tree("partner", leaf("tier", "gold", op="is_none_of", unknown="exclude"), op="none")
    assert words(old, new) == [
        "Changed: All of these hold → None of these holds",
        "Changed: Tier is not Gold (a blank counts) → Tier is not Gold (a blank does not count)",
    ]


def test_a_group_that_came_stands_with_its_conditions(acme, inside, leaf):
    old = new_tree("partner", leaf("tier", "gold"))
    inner = {"op": "any", "items": [leaf("phase", "active"), leaf("country", "Norway", op="eq")]}
    new = new_tree("partner", leaf("tier", "gold"), inner)
    with inside(acme):
        rows = compare(old, new, fields_of("partner"))
    assert [(row.kind, row.new.depth) for row in rows] == [
        ("same", 0),
        ("same", 1),
        ("added", 1),
        ("added", 2),
        ("added", 2),
    ]


def test_from_nothing_everything_is_new(words, leaf):
    assert words(None, new_tree("partner", leaf("tier", "gold"))) == [
        "Added: All of these hold",
        "Added: Tier is Gold",
    ]
