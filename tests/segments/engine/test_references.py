"""Rules that ask for the membership of other segments, and what is read beside the values of properties."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from segments import editing
from segments.engine import batches, clock, exceptions, publishing
from segments.models import Build, Segment
from segments.rules.tree import new_tree
from segments.rules.validate import InvalidRule
from tests.segments.conftest import ADA
from workspaces import jobs
from workspaces.models import Contact, Partner
from workspaces.properties import set_properties


@pytest.fixture
def asking(acme, inside):
    """A segment whose only condition asks for others."""

    def make(name, *asked, op="in_any", level="partner", of="self"):
        leaf = {"p": "segments", "of": of, "op": op, "v": [str(one.pk) for one in asked]}
        with inside(acme):
            return editing.create(
                level=level, kind=Segment.Kind.DYNAMIC, name=name, tree=new_tree(level, leaf), by=ADA
            )

    return make


@pytest.fixture
def save_rule(acme, inside):
    def save(segment, leaf):
        with inside(acme):
            segment.refresh_from_db()
            return editing.save(
                segment,
                name=segment.name,
                description="",
                kind=segment.kind,
                tree=new_tree(segment.level, leaf),
                by=ADA,
            )

    return save


def test_what_changes_the_one_changes_the_other_in_the_same_transaction(
    acme, inside, gold, asking, kestrel, sam, seen_by
):
    asking("Not gold", gold, op="in_none")
    asking("People of the gold", gold, level="contact", of="partner")
    assert seen_by(sam) == ["Not gold"]
    with inside(acme):
        set_properties(kestrel, {"tier": "gold"}, by=ADA)
        assert seen_by(sam) == ["Gold partners", "People of the gold"]


def test_several_deep_and_across_levels(acme, inside, gold, asking, kestrel, sam, seen_by):
    first = asking("First", gold)
    second = asking("Second", first)
    asking("People of the second", second, level="contact", of="partner")
    with inside(acme):
        set_properties(kestrel, {"tier": "gold"}, by=ADA)
    assert seen_by(sam) == ["First", "Gold partners", "People of the second", "Second"]


def test_a_picked_member_counts_at_once(acme, inside, asking, make_segment, kestrel, sam, seen_by):
    picked = make_segment("Picked", kind=Segment.Kind.STATIC)
    asking("Asks for the picked", picked)
    asking("Their people", picked, level="contact", of="partner")
    for members, expected in (
        ([kestrel.pk], ["Asks for the picked", "Picked", "Their people"]),
        ([], []),
    ):
        with inside(acme):
            editing.save(
                Segment.objects.get(pk=picked.pk),
                name="Picked", description="", kind=Segment.Kind.STATIC, members=members, by=ADA,
            )  # fmt: skip
        assert seen_by(sam) == expected


def test_an_exception_of_the_one_counts_for_the_other_and_ends_for_both(
    acme, inside, gold, asking, kestrel, sam, seen_by
):
    asking("Asks for the gold", gold)
    asking("Their people", gold, level="contact", of="partner")
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    with time_machine.travel(at, tick=False) as traveller:
        with inside(acme):
            exceptions.set_exception(
                gold, Partner.objects.get(pk=kestrel.pk), included=True, reason="Trial", by=ADA,
                until=at + timedelta(days=3),
            )  # fmt: skip
        everything = ["Asks for the gold", "Gold partners", "Their people"]
        assert seen_by(sam) == everything
        traveller.shift(timedelta(days=3))
        assert seen_by(sam) == []  # read before anybody swept
        token = jobs._job_workspace.set(acme.pk)
        try:
            clock.sweep()
        finally:
            jobs._job_workspace.reset(token)
        assert seen_by(sam) == []


def test_who_is_in_by_an_exception_alone_can_be_asked_for(
    acme, inside, gold, asking, brightpath, kestrel, seen_by, pat, sam
):
    asking("Let in", gold, op="always_in")
    asking("Their people", gold, op="always_in", level="contact", of="partner")
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    with time_machine.travel(at, tick=False) as traveller:
        ends = at + timedelta(days=3)
        with inside(acme):
            there = Partner.objects.get(pk=kestrel.pk)
            exceptions.set_exception(gold, there, included=True, reason="Trial", by=ADA, until=ends)
        assert seen_by(sam) == ["Gold partners", "Let in", "Their people"]
        assert seen_by(pat) == ["Gold partners"]
        traveller.shift(timedelta(days=3))
        assert seen_by(sam) == []


def test_a_new_rule_of_the_one_goes_live_together_with_those_that_ask_for_it(
    acme, inside, number, gold, asking, save_rule, brightpath, kestrel, members_of
):
    other = asking("Not gold", gold, op="in_none")
    assert (members_of(gold), members_of(other)) == (["Brightpath"], ["Kestrel"])
    save_rule(gold, {"p": number("partner", "tier"), "of": "self", "op": "is_any_of", "v": ["silver"]})
    assert (members_of(gold), members_of(other)) == (["Kestrel"], ["Brightpath"])
    with inside(acme):
        newest = Build.objects.filter(segment=other).order_by("-number").first()
        assert newest.batch == Build.objects.get(number=Segment.objects.get(pk=gold.pk).live_build).batch


def test_in_the_background_none_of_them_switches_before_all_are_filled(
    acme, inside, number, brightpath, kestrel, gold, asking, save_rule, members_of, monkeypatch
):
    other = asking("Not gold", gold, op="in_none")
    monkeypatch.setattr(publishing, "INLINE", 0)
    save_rule(gold, {"p": number("partner", "tier"), "of": "self", "op": "is_any_of", "v": ["silver"]})
    with inside(acme):
        first, _ = Build.objects.filter(state=Build.State.BUILDING).order_by("number")
    token = jobs._job_workspace.set(acme.pk)
    try:
        with inside(acme):
            publishing.fill([first], list(range(publishing.CHUNKS)))
        assert (members_of(gold), members_of(other)) == (["Brightpath"], ["Kestrel"])
        batches.drain_builds()
    finally:
        jobs._job_workspace.reset(token)
    assert (members_of(gold), members_of(other)) == (["Kestrel"], ["Brightpath"])


def test_a_circle_is_refused_with_the_way_it_goes(gold, asking, save_rule):
    middle = asking("Middle", gold)
    last = asking("Last", middle)
    with pytest.raises(InvalidRule, match="Last → Middle asks for this segment"):
        save_rule(gold, {"p": "segments", "of": "self", "op": "in_any", "v": [str(last.pk)]})
    with pytest.raises(InvalidRule, match="circle"):
        save_rule(gold, {"p": "segments", "of": "self", "op": "in_any", "v": [str(gold.pk)]})


def test_what_others_ask_for_is_not_deleted_and_archived_it_has_nobody(
    acme, inside, brightpath, gold, asking, members_of
):
    other = asking("Asks", gold)
    assert members_of(other) == ["Brightpath"]
    with inside(acme), pytest.raises(editing.InUse) as refused:
        editing.delete(Segment.objects.get(pk=gold.pk))
    assert [use.name for use in refused.value.uses] == ["Asks"]
    with inside(acme):
        editing.archive(Segment.objects.get(pk=gold.pk), by=ADA)
    assert members_of(other) == []
    with inside(acme):
        editing.restore(Segment.objects.get(pk=gold.pk), by=ADA)
    assert members_of(other) == ["Brightpath"]


def test_a_pattern_is_asked_in_the_process_for_one_and_for_all(
    acme, inside, make_segment, brightpath, kestrel, members_of
):
    found = make_segment("Starts with K", ("name", "matches_regex", "^k.*l$"))
    assert members_of(found) == ["Kestrel"]
    with inside(acme):
        set_properties(brightpath, {"name": "KRAAL"}, by=ADA)
    assert members_of(found) == ["KRAAL", "Kestrel"]


def test_when_a_property_last_changed_is_known_and_passes(acme, inside, make_segment, kestrel, sam, seen_by):
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    with time_machine.travel(at, tick=False) as traveller:
        make_segment("Tier is new", ("tier", "changed_within", {"n": 2, "unit": "day"}))
        with inside(acme):
            set_properties(kestrel, {"tier": "gold"}, by=ADA)
        assert seen_by(sam) == ["Tier is new"]
        traveller.shift(timedelta(days=3))
        assert seen_by(sam) == []


def test_a_share_is_the_same_people_for_one_and_for_all(acme, inside, make_segment, kestrel, members_of):
    with inside(acme):
        for n in range(40):
            Contact.objects.get_or_create(partner=kestrel, email=f"c{n}@example.com", name=f"c{n}", chunk=n)
    with inside(acme):
        half = editing.create(
            level="contact", kind=Segment.Kind.DYNAMIC, name="Half", by=ADA,
            tree=new_tree("contact", {"p": "chance", "of": "self", "op": "below", "v": {"percent": 50, "salt": "a"}}),
        )  # fmt: skip
    before = members_of(half)
    assert 5 < len(before) < 40
    with inside(acme):
        for contact in Contact.objects.filter(partner=kestrel):
            set_properties(contact, {"language": "Dutch"}, by=ADA)
    assert members_of(half) == before
