"""Members as of a moment: against what was true then, whatever happened since."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segments import editing
from segments.engine import counting
from segments.history.as_of import Asked, AsOf
from segments.history.trend import settle, trends
from segments.models import BuildChange, MembershipChange, Segment
from segments.rules.tree import new_tree
from tests.conftest import make_partner
from tests.segments.conftest import ADA
from workspaces.models import Partner
from workspaces.properties import create_partner, set_properties

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
TIERS = ["gold", "silver", "platinum"]
NAMES = ["A", "B", "C", "D"]
OPERATIONS = st.one_of(
    st.tuples(st.just("tier"), st.integers(0, 3), st.sampled_from([*TIERS, None])),
    st.tuples(st.just("rule"), st.sets(st.sampled_from(TIERS), min_size=1).map(sorted), st.none()),
    st.tuples(st.just("list"), st.sets(st.integers(0, 3)).map(sorted), st.none()),
    st.tuples(st.just("freeze"), st.none(), st.none()),
    st.tuples(st.just("archive"), st.none(), st.none()),
    st.tuples(st.just("restore"), st.none(), st.none()),
    st.tuples(st.just("delete"), st.integers(0, 3), st.none()),
    st.tuples(st.just("settle"), st.none(), st.none()),
)


class Story:
    """Does what it is told, and writes down who is in after each step."""

    def __init__(self, number, clock):
        self.tier, self.clock = number, clock
        self.partners = [make_partner_of(name) for name in NAMES]
        self.segment = editing.create(
            level="partner", kind="dynamic", name="S", tree=self.tree(["gold"]), by=ADA
        )
        self.seen: list[tuple[datetime, frozenset]] = []
        self.look()

    def tree(self, tiers):
        return new_tree("partner", {"p": self.tier, "of": "self", "op": "is_any_of", "v": list(tiers)})

    def look(self):
        self.segment.refresh_from_db()
        self.clock.shift(timedelta(hours=7))
        self.seen.append((datetime.now(UTC), frozenset(inside_now(self.segment))))
        self.clock.shift(timedelta(hours=7))

    def do(self, what, which, value):
        getattr(self, f"do_{what}")(which, value)
        self.look()

    def do_tier(self, which, value):
        if (partner := self.partners[which]) is not None:
            set_properties(partner, {"tier": value}, by=ADA)

    def do_rule(self, tiers, _):
        self.save(kind="dynamic", tree=self.tree(tiers))

    def do_list(self, chosen, _):
        self.save(kind="static", members=[self.partners[i].pk for i in chosen if self.partners[i]])

    def do_freeze(self, *_):
        self.save(kind="static", members=list(inside_now(self.segment)))

    def do_archive(self, *_):
        if self.segment.archived_at is None:
            editing.archive(self.segment, by=ADA)

    def do_restore(self, *_):
        if self.segment.archived_at is not None:
            editing.restore(self.segment, by=ADA)

    def do_delete(self, which, _):
        if (partner := self.partners[which]) is not None:
            partner.delete()
            self.partners[which] = None

    def do_settle(self, *_):
        settle(datetime.now(UTC))

    def save(self, **rule):
        if self.segment.archived_at is None:
            editing.save(self.segment, name="S", description="", by=ADA, **rule)


def make_partner_of(name):
    return create_partner({"name": name, "tier": "gold"}, by=ADA)


def inside_now(segment):
    if segment.archived_at or segment.live_build is None:
        return []
    found = Partner.objects.filter(segment_state__builds__contains=[segment.live_build])
    return list(found.values_list("pk", flat=True))


def as_of(segment, at):
    asked = AsOf(segment, at)
    return {*asked.records(Partner.objects.all()).values_list("pk", flat=True), *asked.gone()}


def replayed(segment, at):
    """The naive way: from the first row of the log to the moment, one after the other."""
    log = [(c.at, c.joined, [c.subject_id]) for c in MembershipChange.objects.filter(segment=segment)]
    for change in BuildChange.objects.filter(segment=segment):
        log += [(change.at, False, change.left), (change.at, True, change.joined)]
    inside = set()
    for _, joined, subjects in sorted((row for row in log if row[0] <= at), key=lambda row: row[0]):
        inside = inside | set(subjects) if joined else inside - set(subjects)
    return inside


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(OPERATIONS, min_size=3, max_size=9))
def test_it_is_what_was_true_then_and_what_a_naive_replay_says(acme, inside, number, steps):
    tier = number("partner", "tier")
    with time_machine.travel(START, tick=False) as clock, inside(acme), transaction.atomic():
        story = Story(tier, clock)
        for step in steps:
            story.do(*step)
        segment = Segment.objects.get(pk=story.segment.pk)
        for at, members in story.seen:
            assert as_of(segment, at) == replayed(segment, at) == members
        trend = trends([segment], days=365, zone=BERLIN)[segment.pk]
        assert [day.size for day in trend.days] == sizes_by_day(story, trend)
        transaction.set_rollback(True)  # every example begins anew


def sizes_by_day(story, trend):
    """The size at the end of each day, as the replay has it."""
    ends = [datetime.combine(day.day + timedelta(days=1), datetime.min.time(), BERLIN) for day in trend.days]
    return [len(replayed(story.segment, end - timedelta(microseconds=1))) for end in ends]


def test_it_holds_to_the_minute_of_the_workspace_clock(acme, inside, gold, kestrel):
    with time_machine.travel(START, tick=False) as clock:
        with inside(acme):
            clock.move_to(datetime(2026, 3, 10, 10, 30, tzinfo=UTC))
            set_properties(kestrel, {"tier": "gold"}, by=ADA)
        clock.move_to(datetime(2026, 3, 20, tzinfo=UTC))
        with inside(acme):
            before = Asked.read("2026-03-10T11:29", BERLIN)
            after = Asked.read("2026-03-10T11:30", BERLIN)
            assert (as_of(gold, before.at), as_of(gold, after.at)) == (set(), {kestrel.pk})


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-10", "2026-03-10T22:59:59.999999+00:00"),  # a day is meant to its end
        ("2026-03-10T11:29", "2026-03-10T10:29:00+00:00"),
        ("2026-07-10T11:29:30", "2026-07-10T09:29:30+00:00"),
        ("2026-03-10T11:29+05:00", "2026-03-10T06:29:00+00:00"),
        ("2999-01-01", None),
        ("", None),
    ],
)
def test_moments_are_read_on_the_clock_of_the_workspace(text, utc):
    asked = Asked.read(text, BERLIN)
    assert asked.error == ""
    assert (asked.at and asked.at.astimezone(UTC).isoformat()) == utc


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-13-01", "0001-01-01T00:00+23:00", "9" * 400, "2026-02-30"]
)
def test_what_is_no_moment_is_said_and_means_now(text):
    asked = Asked.read(text, BERLIN)
    assert asked.at is None
    assert asked.error == "Write a date and a time, such as 2026-03-01T14:30."


def test_who_was_deleted_is_known_by_id_and_no_longer_counted(acme, inside, gold, brightpath):
    with inside(acme):
        gold.refresh_from_db()
        then = datetime.now(UTC)
        key = brightpath.pk
        brightpath.delete()
        assert counting.with_members(Segment.objects.filter(pk=gold.pk)).get().members == 0
        left = MembershipChange.objects.get(segment=gold, joined=False)
        assert (left.subject_id, left.cause["why"]) == (key, "deleted")
        assert AsOf(gold, then).gone() == [key]
        assert list(AsOf(gold, then).records(Partner.objects.all())) == []


def test_archiving_lets_everybody_go_and_restoring_brings_them_back(acme, inside, gold, brightpath):
    with inside(acme):
        editing.archive(gold, by=ADA)
        archived = Segment.objects.get(pk=gold.pk)
        editing.restore(archived, by=ADA)
        causes = [c.cause.get("why") for c in BuildChange.objects.filter(segment=gold).order_by("at")]
        assert causes == ["archived", "restored"]
        back = Segment.objects.get(pk=gold.pk)
        assert as_of(back, datetime.now(UTC)) == set(inside_now(back))


def test_another_workspace_has_another_history(acme, globex, inside, gold, brightpath):
    other = make_partner(globex, "Elsewhere", tier="gold")
    with inside(globex):
        assert Segment.objects.filter(pk=gold.pk).first() is None
    with inside(acme):
        assert other.pk not in as_of(gold, datetime.now(UTC))
