"""A rule for later: takes effect at its moment, or says why it could not."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail

from segments import editing
from segments.models import ScheduledChange, Segment
from segments.rules.tree import new_tree
from segments.rules.validate import InvalidRule
from segments.versions import scheduling
from workspaces.actors import Actor
from workspaces.models import Due, Property
from workspaces.properties import save_property

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
NEW_YEAR = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)  # midnight in Berlin


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def scheduled(clock, acme, inside, ada, gold, number):
    """From New Year on, silver partners are what gold ones were."""
    with inside(acme):
        tree = new_tree(
            "partner", {"p": number("partner", "tier"), "of": "self", "op": "is_any_of", "v": ["silver"]}
        )
        return scheduling.schedule(gold, tree=tree, at=NEW_YEAR, by=Actor.of_member(ada))


def run(drain, acme, inside, change):
    drain()
    with inside(acme):
        return ScheduledChange.objects.get(pk=change.pk)


def test_it_takes_effect_at_its_moment_and_not_before(
    acme, inside, clock, drain, gold, brightpath, kestrel, scheduled, members_of
):
    clock.move_to(NEW_YEAR - timedelta(seconds=1))
    assert run(drain, acme, inside, scheduled).state == "waiting"
    assert members_of(gold) == ["Brightpath"]

    clock.move_to(NEW_YEAR)
    done = run(drain, acme, inside, scheduled)
    assert (done.state, done.version, done.error) == ("done", 2, "")
    assert members_of(gold) == ["Kestrel"]
    with inside(acme):
        assert gold.builds.get(version=2).made_by["label"] == "Ada"


def test_a_note_is_left_for_the_very_moment(acme, scheduled):
    assert Due.objects.get(workspace_id=acme.pk, queue="segments.scheduled").due_at == NEW_YEAR


def test_a_second_run_changes_nothing(acme, inside, clock, drain, gold, scheduled):
    clock.move_to(NEW_YEAR)
    run(drain, acme, inside, scheduled)
    with inside(acme):
        scheduling.jobs.leave_work("segments.scheduled")
    run(drain, acme, inside, scheduled)
    with inside(acme):
        assert gold.builds.count() == 2


def test_a_rule_that_fits_no_longer_is_told(
    acme, inside, clock, drain, gold, brightpath, scheduled, members_of, ada
):
    with inside(acme):
        tier = Property.objects.get(level="partner", key="tier")
        tier.options = [option for option in tier.options if option["value"] != "silver"]
        save_property(tier)
    clock.move_to(NEW_YEAR)
    failed = run(drain, acme, inside, scheduled)
    assert failed.state == "failed"
    assert failed.error == "“silver” is no longer an option of Tier, so it matches nobody."
    assert members_of(gold) == ["Brightpath"]
    letter = mail.outbox[-1]
    assert letter.to == [ada.user.email]
    assert letter.subject == "The scheduled change of “Gold partners” did not take effect"
    assert failed.error in letter.body
    assert "scheduled for 1 January 2027, 00:00" in letter.body


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda segment, by: editing.archive(segment, by=by), "The segment is archived."),
        (
            lambda segment, by: editing.save(
                segment, name="G", description="", kind="static", members=[], by=by
            ),
            "The segment is static now and has no rule.",
        ),
    ],
)
def test_a_segment_that_became_another_keeps_what_it_is(
    acme, inside, clock, drain, gold, scheduled, ada, change, words
):
    with inside(acme):
        change(Segment.objects.get(pk=gold.pk), Actor.of_member(ada))
    clock.move_to(NEW_YEAR)
    assert run(drain, acme, inside, scheduled).error == words


def test_said_twice_it_is_one_change(acme, inside, ada, gold, scheduled):
    with inside(acme):
        by = Actor.of_member(ada)
        assert scheduling.schedule(gold, tree=scheduled.tree, at=NEW_YEAR, by=by) == scheduled
        assert gold.scheduled.count() == 1


def test_cancelled_in_time_it_never_happens(acme, inside, clock, drain, gold, scheduled, ada, members_of):
    with inside(acme):
        assert scheduling.cancel(scheduled, by=Actor.of_member(ada))
    clock.move_to(NEW_YEAR)
    assert run(drain, acme, inside, scheduled).state == "cancelled"
    assert members_of(gold) == []
    with inside(acme):
        assert not scheduling.cancel(scheduled, by=Actor.of_member(ada))


def test_no_rule_is_not_scheduled(acme, inside, clock, gold, ada):
    with inside(acme), pytest.raises(InvalidRule):
        scheduling.schedule(gold, tree=new_tree("partner"), at=NEW_YEAR, by=Actor.of_member(ada))


@pytest.mark.parametrize(
    ("text", "utc"),
    [("2027-01-01T00:00", "2026-12-31T23:00:00+00:00"), ("2027-07-01T00:00", "2027-06-30T22:00:00+00:00")],
)
def test_the_moment_is_read_on_the_clock_of_the_workspace(acme, clock, text, utc):
    assert scheduling.read_moment(text, acme.zone).astimezone(UTC).isoformat() == utc


@pytest.mark.parametrize("text", ["", "soon", "2026-11-02T09:59", "0001-01-01T00:00"])
def test_what_is_over_or_no_moment_is_refused(acme, clock, text):
    with pytest.raises(scheduling.NotThen):
        scheduling.read_moment(text, acme.zone)
