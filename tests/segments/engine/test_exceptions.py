from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from segments import editing
from segments.engine import exceptions, publishing
from segments.engine.causes import in_words
from segments.engine.definitions import fields_of
from segments.models import ContactState, MembershipChange, PartnerState, SegmentException
from tests.segments.conftest import ADA
from workspaces.models import Contact
from workspaces.properties import move_contact, set_properties


@pytest.fixture
def reps(make_segment):
    return make_segment("Gold reps", ("role", "is_any_of", ["sales_rep"]), level="contact")


@pytest.fixture
def excepted(acme, inside):
    """Makes an exception."""

    def make(segment, record, included=True, **more):
        with inside(acme):
            found = type(record).objects.get(pk=record.pk)
            return exceptions.set_exception(
                segment, found, included=included, reason="Speaks at the fair", by=ADA, **more
            )

    return make


def words_of(acme, inside, segment, level="partner"):
    with inside(acme):
        changes = MembershipChange.objects.filter(segment=segment).order_by("at", "pk")
        return [(change.joined, in_words(change.cause, fields_of(level))) for change in changes]


def test_somebody_is_in_whom_the_rule_does_not_match(acme, inside, gold, kestrel, sam, excepted, seen_by):
    excepted(gold, kestrel)
    assert seen_by(sam) == ["Gold partners"]
    assert words_of(acme, inside, gold) == [(True, "Exception: Speaks at the fair, by Ada")]


def test_somebody_is_out_whom_the_rule_matches(acme, inside, pat, brightpath, gold, excepted, seen_by):
    excepted(gold, brightpath, included=False)
    assert seen_by(pat) == []
    assert words_of(acme, inside, gold) == [(False, "Exception: Speaks at the fair, by Ada")]


def test_an_exception_that_changes_nothing_leaves_no_history(acme, inside, brightpath, gold, excepted):
    excepted(gold, brightpath)
    assert words_of(acme, inside, gold) == []


def test_it_stands_whatever_the_properties_say(acme, inside, gold, brightpath, kestrel, excepted, members_of):
    excepted(gold, kestrel)
    excepted(gold, brightpath, included=False)
    with inside(acme):
        for tier in ("silver", "gold", "silver"):
            set_properties(kestrel, {"tier": tier}, by=ADA)
            set_properties(brightpath, {"tier": tier}, by=ADA)
    assert members_of(gold) == ["Kestrel"]


def test_a_contact_keeps_it_at_another_partner(acme, inside, reps, pat, kestrel, excepted, members_of):
    excepted(reps, pat, included=False)
    with inside(acme):
        move_contact(Contact.objects.get(pk=pat.pk), kestrel, by=ADA)
    assert "Pat" not in members_of(reps)


@pytest.mark.parametrize("inline", [5000, 0], ids=["at once", "by the worker"])
def test_it_stands_through_a_changed_rule(
    acme, inside, gold, number, brightpath, kestrel, excepted, members_of, drain, monkeypatch, inline
):
    excepted(gold, kestrel, included=False)
    excepted(gold, brightpath)
    monkeypatch.setattr(publishing, "INLINE", inline)
    with inside(acme):
        tree = gold.builds.get().tree
        tree["root"]["items"][0]["v"] = ["silver"]
        editing.save(gold, name=gold.name, description="", kind="dynamic", tree=tree, by=ADA)
    drain()
    assert members_of(gold) == ["Brightpath"]


def test_it_is_there_again_when_the_segment_is_restored(
    acme, inside, gold, kestrel, brightpath, excepted, members_of
):
    excepted(gold, kestrel)
    with inside(acme):
        editing.archive(gold, by=ADA)
        editing.restore(gold, by=ADA)
    assert members_of(gold) == ["Brightpath", "Kestrel"]


def test_a_frozen_list_holds_what_the_exceptions_made_and_needs_them_no_more(
    acme, inside, gold, kestrel, brightpath, excepted, members_of
):
    excepted(gold, kestrel)
    excepted(gold, brightpath, included=False)
    with inside(acme):
        tree = gold.builds.get().tree
        editing.save(gold, name=gold.name, description="", kind="snapshot", tree=tree, by=ADA)
    assert members_of(gold) == ["Kestrel"]
    with inside(acme):
        assert not SegmentException.objects.exists()
        assert not PartnerState.objects.exclude(exceptions={}).exists()
        with pytest.raises(exceptions.NoRule):
            exceptions.set_exception(gold, brightpath, included=True, reason="x", by=ADA)


