import pytest

from segments.rules.fields import Field, Fields
from segments.rules.sentence import sentence, sentence_text
from segments.rules.tree import conditions, new_tree
from segments.rules.validate import validate
from tests.segments.rules.strategies import FIELDS as RANDOM_FIELDS
from tests.segments.rules.strategies import NOW, trees

TIERS = (("gold", "Gold"), ("platinum", "Platinum"))
FIELDS = Fields(
    [
        Field(1, "self", "role", "Role", "choice", (("rep", "Sales rep"), ("admin", "Admin"))),
        Field(2, "partner", "tier", "Tier", "choice", TIERS),
        Field(3, "partner", "region", "Region", "text"),
        Field(4, "self", "joined", "Joined", "date"),
        Field(5, "partner", "revenue", "Annual revenue", "money"),
    ]
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
        (leaf(4, "in_period", {"which": "last", "unit": "day"}), "whose joined falls in yesterday"),
        (leaf(5, "gte", {"a": 50000, "c": "EUR"}), "whose partner’s annual revenue is at least €50,000"),
        (leaf(4, "unknown"), "whose joined is blank"),
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
