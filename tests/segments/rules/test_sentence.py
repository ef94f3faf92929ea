import pytest

from segments.rules.fields import Field, Fields, Referenced
from segments.rules.sentence import sentence, sentence_text
from segments.rules.tree import conditions, new_tree
from segments.rules.validate import validate
from tests.segments.rules.strategies import FIELDS as RANDOM_FIELDS
from tests.segments.rules.strategies import NOW, trees

TIERS = (("gold", "Gold"), ("platinum", "Platinum"))
SEGMENTS = {pk: Referenced(pk, at, pk, "contact", at) for at, pk in enumerate(("s1", "s2"), start=1)}
FIELDS = Fields(
    [
        Field(1, "self", "role", "Role", "choice", (("rep", "Sales rep"), ("admin", "Admin"))),
        Field(2, "partner", "tier", "Tier", "choice", TIERS),
        Field(3, "partner", "region", "Region", "text"),
        Field(4, "self", "joined", "Joined", "date"),
        Field(5, "partner", "revenue", "Annual revenue", "money"),
        Field(6, "partner", "target", "Target", "money"),
        Field("did:viewed", "self", "viewed", "Viewed a tab", "activity", (("t1", "Prices"),)),
        Field("segments", "self", "segments", "Segment", "segments", (("s1", "Beta"), ("s2", "Pilots"))),
    ],
    segments=SEGMENTS,
)


def words(*items, op="all"):
    return sentence_text(validate(new_tree("contact", *items, op=op), FIELDS), FIELDS)


def leaf(p, op, v=None, **more):
    return {"p": p, "of": "self" if p in (1, 4) else "partner", "op": op, **({"v": v} if v else {}), **more}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (leaf(1, "is_any_of", ["rep"]), "whose role is Sales rep"),
        (leaf(2, "is_any_of", ["gold", "platinum"]), "whose partner’s tier is Gold or Platinum"),
        (leaf(3, "neq", "APAC"), "whose partner’s region is not “APAC” (a blank partner’s region counts)"),
        (
            leaf(3, "neq", "APAC", unknown="exclude"),
            "whose partner’s region is not “APAC” (a blank partner’s region does not count)",
        ),
        (leaf(4, "within_last", {"n": 1, "unit": "month"}), "whose joined is in the last 1 month"),
        (leaf(4, "in_period", {"which": "last", "unit": "day"}), "whose joined is yesterday"),
        (leaf(5, "gte", {"a": 50000, "c": "EUR"}), "whose partner’s annual revenue is at least €50,000"),
        (leaf(4, "unknown"), "whose joined is blank"),
        (
            leaf(5, "between", [{"a": 1, "c": "EUR"}, {"a": 5, "c": "EUR"}, "to"]),
            "whose partner’s annual revenue is between €1 and €5 (not itself)",
        ),
        (
            leaf(4, "between", ["2026-01-01", "2026-02-01", "both"]),
            "whose joined is between 1 January 2026 (not itself) and 1 February 2026 (not itself)",
        ),
        (
            leaf(5, "gte_field", {"p": 6, "of": "partner"}),
            "whose partner’s annual revenue is at least the partner’s target",
        ),
        (
            leaf("did:viewed", "first_within", {"within": {"n": 7, "unit": "day"}}) | {"of": "self"},
            "who viewed a tab for the first time in the last 7 days",
        ),
        (
            leaf("did:viewed", "last_before", {"day": "2026-03-01", "what": "t1"}) | {"of": "self"},
            "who viewed a tab Prices last before 1 March 2026",
        ),
        (
            leaf("segments", "never_in", ["s1", "s2"]) | {"of": "self"},
            "who are never in Beta or Pilots by an exception",
        ),
    ],
)
def test_a_condition_in_words(item, expected):
    assert words(item) == f"Contacts {expected}."


def test_groups_inside_groups_read_as_one_sentence():
    inner = {"op": "all", "items": [leaf(1, "is_any_of", ["admin"]), leaf(4, "known")]}

    assert words(leaf(2, "is_any_of", ["gold"]), {"op": "any", "items": [leaf(1, "known"), inner]}) == (
        "Contacts whose partner’s tier is Gold, and for whom at least one is true: role has a value; "
        "or they are those whose role is Admin, and whose joined has a value."
    )


def test_the_values_can_be_marked_and_lead_to_their_condition():
    tree = validate(new_tree("contact", leaf(2, "is_any_of", ["gold", "platinum"])), FIELDS)

    marked = [(part.text, part.path) for part in sentence(tree, FIELDS) if part.kind == "value"]
    assert marked == [("Gold", (0,)), ("Platinum", (0,))]


def test_the_sentence_mentions_every_condition():
    from hypothesis import given, settings

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(trees(NOW))
    def every_condition(tree):
        text = sentence_text(tree, RANDOM_FIELDS).lower()
        for _, leaf in conditions(tree):
            field = RANDOM_FIELDS[leaf["of"], leaf["p"]]
            said = {
                "segments": [field.option_label(one) for one in leaf["v"]]
                if field.type == "segments"
                else [],
                "chance": ["random share"],
                "constant": ["at all"],
                "records": ["quote"],
            }.get(field.type, [field.label])
            assert all(one.lower() in text for one in said)

    every_condition()