def test_ending_it_lets_the_rule_decide_again(acme, inside, gold, kestrel, excepted, members_of):
    row = excepted(gold, kestrel)
    with inside(acme):
        exceptions.end(row, by=ADA)
        assert not SegmentException.objects.exists()
        assert PartnerState.objects.get(partner=kestrel).exceptions == {}
    assert members_of(gold) == []
    assert words_of(acme, inside, gold)[-1] == (False, "An exception ended: Speaks at the fair, by Ada")


class TestEnd:
    @pytest.fixture
    def today(self):
        with time_machine.travel(timezone.now(), tick=False) as traveller:
            yield traveller

    @pytest.fixture
    def until_tomorrow(self, today, gold, kestrel, excepted):
        return excepted(gold, kestrel, until=timezone.now() + timedelta(days=1))

    def test_a_page_that_is_opened_after_the_end_sees_it_before_the_clock_came(
        self, today, until_tomorrow, sam, seen_by, members_of, gold
    ):
        assert seen_by(sam) == ["Gold partners"]
        today.shift(timedelta(days=1))
        assert seen_by(sam) == []
        assert members_of(gold) == ["Kestrel"]

    def test_the_clock_ends_it_and_says_so(
        self, acme, inside, today, until_tomorrow, gold, kestrel, sweep, members_of
    ):
        with inside(acme):
            flip = PartnerState.objects.get(partner=kestrel).next_flip_at
            assert flip == until_tomorrow.until
        today.shift(timedelta(days=1, seconds=-1))
        sweep()
        assert members_of(gold) == ["Kestrel"]
        today.shift(timedelta(seconds=1))
        sweep()
        assert members_of(gold) == []
        assert words_of(acme, inside, gold)[-1] == (False, "An exception ended: Speaks at the fair")
        with inside(acme):
            assert not SegmentException.objects.exists()
            state = PartnerState.objects.get(partner=kestrel)
            assert (state.exceptions, state.next_flip_at) == ({}, None)

    def test_a_change_after_the_end_names_the_end_as_the_reason(
        self, acme, inside, today, until_tomorrow, gold, kestrel
    ):
        today.shift(timedelta(days=2))
        with inside(acme):
            set_properties(kestrel, {"country": "Norway"}, by=ADA)
        assert words_of(acme, inside, gold)[-1] == (False, "An exception ended: Speaks at the fair")

    def test_a_build_that_is_filled_after_the_end_leaves_it_out(
        self, acme, inside, today, until_tomorrow, gold, members_of
    ):
        today.shift(timedelta(days=2))
        with inside(acme):
            tree = gold.builds.get().tree
            tree["root"]["items"][0]["v"] = ["platinum"]
            editing.save(gold, name=gold.name, description="", kind="dynamic", tree=tree, by=ADA)
        assert members_of(gold) == []


def test_a_deleted_subject_leaves_none_behind(acme, inside, reps, pat, excepted):
    excepted(reps, pat, included=False)
    with inside(acme):
        Contact.objects.get(pk=pat.pk).delete()
        assert not SegmentException.objects.exists()


def test_a_deleted_segment_leaves_no_trace_and_its_number_is_not_given_out_again(
    acme, inside, gold, kestrel, excepted, make_segment
):
    excepted(gold, kestrel)
    with inside(acme):
        editing.delete(gold)
        assert PartnerState.objects.get(partner=kestrel).exceptions == {}
    assert make_segment("Next", ("tier", "is_any_of", ["gold"])).number == gold.number + 1


def test_only_one_for_each(acme, inside, gold, kestrel, excepted):
    first, second = excepted(gold, kestrel), excepted(gold, kestrel, included=False)
    assert first.pk == second.pk
    with inside(acme), pytest.raises(IntegrityError), transaction.atomic():
        SegmentException.objects.create(segment=gold, partner=kestrel, included=True, reason="again")


def test_it_is_of_a_partner_or_of_a_contact(acme, inside, gold, kestrel, sam):
    with inside(acme):
        for both in ({}, {"partner": kestrel, "contact": sam}):
            with pytest.raises(IntegrityError), transaction.atomic():
                SegmentException.objects.create(segment=gold, included=True, reason="x", **both)


def test_everybody_behind_is_answered_with_exceptions(
    acme, inside, kestrel, sam, make_segment, excepted, seen_by, monkeypatch
):
    monkeypatch.setattr("segments.engine.fanout.INLINE", 0)
    people = make_segment("People at gold", ("partner.tier", "is_any_of", ["gold"]), level="contact")
    excepted(people, sam, included=False)
    with inside(acme):
        set_properties(kestrel, {"tier": "gold"}, by=ADA)
        state = ContactState.objects.get(contact=sam)
        assert state.fanout == 0
    assert seen_by(sam) == []
