"""When time alone changes what rules say: the same answer as each window gives by itself, for many at once.

A bound passes a stored day or instant once, at a moment that depends on nothing else. So those moments are worked
out once for each day that comes up, sorted, and looked up from then on.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache

from segments.rules import in_process
from segments.rules.expressions import Column
from segments.rules.moments import MILLISECOND, Moment, instant, local_day
from segments.rules.windows import Clock, Window

DAYS = 8192  # that are remembered for each column


class Flips:
    """Of some columns with what is asked of them: the first moment at which one of the answers may turn."""

    def __init__(self, timed: Iterable[tuple[Column, object]], zone: str):
        asked: dict[Column, list] = {}
        for column, window in timed:
            asked.setdefault(column, []).append(window)
        self._columns = [_Timed(column, windows, zone) for column, windows in asked.items()]
        self.places = frozenset(one.column.place for one in self._columns)

    @property
    def columns(self) -> list[Column]:
        return [one.column for one in self._columns]

    def of_value(self, column: Column, value: str, moment: Moment) -> datetime | None:
        """The same for one value of one of the columns."""
        one = next(one for one in self._columns if one.column == column)
        return min(one.flips(value, moment), default=None)

    def first(self, own: Mapping, partner: Mapping, moment: Moment) -> datetime | None:
        flips = []
        for one in self._columns:
            value = one.value(partner if one.column.of == "partner" else own)
            if value is not None:
                flips += one.flips(value, moment)
        return min(flips, default=None)


class _Timed:
    def __init__(self, column: Column, windows: list, zone: str):
        self.column, self._zone = column, zone
        self._plain = column.index is None and column.currency is None and not column.through
        plain = [window for window in windows if isinstance(window, Window)]
        bounds = {bound for window in plain for bound in (window.start, window.end) if bound is not None}
        self._others = [window for window in windows if not isinstance(window, Window)]
        self._of_days = [bound for bound in bounds if not isinstance(bound, Clock)]
        self._delays = sorted(_delay(bound) for bound in bounds if isinstance(bound, Clock))
        self._passed = lru_cache(maxsize=DAYS)(self._pass)

    def value(self, document: Mapping):
        if self._plain:
            return document.get(self.column.key)
        return in_process.value_of(document, self.column, self._zone)

    def flips(self, value: str, moment: Moment) -> list[datetime]:
        found = [at for other in self._others if (at := other.next_flip(value, moment)) is not None]
        if self._of_days:
            passed = self._passed(local_day(value, self._zone))
            found += passed[(place := bisect_right(passed, moment.at)) : place + 1]
        if self._delays:
            found += self._after(instant(value), moment)
        return found

    def _pass(self, day: date) -> list[datetime]:
        found = (bound.passes(day, self._zone) for bound in self._of_days)
        return sorted({at for at in found if at is not None})

    def _after(self, at: datetime, moment: Moment) -> list[datetime]:
        place = bisect_right(self._delays, moment.at - at)
        try:
            return [at + self._delays[place]] if place < len(self._delays) else []
        except OverflowError:  # beyond the calendar
            return []


def _delay(bound: Clock) -> timedelta:
    """How long after an instant the bound passes it."""
    return -bound.offset + (timedelta() if bound.inclusive else MILLISECOND)
