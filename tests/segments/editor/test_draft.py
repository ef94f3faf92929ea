from django.http import QueryDict
from hypothesis import given, settings

from segments.editor.builder import build
from segments.editor.draft import Condition, Draft, Group, prune
from segments.rules.tree import as_bytes, conditions, new_tree
from segments.rules.validate import check, validate
from tests.segments.rules.strategies import FIELDS, NOW, trees


def as_form(draft):
    """What a browser would send back of it, through the builder that the template draws."""
    form = QueryDict(mutable=True)
    for path, node in draft.walk():
        place = ".".join(map(str, path))
        if isinstance(node, Group):
            form[f"g:{place}"] = node.op
            continue
        form[f"c:{place}:field"], form[f"c:{place}:op"] = node.field, node.op
        if node.where is not None:
            form[f"w:{place}"] = node.where.op
        if node.blank is not None:
            form.setlist(f"c:{place}:blank", ["no", "yes"] if node.blank else ["no"])
        for name, values in node.inputs.items():
            form.setlist(f"c:{place}:{name}", values)
    return form


@settings(max_examples=100, deadline=None, derandomize=True)
@given(trees(NOW, FIELDS))
def test_a_rule_survives_the_form(tree):
    draft = Draft.from_form(as_form(Draft.from_tree(tree, FIELDS)))

    assert as_bytes(validate(draft.to_tree(FIELDS), FIELDS)) == as_bytes(tree)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(trees(NOW, FIELDS))
def test_every_row_can_be_drawn(tree):
    def draw(box):
        for item in box.items:
            if item.is_group:
                assert item.choices
                draw(item)
                continue
            assert [o.value for o in item.operators if o.chosen] == [item.condition.op]
            assert item.units
            assert item.periods
            assert isinstance(item.choices + item.comparable, list)
            if item.where:
                draw(item.where)
            if item.measure:
                assert [c.value for c in item.measure.comparisons if c.chosen] == item.condition.inputs["mop"]
                assert len([c for c in item.measure.fields if c.chosen]) == 1

    draw(build(Draft.from_tree(tree, FIELDS), FIELDS, []))


def test_numbers_are_read_as_people_write_them():
    def read(text):
        draft = Draft(Group("all", [Condition("self:6", "eq", {"v": [text]})]))
        return draft.to_tree(FIELDS)["root"]["items"][0]["v"]

    assert [read(text) for text in ("50,000", "1 250.5", "−3", "0.10", " 7 ")] == [50000, 1250.5, -3, 0.1, 7]
    assert [read(text) for text in ("abc", "1,5", "NaN", "1e9999")] == ["abc", "1,5", "NaN", float("inf")]
    assert [read(text) for text in ("1e1000000", "-1e-1000000")] == ["1e1000000", "-1e-1000000"]


def test_what_hangs_under_nothing_is_dropped():
    form = QueryDict(
        "c:5.5:field=self:1&g:1=any&c:1.0:field=self:1&c:x:field=self:1&c:0:field=self:6&g:=none"
    )
    draft = Draft.from_form(form)

    assert draft.root == Group("none", [Condition("self:6"), Group("any", [Condition("self:1")])])


def test_the_preview_leaves_out_what_is_not_finished():
    tree = new_tree("contact", {"p": 1, "of": "self", "op": "known"}, {"op": "any", "items": [{"p": None}]})
    wrong = {error.path for error in check(tree, FIELDS).errors}
    kept = prune(tree, wrong)

    assert [path for path, _ in conditions(kept)] == [(0,)]
    assert prune(tree, {(0,), (1, 0)}) is None


def test_a_group_that_is_left_empty_goes_with_its_last_row():
    draft = Draft(Group("all", [Condition("self:1"), Group("any", [Condition("self:6")])]))
    draft.do("remove:1.0")

    assert draft.root.items == [Condition("self:1")]
    assert draft.focus == (0,)
