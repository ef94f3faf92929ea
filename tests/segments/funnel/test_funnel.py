"""Stages of a property and of segments: now, ever, how long, who is stuck. Against numbers worked out by hand."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.http import QueryDict

from segments.funnel.page import Funnel
from tests.conftest import make_partner
from tests.segments.conftest import ADA
from workspaces.models import PropertyChange
from workspaces.properties import set_properties

PAGE = "/acme/settings/segments/funnel/"


@pytest.fixture
def moved(acme, inside):
    """Three partners: North goes on after 10 days and stays; South after 20; West never moves."""
    with time_machine.travel(datetime(2026, 3, 1, 9, tzinfo=UTC), tick=False) as clock:
        north, south, west = (
            make_partner(acme, name, phase="prospecting") for name in ("North", "South", "West")
        )
        yield clock, north, south, west


def story(acme, inside, moved):
    clock, north, south, _ = moved
    clock.move_to(datetime(2026, 3, 11, 9, tzinfo=UTC))
    with inside(acme):
        set_properties(north, {"phase": "active"}, by=ADA)
    clock.move_to(datetime(2026, 3, 21, 9, tzinfo=UTC))
    with inside(acme):
        set_properties(south, {"phase": "active"}, by=ADA)
    clock.move_to(datetime(2026, 3, 31, 9, tzinfo=UTC))


def shown(query=""):
    found = Funnel(QueryDict(query))
    return {
        stage.name: (
            stage.numbers.now,
            stage.numbers.ever,
            stage.numbers.median_days,
            [(stuck.record.name, stuck.days) for stuck in stage.stuck],
        )
        for stage in found.stages
    }


EXPECTED = (
    (1, 3, 15.0, [("West", 30)]),
    (2, 2, None, [("North", 20), ("South", 10)]),
)


def test_the_options_of_a_property_are_stages(acme, inside, moved):
    story(acme, inside, moved)
    with inside(acme):
        found = shown("by=partner.phase")
    assert (found["Prospecting"], found["Active"]) == EXPECTED


def test_segments_in_order_say_the_same(acme, inside, moved, make_segment):
    first = make_segment("First", ("phase", "is_any_of", ["prospecting"]))
    second = make_segment("Second", ("phase", "is_any_of", ["active"]))
    story(acme, inside, moved)
    with inside(acme):
        found = shown(f"segment={second.pk}&segment={first.pk}")
    assert list(found) == ["Second", "First"]
    assert (found["First"], found["Second"]) == EXPECTED


def test_what_was_before_the_history_counts_as_reached_and_not_for_the_days(acme, inside, moved):
    with inside(acme):
        PropertyChange.objects.all().delete()
    story(acme, inside, moved)
    with inside(acme):
        found = shown("by=partner.phase")
    assert found["Prospecting"] == (1, 3, None, [("West", None)])
    assert found["Active"] == (2, 2, None, [("North", 20), ("South", 10)])


def test_the_usual_is_the_phase(acme, inside, moved):
    with inside(acme):
        assert Funnel(QueryDict("")).prop.key == "phase"


def test_segments_of_two_levels_are_no_funnel(acme, inside, make_segment):
    one = make_segment("One", ("phase", "is_any_of", ["active"]))
    other = make_segment("Other", ("partner.phase", "is_any_of", ["active"]), level="contact")
    with inside(acme):
        funnel = Funnel(QueryDict(f"segment={one.pk}&segment={other.pk}&segment=x"))
        assert funnel.fault == "These segments group partners and contacts. Choose segments of one level."
        assert funnel.stages == []


@pytest.mark.parametrize("count", [1, 30])
def test_the_page_costs_the_same_for_one_and_thirty(acme, as_user, ada, count, django_assert_num_queries):
    for at in range(count):
        make_partner(acme, f"P{at}", phase="active")
    client = as_user(ada)
    client.get(PAGE)
    with django_assert_num_queries(16):
        page = client.get(PAGE).content.decode()
    assert "There longest" in page


@pytest.mark.parametrize(
    "query", ["?by=partner.tier", "?by=nothing", "?by=partner.name", "?segment=x", "?by=%00"]
)
def test_whatever_stands_in_the_address_is_answered(as_user, ada, query):
    assert as_user(ada).get(PAGE + query).status_code == 200
