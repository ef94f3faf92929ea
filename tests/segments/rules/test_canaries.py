"""Values that would become code or SQL if they were ever pasted into it."""

import re

import pytest
from hypothesis import given, settings

from segments.rules.compile_python import CompiledRules
from segments.rules.compile_sql import predicate
from segments.rules.fields import Field, Fields
from segments.rules.moments import Moment
from segments.rules.text import fold
from segments.rules.tree import new_tree
from segments.rules.validate import validate
from tests.segments.rules.strategies import FIELDS, NOW, trees
from tests.segments.rules.test_compilers import members_by_python, members_by_sql, nothing_but
from workspaces import property_types

EVIL = [
    "'", '"', "'''", "\\", "%s", "%(x)s", "%%", "{}", "{0}", "\u2028", "a\u2028b", "\r\nx",
    "'); DROP TABLE x; --", "__import__('os')", "\\N{BULLET}", "#", "k[0]", "None", "NaN", "$1", ":x", "é",
    "e\u0301", "İ", "ﬁ", "\ufeffa",
]  # fmt: skip
MOMENT = Moment(NOW, "Europe/Berlin")


@pytest.mark.django_db
@pytest.mark.parametrize("evil", [text for text in EVIL if text.strip()])
@pytest.mark.parametrize("op", ["eq", "contains", "starts_with", "ends_with", "in", "neq"])
def test_hostile_text_is_only_text(evil, op):
    value = [evil, "other"] if op == "in" else evil
    tree = validate(new_tree("contact", {"p": 1, "of": "self", "op": op, "v": value}), FIELDS)
    documents = [{"1": fold(evil)}, {"1": "something else"}, {}]
    people = [(nothing_but(one), nothing_but({})) for one in documents]
    expected = [op != "neq", op == "neq", op == "neq"]

    assert members_by_python(tree, people, MOMENT) == expected
    assert members_by_sql(tree, people, MOMENT) == expected


@pytest.mark.django_db
def test_a_property_called_import_with_an_option_called_class_is_only_a_number():
    fields = Fields([Field(5, "self", "import", "import os", "choice", (("class", "def"),))])
    tree = validate(new_tree("contact", {"p": 5, "of": "self", "op": "is_any_of", "v": ["class"]}), fields)

    assert CompiledRules({1: tree}, fields, "UTC").evaluate({"5": "class"}, {}, MOMENT) == {1}
    assert "class" not in predicate(tree, fields, MOMENT).clause.as_string(None)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(trees(NOW))
def test_the_generated_source_holds_fixed_words_and_integers_only(tree):
    rules = CompiledRules({1: tree}, FIELDS, "UTC")
    rules.evaluate({}, {}, MOMENT)
    source = rules._function(None).source
    names = set(re.findall(r"[^\W\d]\w*", re.sub(r"'[ac]'", "", source)))

    fixed = (
        "def run own partner w found return if else and or not in is None True False isdisjoint issubset "
        "startswith endswith size words weekday day version share find e15"
    )
    assert {name for name in names if not re.fullmatch(r"[vs]\d+", name)} <= set(fixed.split())
    assert source.isascii()
    assert not re.search(r"['\"]", re.sub(r"'[ac]'", "", source))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(trees(NOW))
def test_the_sql_holds_no_value(tree):
    if CompiledRules({1: tree}, FIELDS, "UTC").only_in_process:
        return
    text = predicate(tree, FIELDS, MOMENT).clause.as_string(None)
    strings = set(re.findall(r"'[^']*'", text))

    fixed = {"'a'", "'c'", "' '", "'x'", "'UTF8'", "'hex'", "'YYYY-MM-DD'", "'until'", "'in'", "'~'"}
    assert strings <= fixed


@settings(max_examples=100, deadline=None, derandomize=True)
@given(trees(NOW))
def test_rules_and_documents_fold_text_the_same_way(tree):
    for text in [*EVIL, *(leaf.get("v") for leaf in tree["root"]["items"])]:
        if isinstance(text, str):
            assert fold(text) == property_types.fold(text)
