from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from segments.engine import clock
from segments.engine.causes import in_words
from segments.engine.definitions import fields_of
from segments.models import ContactState, MembershipChange, PartnerState
from tests.segments.conftest import ADA
from workspaces import jobs
from workspaces.properties import define_properties, set_properties

# Berlin leaves summer time in this night: midnight is 22:00 UTC before it and 23:00 UTC after it.
EVENING = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)


@pytest.fixture
def on_time():
    with time_machine.travel(EVENING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def renewing(acme, inside, on_time, brightpath, pat, make_segment):
    """A partner segment and a contact segment that both look at the partner's date of renewal."""
    with inside(acme):
        define_properties([{"level": "partner", "key": "renewal", "label": "Renewal", "type": "date"}])
        set_properties(brightpath, {"renewal": "2026-10-26"}, by=ADA)
    soon = ("within_next", {"n": 1, "unit": "day"})
    return (
        make_segment("Renewing", ("renewal", *soon)),
        make_segment("People of renewing", ("partner.renewal", *soon), level="contact"),
    )


def sweep(acme):
    with_token = jobs._job_workspace.set(acme.pk)
    try:
        clock.sweep()
    finally:
        jobs._job_workspace.reset(with_token)


def test_the_flip_is_foretold_to_the_minute(acme, inside, renewing, brightpath, pat):
    with inside(acme):
        midnight = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
        assert PartnerState.objects.get(partner=brightpath).next_flip_at == midnight
        assert ContactState.objects.get(contact=pat).next_flip_at == midnight


def test_the_sweep_brings_in_and_takes_out_whose_time_has_come(
    acme, inside, on_time, renewing, brightpath, pat, members_of
):
    partners, people = renewing
    assert (members_of(partners), members_of(people)) == ([], [])

    on_time.move_to(datetime(2026, 10, 24, 22, 0, 30, tzinfo=UTC))
    sweep(acme)
    assert (members_of(partners), members_of(people)) == (["Brightpath"], ["Pat"])
    with inside(acme):
        after_the_day = datetime(2026, 10, 26, 23, 0, tzinfo=UTC)  # 25 hours long, and one more
        assert PartnerState.objects.get(partner=brightpath).next_flip_at == after_the_day

    on_time.move_to(datetime(2026, 10, 26, 23, 0, 1, tzinfo=UTC))
    sweep(acme)
    assert (members_of(partners), members_of(people)) == ([], [])
    with inside(acme):
        assert ContactState.objects.get(contact=pat).next_flip_at is None
        words = [
            in_words(c.cause, fields_of("contact")) for c in MembershipChange.objects.filter(segment=people)
        ]
        assert words == ["The date came", "The date came"]


def test_a_sweep_in_an_ordinary_minute_touches_nobody(acme, inside, renewing, on_time, members_of):
    on_time.shift(timedelta(minutes=1))
    with inside(acme):
        before = list(PartnerState.objects.values_list("pk", "builds", "next_flip_at"))
    sweep(acme)
    with inside(acme):
        assert list(PartnerState.objects.values_list("pk", "builds", "next_flip_at")) == before


def test_another_time_zone_starts_the_days_anew(acme, inside, on_time, renewing, brightpath, members_of):
    partners, _ = renewing
    acme.time_zone = "Pacific/Auckland"  # where it is Sunday already
    acme.save()
    sweep(acme)
    assert members_of(partners) == ["Brightpath"]
