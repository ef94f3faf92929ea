"""What the values of conditions mean: one value, and what is wanted of it."""

import calendar
import re
from datetime import date, datetime, timedelta
from fractions import Fraction

SEPARATORS = " \t\n\r\v\f.,;:!?()[]{}<>/\\|\"'`“”‘’«»-–—_+*=&@#\u00a0\u2028\u2029"


def measured(op, kind, values):
    """One value of several; None of none."""
    if not values:
        return None
    if kind == "money":
        amount = measured(op, "number", [v["a"] for v in values])
        return {"a": amount, "c": values[0]["c"]}
    if op in ("sum", "average"):
        total = sum(Fraction(str(v)) for v in values)
        exact = total if op == "sum" else total / len(values)
        return float(f"{float(exact):.15g}")  # as many digits as a number may have
    return min(values) if op in ("smallest", "oldest") else max(values)


def version(text):
    """https://semver.org by hand; None for what is no version."""
    found = re.fullmatch(
        r"v?(\d{1,9})(\.\d{1,9})?(\.\d{1,9})?(-[0-9a-z.-]{1,100})?(\+[0-9a-z.-]*)?", text, re.ASCII
    )
    if found is None:
        return None
    numbers = [int((part or ".0").lstrip(".")) for part in found.groups()[:3]]
    leading = found[4][1:].split(".") if found[4] else None
    words = [(0, int(one), "") if one.isdigit() else (1, 0, one) for one in leading or ()]
    return numbers, leading is None, words


def holds(op, kind, value, wanted, asking):
    if op.endswith("_field"):
        one, two = value
        return {
            "eq": one == two, "lt": one < two, "lte": one <= two, "gt": one > two, "gte": one >= two,
        }[op.removesuffix("_field")]  # fmt: skip
    if op.startswith("version_"):
        mine, other = value, version(wanted)
        return {"eq": mine == other, "lt": mine < other, "lte": mine <= other, "gt": mine > other,
                "gte": mine >= other}[op.removeprefix("version_")]  # fmt: skip
    if kind in ("text", "long_text", "url", "email", "phone") and op in ("length_gt", "length_lt"):
        return len(value) > wanted if op == "length_gt" else len(value) < wanted
    if op == "matches_regex":
        return _finds(wanted, value)
    if op.endswith("_case"):
        return {"eq_case": lambda: value in wanted, "contains_case": lambda: wanted in value,
                "starts_with_case": lambda: value.startswith(wanted),
                "ends_with_case": lambda: value.endswith(wanted)}[op]()  # fmt: skip
    if kind in ("text", "long_text", "url", "email", "phone"):
        return _text(
            op, value, [w.casefold() for w in wanted] if isinstance(wanted, list) else wanted.casefold()
        )
    if kind in ("number", "money"):
        return _number(op, value, wanted)
    if kind == "boolean":
        return value is (op == "is_true")
    if kind in ("choice", "user"):
        return value in wanted
    if kind == "multi_choice":
        return _several(op, value, wanted)
    return when(op, kind, value, wanted, asking)


def _finds(pattern, value):
    """The few patterns of the tests, by another engine: Python's own."""
    if pattern.startswith("(?-i)"):
        return re.search(pattern.removeprefix("(?-i)"), value) is not None
    return (
        re.search(pattern, value, re.IGNORECASE | re.ASCII if pattern == "\\d" else re.IGNORECASE) is not None
    )


def _text(op, value, wanted):
    match op:
        case "eq":
            return value == wanted
        case "in":
            return any(value == w for w in wanted)
        case "contains":
            return value.find(wanted) >= 0
        case "contains_any":
            return any(value.find(w) >= 0 for w in wanted)
        case "contains_all":
            return all(value.find(w) >= 0 for w in wanted)
        case "contains_word":
            return wanted in "".join(" " if c in SEPARATORS else c for c in value).split(" ")
        case "starts_with":
            return value[: len(wanted)] == wanted
        case "ends_with":
            return len(value) >= len(wanted) and value[len(value) - len(wanted) :] == wanted
        case "sorts_after":
            return value > wanted
        case "sorts_before":
            return value < wanted
        case "domain_in":
            return any(value.endswith("@" + w) for w in wanted)


