"""Why: the tree of verdicts agrees with the engine, opens references, and tells what would have to turn."""

from itertools import combinations

from hypothesis import given

from segments.rules.compile_python import CompiledRules
from segments.rules.explain import Explainer, Verdict, walk
from segments.rules.moments import Moment
from segments.rules.nearest import _deciding, _holds, nearest
from segments.rules.tree import conditions, new_tree
from tests.segments.rules.strategies import FIELDS, NOW
from tests.segments.rules.test_compilers import cases, documents_of, relaxed

TIER, OTHER = 11, 51  # two choices
BERLIN = Moment(NOW, "Europe/Berlin")


def leaf(number, *values, of="self", op="is_any_of"):
    return {"p": number, "of": of, "op": op, "v": list(values)}


def explained(tree, own=None, partner=None):
    return Explainer(tree, FIELDS, "Europe/Berlin").explain(own or {}, partner or {}, BERLIN)


@relaxed
@given(cases(subjects=2))
def test_every_node_says_what_the_engine_says(case):
    tree, people, moment = case
    rules = CompiledRules({1: tree}, FIELDS, moment.zone)
    explainer = Explainer(tree, FIELDS, moment.zone)
    for one, other in people:
        own, partner = documents_of(rules, one, other, moment)
        verdict = explainer.explain(own, partner, moment)

        assert verdict.holds == (1 in rules.evaluate(own, partner, moment))
        assert len(verdict.leaves()) == len(list(conditions(tree)))
        for node in walk(verdict):
            if node.items:
                assert node.holds == _holds(node, frozenset())
            else:
                assert node.words


@relaxed
@given(cases(subjects=1))
def test_what_would_have_to_turn_does_turn_it_and_nothing_smaller_does(case):
    tree, people, moment = case
    rules = CompiledRules({1: tree}, FIELDS, moment.zone)
    documents = documents_of(rules, *people[0], moment)
    verdict = Explainer(tree, FIELDS, moment.zone).explain(*documents, moment)
    keys = {one.key for one in _deciding(verdict) if not one.fixed}
    found = nearest(verdict)
    if len(keys) > 14:
        return
    turning = [
        set(some)
        for size in range(1, 4)
        for some in combinations(sorted(keys), size)
        if _holds(verdict, frozenset(some)) != verdict.holds
    ]
    if found is None:
        assert not turning
        return
    together = {one.key for one in found.together}
    assert _holds(verdict, frozenset(together)) != verdict.holds
    assert not turning or len(together) == min(len(some) for some in turning)
    assert {one.key for one in found.alone} == {key for some in turning if len(some) == 1 for key in some}
    assert found.words


def test_the_nearest_miss_is_said_in_words():
    both = new_tree("contact", leaf(TIER, "gold"), leaf(OTHER, "silver", of="partner"))
    one_of = new_tree("contact", leaf(TIER, "gold"), leaf(OTHER, "silver", of="partner"), op="any")

    assert nearest(explained(both, {"11": "gold"})).words == "Would be in if partner’s choice were Silver."
    assert (
        nearest(explained(both)).words == "Would be in if choice were Gold and partner’s choice were Silver."
    )
    assert (
        nearest(explained(one_of)).words
        == "Would be in if choice were Gold, or if partner’s choice were Silver."
    )
    inside = explained(one_of, {"11": "gold"})
    assert nearest(inside).words == "One condition alone keeps them in: would be out if choice were not Gold."


def test_what_cannot_be_at_the_same_time_is_no_way_in():
    both = new_tree("contact", leaf(TIER, "gold"), leaf(TIER, "silver"))
    either = new_tree("contact", leaf(TIER, "gold"), leaf(TIER, "silver"), op="any")

    assert nearest(explained(both, {"11": "silver"}), FIELDS) is None
    assert nearest(explained(either, {"11": "import"}), FIELDS).words == (
        "Would be in if choice were Gold, or if choice were Silver."
    )


def test_what_is_had_or_done_turns_in_words_of_its_own():
    sent = {"op": "all", "items": [{"p": "_choice", "of": "self", "op": "is_any_of", "v": ["gold"]}]}
    quotes = {"p": "records:quotes", "of": "partner", "op": "any", "where": sent}
    viewed = {"p": "did:viewed", "of": "self", "op": "at_least", "v": {"n": 2}}
    never = {"p": "did:viewed", "of": "self", "op": "never"}

    assert nearest(explained(new_tree("contact", quotes))).words == (
        "Would be in if their partner had at least one quote whose choice is Gold."
    )
    assert nearest(explained(new_tree("contact", viewed))).words == (
        "Would be in if they had viewed a tab at least 2 times."
    )
    assert nearest(explained(new_tree("contact", never))).words == (
        "One condition alone keeps them in: would be out if they had viewed a tab."
    )


def test_a_condition_that_stands_twice_turns_in_both_places():
    tree = new_tree("contact", leaf(TIER, "gold"), {"op": "none", "items": [leaf(TIER, "gold")]})

    assert nearest(explained(tree)) is None


def test_a_segment_that_is_asked_for_opens_up_to_its_rule():
    tree = new_tree("contact", leaf("segments", "c-gold", op="in_any"))
    out = explained(tree, {"id": "x"}, {"id": "y", "11": "silver"})

    (asked,) = out.items
    assert not asked.holds
    (gold,) = asked.items
    assert gold.words == "Is in “Gold”"
    assert [one.found for one in _deciding(gold)] == ["Silver"]
    assert "Gold" in nearest(out).words


def test_an_exception_and_not_the_rule_is_what_decides_in_a_segment_asked_for():
    tree = new_tree("contact", leaf("segments", "c-gold", op="in_any"))
    inside = explained(tree, {"id": "x", "x3": True}, {"id": "y"})

    assert inside.holds
    gold = inside.items[0].items[0]
    assert (gold.found, gold.items) == ("always in, by an exception", [])


def test_what_was_found_is_told_for_every_kind_of_field():
    tree = new_tree(
        "contact",
        {"p": "chance", "of": "self", "op": "below", "v": {"percent": 50, "salt": "a"}},
        {"p": "did:viewed", "of": "self", "op": "at_least", "v": {"n": 2}},
        {"p": "records:quotes", "of": "self", "op": "at_least", "v": 1},
        {"p": TIER, "of": "self", "op": "has_ever_been", "v": ["gold"]},
        {"p": TIER, "of": "self", "op": "changed_within", "v": {"n": 3, "unit": "day"}},
    )
    rules = CompiledRules({1: tree}, FIELDS, "UTC")
    facts = {fact.kind: fact.key for _, fact in rules.facts}
    own = {
        "id": "0",
        facts["activity"]: ["2026-03-28T10:00:00.000Z", "2026-03-01T10:00:00.000Z"],
        facts["records"]: 4,
        "t11": "2026-03-27T08:00:00.000Z",
    }
    found = [one.found for one in explained(tree, own).leaves()]

    assert found[0].startswith("drawn at ")
    assert found[1:] == [
        "2 times, last on 28 March 2026, 11:00",
        "4",
        "never",
        "set on 27 March 2026, 09:00",
    ]
    assert isinstance(explained(tree), Verdict)
