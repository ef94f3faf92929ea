"""Rules that ask what a property has been, and how it changed."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from segments import editing
from segments.engine import clock
from segments.models import PartnerState
from segments.rules.tree import new_tree
from tests.segments.conftest import ADA
from workspaces import jobs
from workspaces.models import Due
from workspaces.properties import create_partner, set_properties


@pytest.fixture
def change(acme, inside, kestrel):
    def to(**values):
        with inside(acme):
            set_properties(kestrel, values, by=ADA)

    return to


def test_what_it_has_been_counts_for_the_past_and_from_now_on(make_segment, change, members_of, kestrel):
    change(tier="gold")
    change(tier="silver")
    once = make_segment("Once gold", ("tier", "has_ever_been", ["gold"]))
    never = make_segment("Never platinum", ("tier", "has_never_been", ["platinum"]))
    assert (members_of(once), members_of(never)) == (["Kestrel"], ["Kestrel"])
    change(tier="platinum")
    change(tier="silver")
    assert (members_of(once), members_of(never)) == (["Kestrel"], [])


def test_the_present_value_counts(make_segment, brightpath, kestrel, members_of):
    assert members_of(make_segment("Ever gold", ("tier", "has_ever_been", ["gold"]))) == ["Brightpath"]


def test_a_record_that_comes_later_has_a_history_as_well(acme, inside, make_segment, brightpath, members_of):
    ever = make_segment("Ever gold", ("tier", "has_ever_been", ["gold"]))
    with inside(acme):
        create_partner({"name": "Later", "tier": "gold"}, by=ADA)
    assert members_of(ever) == ["Brightpath", "Later"]


def test_text_is_compared_as_everywhere(make_segment, change, members_of, kestrel):
    change(country="NORWAY")
    change(country="Spain")
    assert members_of(make_segment("Was in Norway", ("country", "has_ever_been", ["norway"]))) == ["Kestrel"]


def test_a_passage_counts_for_so_long_and_only_in_its_direction(
    acme, inside, make_segment, change, members_of, kestrel
):
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    with time_machine.travel(at, tick=False) as traveller:
        change(tier="gold")
        lost = {"from": ["gold"], "to": ["silver"], "within": {"n": 2, "unit": "day"}}
        lately = make_segment("Lost gold", ("tier", "changed_from_to", lost))
        assert members_of(lately) == []
        traveller.shift(timedelta(hours=1))
        change(tier="silver")
        assert members_of(lately) == ["Kestrel"]
        traveller.shift(timedelta(days=3))
        token = jobs._job_workspace.set(acme.pk)
        try:
            clock.sweep()
        finally:
            jobs._job_workspace.reset(token)
        assert members_of(lately) == []


def test_people_follow_the_history_of_their_partner(make_segment, change, kestrel, sam, seen_by, members_of):
    make_segment("People of the once gold", ("partner.tier", "has_ever_been", ["gold"]), level="contact")
    assert seen_by(sam) == []
    change(tier="gold")
    change(tier="silver")
    assert seen_by(sam) == ["People of the once gold"]


@pytest.mark.parametrize("ends", ["changed", "archived", "deleted"])
def test_what_nobody_asks_any_more_is_forgotten(
    acme, inside, make_segment, change, number, drain, kestrel, ends
):
    """By the sweep that is left to a worker: it takes everybody's locks, a few at a time."""
    change(tier="gold")
    once = make_segment("Once gold", ("tier", "has_ever_been", ["gold"]))
    make_segment("Once silver", ("tier", "has_ever_been", ["silver"]))
    plain = {"p": number("partner", "tier"), "of": "self", "op": "known"}
    with inside(acme):
        assert len(PartnerState.objects.get(partner=kestrel).facts) == 2
        once.refresh_from_db()
        if ends == "changed":
            fields = {"name": once.name, "description": "", "kind": "dynamic", "by": ADA}
            editing.save(once, tree=new_tree("partner", plain), **fields)
        else:
            editing.archive(once, by=ADA) if ends == "archived" else editing.delete(once)
        assert Due.objects.filter(queue="segments.sweep").exists()
    if ends != "changed":
        return  # the sweep is the same
    drain()
    with inside(acme):
        assert len(PartnerState.objects.get(partner=kestrel).facts) == 1


def test_only_what_is_asked_is_kept(acme, inside, make_segment, change, kestrel):
    change(tier="gold")
    with inside(acme):
        assert PartnerState.objects.get(partner=kestrel).facts == {}
    make_segment("Once gold", ("tier", "has_ever_been", ["gold"]))
    with inside(acme):
        assert len(PartnerState.objects.get(partner=kestrel).facts) == 1
