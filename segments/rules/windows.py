"""Conditions on dates as windows [start, end) of stored text, and when a value crosses a bound.

Every bound moves forward with time, never back; so a value enters a window once (the end passes it) and
leaves it once (the start passes it). That gives the exact instant of the next change without trying any.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from segments.rules.fields import Calendar
from segments.rules.moments import (
    MILLISECOND,
    Moment,
    anniversary,
    day_start,
    instant,
    local_day,
    shift,
    stamp,
    unit_start,
)

EVER, NEVER = "", "~"  # before and after every stored date
_CLOCK = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class FixedDay:
    """A day that does not move: 14 March 2026."""

    day: date

    def on(self, moment: Moment) -> date:
        return self.day

    def passes(self, day: date, zone: str) -> datetime | None:
        return None


@dataclass(frozen=True, slots=True)
class ShiftedDay:
    """Today, some units away, plus single days."""

    count: int
    unit: str
    plus: int = 0

    def on(self, moment: Moment) -> date:
        return self._from(moment.today)

    def _from(self, today: date) -> date:
        return shift(shift(today, self.count, self.unit), self.plus, "day")

    def passes(self, day: date, zone: str) -> datetime | None:
        """When this bound comes to lie after the day. Clamped months are a few days off the guess."""
        guess = shift(shift(day, -self.plus - 4, "day"), -self.count, self.unit)
        for _ in range(16):
            if self._from(guess) > day:
                return day_start(guess, zone) if guess < date.max else None
            guess = shift(guess, 1, "day")
        return None


@dataclass(frozen=True, slots=True)
class PeriodDay:
    """The first day of the week, month, quarter or year that is `count` away from the present one."""

    count: int
    unit: str
    calendar: Calendar = Calendar()  # noqa: RUF009 frozen

    def on(self, moment: Moment) -> date:
        return shift(unit_start(moment.today, self.unit, self.calendar), self.count, self.unit)

    def passes(self, day: date, zone: str) -> datetime | None:
        first = shift(unit_start(day, self.unit, self.calendar), 1 - self.count, self.unit)
        return day_start(first, zone) if date.min < first < date.max else None


@dataclass(frozen=True, slots=True)
class Clock:
    """The instant itself, some hours away. An inclusive end holds what happened this very millisecond."""

    offset: timedelta
    inclusive: bool

    def passes(self, at: datetime) -> datetime | None:
        try:
            return at - self.offset + (timedelta() if self.inclusive else MILLISECOND)
        except OverflowError:
            return None


type Bound = FixedDay | ShiftedDay | PeriodDay | Clock | None


@dataclass(frozen=True, slots=True)
class Window:
    """All values from the start up to, not including, the end; None is open."""

    start: Bound
    end: Bound
    of_days: bool  # the property holds dates, not instants

    @property
    def moves(self) -> bool:
        return any(isinstance(bound, ShiftedDay | PeriodDay | Clock) for bound in (self.start, self.end))

    def at(self, moment: Moment) -> tuple[str, str]:
        start = EVER if self.start is None else self._text(self.start, moment)
        end = NEVER if self.end is None else self._text(self.end, moment)
        return start, end

    def _text(self, bound: FixedDay | ShiftedDay | PeriodDay | Clock, moment: Moment) -> str:
        if isinstance(bound, Clock):
            return stamp(moment.at + bound.offset + (MILLISECOND if bound.inclusive else timedelta()))
        day = bound.on(moment)
        return day.isoformat() if self.of_days else stamp(day_start(day, moment.zone))

    def next_flip(self, value: str, moment: Moment) -> datetime | None:
        crossings = [self._crossing(bound, value, moment) for bound in (self.start, self.end)]
        return min((at for at in crossings if at is not None and at > moment.at), default=None)

    def _crossing(self, bound: Bound, value: str, moment: Moment) -> datetime | None:
        if bound is None:
            return None
        if isinstance(bound, Clock):
            return bound.passes(instant(value))
        return bound.passes(local_day(value, moment.zone), moment.zone)


@dataclass(frozen=True, slots=True)
class Anniversary:
    """The day and month come round again within so many days, today included."""

    days: int

    def at(self, moment: Moment) -> frozenset[str]:
        """The days as MM-DD; 29 February stands beside 1 March in common years."""
        ahead = [shift(moment.today, count, "day") for count in range(self.days + 1)]
        found = {f"{day:%m-%d}" for day in ahead}
        leap_day = date(2000, 2, 29)
        if any(anniversary(leap_day, day.year) == day for day in ahead):
            found.add("02-29")
        return frozenset(found)

    def next_flip(self, value: str, moment: Moment) -> datetime | None:
        born = date.fromisoformat(value)
        today = moment.today
        if today.year >= 9998:
            return None
        coming = next(
            day for year in (today.year, today.year + 1) if (day := anniversary(born, year)) >= today
        )
        opens = shift(coming, -self.days, "day")
        return day_start(opens if opens > today else shift(coming, 1, "day"), moment.zone)


@dataclass(frozen=True, slots=True)
class Midnight:
    """For what may change with every day: the next one is always the next time to look."""

    def at(self, moment: Moment) -> tuple[str, str]:
        return EVER, NEVER

    def next_flip(self, value: str, moment: Moment) -> datetime | None:
        tomorrow = shift(moment.today, 1, "day")
        return day_start(tomorrow, moment.zone) if tomorrow < date.max else None


def by_the_clock(asked: object) -> bool:
    """Whether its bounds move with every instant; all others stay where they are until midnight."""
    return isinstance(asked, Window) and any(isinstance(bound, Clock) for bound in (asked.start, asked.end))


def crossings(asked: "Window | Anniversary") -> "list[Window | Midnight]":
    """The moving bounds of a window, each as one of its own that is open to the end: what lies in it has not been
    passed yet, and of several values the smallest is passed first. What comes round every year has no such order.
    """
    if isinstance(asked, Anniversary):
        return [Midnight()]
    moving = [b for b in (asked.start, asked.end) if isinstance(b, ShiftedDay | PeriodDay | Clock)]
    return [Window(bound, None, asked.of_days) for bound in dict.fromkeys(moving)]


def window(name: str, value, *, of_days: bool, calendar: Calendar = Calendar()) -> Window:  # noqa: B008
    """The window of an operator on dates, from the canonical value of the condition."""
    name = _SAME.get(name, name)
    start, end = _fixed(name, value) or _relative(name, value, of_days, calendar)
    return Window(start, end, of_days)


# What is asked about the time of a change is the same as about any other time.
_SAME = {
    "changed_within": "within_last",
    "not_changed_within": "within_last",
    "changed_before": "before",
    "changed_after": "after",
    "has_ever_been": "on",
    "has_never_been": "on",
}


def _fixed(name: str, value) -> tuple[Bound, Bound] | None:
    if name in ("between", "not_between"):
        without = value[2] if len(value) > 2 else ""
        first = _after(value[0]) if without in ("from", "both") else date.fromisoformat(value[0])
        last = date.fromisoformat(value[1]) if without in ("to", "both") else _after(value[1])
        return FixedDay(first), FixedDay(last)
    if name not in ("on", "not_on", "before", "on_or_before", "after", "on_or_after"):
        return None
    day, following = FixedDay(date.fromisoformat(value)), FixedDay(_after(value))
    return {
        "before": (None, day),
        "on_or_before": (None, following),
        "after": (following, None),
        "on_or_after": (day, None),
    }.get(name, (day, following))


def _after(text: str) -> date:
    return shift(date.fromisoformat(text), 1, "day")


def _relative(name: str, value: dict, of_days: bool, calendar: Calendar) -> tuple[Bound, Bound]:
    if name in ("in_period", "not_in_period"):
        return _period(value, of_days, calendar)
    count, unit = value["n"], value["unit"]
    if unit in _CLOCK:
        return _by_clock(name, count * _CLOCK[unit])
    past, ahead = ShiftedDay(-count, unit), ShiftedDay(count, unit, plus=1)
    now = timedelta()
    return {
        "within_last": (past, ShiftedDay(0, "day", plus=1) if of_days else Clock(now, inclusive=True)),
        "within_next": (ShiftedDay(0, "day") if of_days else Clock(now, inclusive=False), ahead),
        "more_than_ago": (None, past),
        "more_than_from_now": (ahead, None),
        "exactly_ago": (past, ShiftedDay(-count, unit, plus=1)),
        "exactly_from_now": (ShiftedDay(count, unit), ahead),
    }[name.removeprefix("not_")]


def _by_clock(name: str, length: timedelta) -> tuple[Bound, Bound]:
    now = timedelta()
    return {
        "within_last": (Clock(-length, inclusive=False), Clock(now, inclusive=True)),
        "within_next": (Clock(now, inclusive=False), Clock(length, inclusive=True)),
        "more_than_ago": (None, Clock(-length, inclusive=False)),
        "more_than_from_now": (Clock(length, inclusive=True), None),
    }[name.removeprefix("not_")]


def _period(value: dict, of_days: bool, calendar: Calendar) -> tuple[Bound, Bound]:
    which, unit, count = value["which"], value["unit"], value.get("n", 1)
    if which == "so_far":
        today = ShiftedDay(0, "day", plus=1) if of_days else Clock(timedelta(), inclusive=True)
        return PeriodDay(0, unit, calendar), today
    first, last = {"this": (0, 1), "last": (-count, 0), "next": (1, count + 1)}[which]
    return PeriodDay(first, unit, calendar), PeriodDay(last, unit, calendar)
