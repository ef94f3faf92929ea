"""Flips of many windows at once are those that each window gives by itself."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from segments.rules.expressions import Column
from segments.rules.flips import Flips
from segments.rules.moments import Moment, stamp
from segments.rules.windows import Anniversary, window

ZONE = "Europe/Berlin"
NAMES = ["within_last", "within_next", "more_than_ago", "more_than_from_now"]
# Around the changes of the clocks and the end of a February that has 29 days.
BASES = [
    datetime(2028, 2, 28, 22, tzinfo=UTC),
    datetime(2026, 3, 28, 23, tzinfo=UTC),
    datetime(2026, 10, 24, tzinfo=UTC),
]


@st.composite
def windows(draw, of_days):
    unit = draw(st.sampled_from(["day", "week", "month", "year"] + ([] if of_days else ["hour", "minute"])))
    if draw(st.booleans()) and of_days:
        return Anniversary(draw(st.integers(0, 20)))
    value = {"n": draw(st.integers(1, 13)), "unit": unit}
    return window(draw(st.sampled_from(NAMES)), value, of_days=of_days)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.booleans(), st.sampled_from(BASES), st.integers(-90_000, 90_000), st.integers(-600, 600))
def test_many_windows_flip_when_the_first_of_them_does(data, of_days, base, minutes, days):
    asked = data.draw(st.lists(windows(of_days), min_size=1, max_size=5, unique=True))
    at = base + timedelta(minutes=minutes)
    then = base + timedelta(days=days, minutes=minutes % 7)
    value = then.date().isoformat() if of_days else stamp(then)
    column, moment = Column("self", "5", "date" if of_days else "datetime"), Moment(at, ZONE)

    found = Flips([(column, one) for one in asked], ZONE).first({"5": value}, {}, moment)

    single = [flip for one in asked if (flip := one.next_flip(value, moment)) is not None]
    assert found == min(single, default=None)
