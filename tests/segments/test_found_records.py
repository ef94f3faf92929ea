"""Why shows the related records that a condition found."""

import pytest

from segments.why import Why, lines
from tests.segments.engine.test_related import ask, quote, send  # noqa: F401  fixtures


@pytest.fixture
def told(acme, inside):
    """What the conditions of a segment found at a record."""

    def look(segment, record):
        with inside(acme):
            why = Why(segment, record)
            return [node.told for _, node in lines(why.tree) if node.words and not node.items]

    return look


def test_the_records_that_fit_are_named(ask, quote, send, told, brightpath, kestrel, pat):  # noqa: F811
    sent = [("_status", "is_any_of", ["sent"])]
    segment = ask("Has sent two", "records:quotes", "at_least", 2, where=sent)
    made = [quote(pat, customer=name) for name in ("Alpenbank", "Bernhardt", "Ciné")]
    for one in made[:2]:
        send(one, pat)
    assert told(segment, brightpath) == [f"2 of 3: {made[1]} (Bernhardt), {made[0]} (Alpenbank)"]
    assert told(segment, kestrel) == ["there is none"]


def test_of_many_some_are_named_and_what_is_measured_comes_first(ask, quote, told, brightpath, pat):  # noqa: F811
    measure = {"p": "_amount", "op": "gte", "v": {"a": 250, "c": "EUR"}}
    segment = ask("A lot", "records:quotes", "sum", measure)
    made = [quote(pat) for _ in range(5)]
    names = ", ".join(f"{one} (Alpenbank)" for one in reversed(made[2:]))
    assert told(segment, brightpath) == [f"500, from 5 of 5: {names} and 2 more"]


def test_a_contact_is_told_of_its_partners_records(ask, number, told, pat):  # noqa: F811
    role = [(number("contact", "role"), "is_any_of", ["admin"])]
    segment = ask("Colleagues", "records:contacts", "any", where=role, level="contact", of="partner")
    assert told(segment, pat) == ["1 of 1: Pat"]
