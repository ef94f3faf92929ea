"""A rule in a file says all that the rule says; what a file may not hold is refused with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.as_code import reading, rules, writing
from segments.as_code.rule_writing import written
from segments.rules.tree import as_bytes
from segments.rules.validate import validate
from tests.segments.rules.strategies import FIELDS, NOW, SEGMENTS_THERE, trees
from tests.segments.rules.test_compilers import relaxed

NAMES = rules.Names({one.id: one.name for one in SEGMENTS_THERE.values()})


def parsed(text):
    (document,) = reading.read(text)
    return rules.read(document.value, FIELDS, NAMES, ())


@relaxed
@given(st.data())
def test_what_is_written_is_read_back_as_the_same_rule(data):
    tree = data.draw(trees(NOW))
    found = parsed(writing.dump([written(tree, FIELDS, NAMES)]))

    assert found.faults == []
    assert as_bytes(validate(found.tree, FIELDS)) == as_bytes(tree)


def test_a_file_is_written_so_that_people_can_read_it():
    leaf = {"p": 11, "of": "partner", "op": "is_none_of", "v": ["gold", "silver"], "unknown": "include"}
    asked = {"p": "segments", "of": "self", "op": "in_any", "v": ["c-gold"]}
    tree = {"v": 1, "object": "contact", "zone": "workspace", "root": {"op": "all", "items": [leaf, asked]}}

    assert writing.dump([written(tree, FIELDS, NAMES)]) == (
        "---\n"
        "all:\n"
        "  - property: partner.choice_partner_0\n"
        "    op: is_none_of\n"
        "    value: [gold, silver]\n"
        "    blank: counts\n"
        "  - segments: [Gold]\n"
        "    op: in_any\n"
    )


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (
            "all: [{property: nothing, op: known}]",
            ("all", 0, "property"),
            "There is no property “nothing” here.",
        ),
        (
            "all: [{property: choice_self_0, op: like}]",
            ("all", 0, "op"),
            "“like” is no comparison for Choice.",
        ),
        (
            "all: [{property: choice_self_0, op: known, color: red}]",
            ("all", 0, "color"),
            "“color” is not known here.",
        ),
        ("all: [{segments: [Nobody knows], op: in_any}]", ("all", 0, "segments", 0), "There is no segment"),
        ("all: [{op: known}]", ("all", 0), "A condition asks about one of"),
        ("all: [], any: []", (), None),
        ("any: [{all: 3}]", ("any", 0), "A group holds “all”"),
        (
            "all: [{property: date_self_0, op: within_last, value: soon}]",
            ("all", 0, "value"),
            "Write a number and a unit",
        ),
    ],
)
def test_what_is_not_understood_is_said_with_its_place(text, place, message):
    text = "{" + text + "}"
    found = parsed(text)

    assert found.faults[0].place == place
    assert message is None or found.faults[0].message.startswith(message)


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (BOMB, 1, "Anchors and aliases"),
        ("segment: x\nrule: !!python/object/apply:os.system [ls]\n", 2, "Tags are not accepted"),
        ("a: 1\nb: 2\na: 3\n", 3, "“a” is there twice"),
        ("a: [1, 2\nb: 3\n", 2, ""),
        ("[" * 100 + "]" * 100, 1, "Values nest at most"),
        ("a: " + "9" * 5000, 1, "This number is too long"),
        ("- x\n" * 150_000, 150_000 // 1, None),
        ("x" * 2_000_001, 1, "A file holds at most"),
        ("? [a, b]\n: c\n", 1, ""),
    ],
)
def test_a_hostile_file_is_refused(text, line, message):
    if message is None:
        assert len(reading.read(text)[0].value) == line
        return
    with pytest.raises(reading.Unreadable) as refused:
        reading.read(text)
    assert refused.value.message.startswith(message)
    assert refused.value.line == line


def test_words_stay_words_and_dates_stay_text():
    (document,) = reading.read("a: on\nb: no\nc: 2024-02-29\nd: true\ne: 1e3\nf: '7'\n")

    assert document.value == {"a": "on", "b": "no", "c": "2024-02-29", "d": True, "e": 1000.0, "f": "7"}
    assert document.line(("c",)) == 3
