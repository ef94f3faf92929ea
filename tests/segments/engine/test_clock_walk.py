"""A walk over the nights in which clocks are put forward or back, and over a 29 February, in several time zones.

The engine looks only when it foretold that it has to. At each of those instants, and a millisecond before, everybody
is where the oracle says: nothing comes early, and nothing is missed.
"""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from segments.models import PartnerState, Segment
from tests.oracle import rules as oracle
from tests.segments.conftest import ADA
from workspaces.models import Partner, Property
from workspaces.properties import define_properties, set_properties

MILLISECOND = timedelta(milliseconds=1)
DATED = [
    ("within_last", {"n": 1, "unit": "day"}),
    ("within_next", {"n": 1, "unit": "day"}),
    ("exactly_ago", {"n": 1, "unit": "month"}),
    ("more_than_ago", {"n": 1, "unit": "year"}),
    ("in_period", {"which": "this", "unit": "month"}),
    ("anniversary_within", 0),
]
TIMED = [
    ("within_last", {"n": 2, "unit": "hour"}),
    ("within_last", {"n": 1, "unit": "day"}),
    ("exactly_from_now", {"n": 1, "unit": "day"}),
    ("in_period", {"which": "this", "unit": "day"}),
]
# The zone, the day in question, and an instant near the jump of its clocks.
WALKS = {
    "a day of 23 hours": ("Europe/Berlin", "2026-03-29", "2026-03-29T01:30:00.000Z"),
    "a day of 25 hours": ("America/New_York", "2026-11-01", "2026-11-01T06:30:00.000Z"),
    "half an hour": ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T15:15:00.000Z"),
    "no midnight": ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00.000Z"),
    "29 February": ("Pacific/Apia", "2028-02-29", "2028-02-29T10:00:00.000Z"),
    "a year after one": ("Europe/Berlin", "2025-02-28", "2024-02-29T12:00:00.000Z"),
}


@pytest.fixture
def partners(acme, inside, brightpath, kestrel):
    """One whose values are those of the walk, and one of 29 February 2024."""
    with inside(acme):
        kinds = [{"level": "partner", "key": k, "label": k.title(), "type": k} for k in ("date", "datetime")]
        define_properties(kinds)
    return brightpath, kestrel


def by_oracle(zone, types, trees, partners, at):
    known = oracle.Known(types, {}, {})
    worlds = {partner.name: {"norm": partner.norm, "raw": {}, "set_at": {}} for partner in partners}
    return {
        name: [who for who, world in worlds.items() if oracle.member(tree, known, world, {}, at, zone)]
        for name, tree in trees.items()
    }


@pytest.mark.parametrize("walk", WALKS)
def test_nothing_comes_early_and_nothing_is_missed(acme, inside, partners, make_segment, sweep, walk):
    zone, day, instant = WALKS[walk]
    noon = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    with time_machine.travel(noon - timedelta(days=2), tick=False) as traveller:
        acme.time_zone = zone
        acme.save()
        with inside(acme):
            set_properties(partners[0], {"date": day, "datetime": instant}, by=ADA)
            leap = {"date": "2024-02-29", "datetime": "2024-02-29T23:30:00.000Z"}
            set_properties(partners[1], leap, by=ADA)
        asked = [("date", *one) for one in DATED] + [("datetime", *one) for one in TIMED]
        made = {f"S{n}": make_segment(f"S{n}", one) for n, one in enumerate(asked)}
        with inside(acme):
            live = dict(Segment.objects.filter(name__in=made).values_list("live_build", "name"))
            trees = {name: segment.builds.get().tree for name, segment in made.items()}
            records = list(Partner.objects.filter(pk__in=[one.pk for one in partners]).order_by("name"))
            types = {("self", p.number): p.type for p in Property.objects.filter(level="partner")}
        looks = 0
        while (flip := foretold(acme, inside)) is not None and flip < noon + timedelta(days=3):
            for at in (flip - MILLISECOND, flip):
                traveller.move_to(at)
                sweep()
                assert stored(acme, inside, live) == by_oracle(
                    zone, types, trees, records, at.astimezone(UTC)
                ), at
            looks += 1
        assert looks >= 4


def foretold(acme, inside):
    with inside(acme):
        due = PartnerState.objects.exclude(next_flip_at=None).order_by("next_flip_at")
        return due.values_list("next_flip_at", flat=True).first()


def stored(acme, inside, live):
    with inside(acme):
        found = {name: [] for name in live.values()}
        for state in PartnerState.objects.select_related("partner").order_by("partner__name"):
            for build in state.builds:
                found[live[build]].append(state.partner.name)
        return found
