"""One instant as all relative dates of an evaluation see it, and calendar arithmetic in a time zone."""

from calendar import isleap, monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from segments.rules.fields import Calendar

MILLISECOND = timedelta(milliseconds=1)
_MONTHS = {"month": 1, "quarter": 3, "year": 12, "fiscal_quarter": 3, "fiscal_year": 12}
_DAYS = {"day": 1, "week": 7}


class Moment:
    """The instant of an evaluation in the workspace's zone, cut to the millisecond that documents keep."""

    __slots__ = ("at", "today", "zone")

    def __init__(self, at: datetime, zone: str):
        at = at.astimezone(UTC)
        self.at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        self.zone = zone
        self.today = self.at.astimezone(ZoneInfo(zone)).date()


def stamp(at: datetime) -> str:
    """Fixed width, so that the order of the bytes is the order of time."""
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


@lru_cache(maxsize=4096)
def day_start(day: date, zone: str) -> datetime:
    """The first instant of a day. Where midnight does not exist it is the instant of the jump."""
    if day <= date(1, 1, 2) or day >= date(9999, 12, 30):
        return datetime.combine(day, time(), UTC)
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def local_day(text: str, zone: str) -> date:
    """The calendar day of a stored date or datetime."""
    if len(text) == 10:
        return date.fromisoformat(text)
    try:
        return instant(text).astimezone(ZoneInfo(zone)).date()
    except OverflowError:  # the first and last hours of the calendar
        return date.fromisoformat(text[:10])


def shift(day: date, count: int, unit: str) -> date:
    """Calendar arithmetic: months clamp to their last day, and nothing leaves the years 1 to 9999."""
    try:
        if unit in _DAYS:
            return day + timedelta(days=count * _DAYS[unit])
        return _shift_months(day, count * _MONTHS[unit])
    except (OverflowError, ValueError):
        return date.max if count > 0 else date.min


def _shift_months(day: date, count: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def unit_start(day: date, unit: str, calendar: Calendar = Calendar()) -> date:  # noqa: B008 frozen
    """The first day of the week, month, quarter or year that holds the day."""
    if unit == "day":
        return day
    if unit == "week":
        return shift(day, -((day.isoweekday() - calendar.week_starts) % 7), "day")
    if unit.startswith("fiscal_"):
        return _unit_of_months(day, 3 if unit == "fiscal_quarter" else 12, calendar.fiscal_year_starts)
    return _unit_of_months(day, _MONTHS[unit], 1)


def _unit_of_months(day: date, length: int, first_month: int) -> date:
    """Units of so many months, one of which begins in `first_month`."""
    return shift(day.replace(day=1), -((day.month - first_month) % length), "month")


def anniversary(born: date, year: int) -> date:
    """29 February is kept on 1 March in common years."""
    if born.month == 2 and born.day == 29 and not isleap(year):
        return date(year, 3, 1)
    return born.replace(year=year)