def _number(op, value, wanted):
    match op:
        case "eq":
            return value == wanted
        case "in":
            return any(value == w for w in wanted)
        case "gt":
            return value > wanted
        case "gte":
            return value >= wanted
        case "lt":
            return value < wanted
        case "lte":
            return value <= wanted
        case "between":
            low, high, without = (*wanted, "")[:3]
            if value == low and without in ("from", "both"):
                return False
            if value == high and without in ("to", "both"):
                return False
            return low <= value and value <= high
        case "mod":
            return value == int(value) and int(value) % wanted["d"] == wanted["r"]


def _several(op, value, wanted):
    have, want = set(value), set(wanted) if isinstance(wanted, list) else None
    match op:
        case "contains_any":
            return bool(have & want)
        case "contains_all":
            return have >= want
        case "is_exactly":
            return have == want
        case "count_eq":
            return len(have) == wanted
        case "count_gte":
            return len(have) >= wanted
        case "count_lte":
            return len(have) <= wanted


def when(op, kind, value, wanted, asking):
    now, zone = asking.now, asking.zone
    today = now.astimezone(zone).date()
    instant = datetime.fromisoformat(value) if kind == "datetime" else None
    day = instant.astimezone(zone).date() if instant else date.fromisoformat(value)
    if op in ("on", "before", "on_or_before", "after", "on_or_after", "between"):
        return _fixed_day(op, day, wanted)
    if op == "anniversary_within":
        return any(_birthday(day, today + timedelta(days=n)) for n in range(wanted + 1))
    if op in ("month_is", "weekday_is", "day_of_month_is"):
        return {"month_is": day.month, "weekday_is": day.isoweekday(), "day_of_month_is": day.day}[
            op
        ] in wanted
    if op == "in_period":
        return _in_period(day, today, wanted, asking, instant)
    if wanted["unit"] in ("minute", "hour"):
        return _by_clock(op, instant, now, timedelta(**{wanted["unit"] + "s": wanted["n"]}))
    past, ahead = _add(today, -wanted["n"], wanted["unit"]), _add(today, wanted["n"], wanted["unit"])
    match op:
        case "within_last":
            return day >= past and (instant <= now if instant else day <= today)
        case "within_next":
            return day <= ahead and (instant >= now if instant else day >= today)
        case "more_than_ago":
            return day < past
        case "more_than_from_now":
            return day > ahead
        case "exactly_ago":
            return day == past
        case "exactly_from_now":
            return day == ahead


def _fixed_day(op, day, wanted):
    if op == "between":
        first, last, without = (*wanted, "")[:3]
        first, last = date.fromisoformat(first), date.fromisoformat(last)
        outside = {"from": [first], "to": [last], "both": [first, last]}.get(without, [])
        return first <= day <= last and day not in outside
    other = date.fromisoformat(wanted)
    return {
        "on": day == other, "before": day < other, "on_or_before": day <= other,
        "after": day > other, "on_or_after": day >= other,
    }[op]  # fmt: skip


def _by_clock(op, instant, now, length):
    match op:
        case "within_last":
            return now - length <= instant <= now
        case "within_next":
            return now <= instant <= now + length
        case "more_than_ago":
            return instant < now - length
        case "more_than_from_now":
            return instant > now + length


def _birthday(born, day):
    if (born.month, born.day) == (2, 29) and not calendar.isleap(day.year):
        return (day.month, day.day) == (3, 1)
    return (born.month, born.day) == (day.month, day.day)


def _in_period(day, today, wanted, asking, instant):
    away = _period_number(day, wanted["unit"], asking.known) - _period_number(
        today, wanted["unit"], asking.known
    )
    count = wanted.get("n", 1)
    if wanted["which"] == "so_far":
        return away == 0 and (instant <= asking.now if instant else day <= today)
    return {"this": away == 0, "last": -count <= away <= -1, "next": 1 <= away <= count}[wanted["which"]]


def _period_number(day, unit, known):
    fiscal = day.year * 12 + day.month - 1 - (known.fiscal_year_starts - 1)
    return {
        "day": day.toordinal(), "week": (day.toordinal() - known.week_starts) // 7, "month": day.year * 12 + day.month,
        "quarter": day.year * 4 + (day.month - 1) // 3, "year": day.year,
        "fiscal_quarter": fiscal // 3, "fiscal_year": fiscal // 12,
    }[unit]  # fmt: skip


def _add(day, count, unit):
    if unit in ("day", "week"):
        return day + timedelta(days=count * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 + count * {"month": 1, "quarter": 3, "year": 12}[unit]
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
