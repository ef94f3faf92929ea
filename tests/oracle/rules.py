"""The rule language once more, as plainly as it can be said and sharing no code with the compilers.

Dates are date objects here, not text; nothing is compiled, nothing is cached. Slow, and that is its virtue.
"""

import calendar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SEPARATORS = " \t\n\r\v\f.,;:!?()[]{}<>/\\|\"'`“”‘’«»-–—_+*=&@#\u00a0\u2028\u2029"
NEGATIVE = {
    "neq": "eq", "not_in": "in", "not_contains": "contains", "contains_none": "contains_any",
    "not_contains_word": "contains_word", "not_starts_with": "starts_with", "not_ends_with": "ends_with",
    "domain_not_in": "domain_in", "not_between": "between", "is_not_true": "is_true",
    "is_not_false": "is_false",
    "is_none_of": "is_any_of", "not_contains_all": "contains_all", "is_not_exactly": "is_exactly",
    "not_on": "on", "not_within_last": "within_last", "not_within_next": "within_next",
    "not_in_period": "in_period", "neq_field": "eq_field",
}  # fmt: skip


def member(tree, types, own, partner, at, zone):
    """Whether the subject is in. `types` maps (side, number) to the type of the property."""
    return _node(tree["root"], types, {"self": own, "partner": partner}, at.astimezone(UTC), ZoneInfo(zone))


def _node(node, types, documents, at, zone):
    if "items" not in node:
        return _condition(node, types, documents, at, zone)
    verdicts = [_node(item, types, documents, at, zone) for item in node["items"]]
    return {"all": all(verdicts), "any": any(verdicts), "none": not any(verdicts)}[node["op"]]


def _condition(leaf, types, documents, at, zone):
    op, wanted = leaf["op"], leaf.get("v")
    kind = types[leaf["of"], leaf["p"]]
    value = documents[leaf["of"]].get(str(leaf["p"]))
    if op in ("known", "unknown"):
        return (value is not None) == (op == "known")
    if op.endswith("_field"):
        other = documents[wanted["of"]].get(str(wanted["p"]))
        value = None if value is None or other is None else (value, other)
    if kind == "money" and value is not None:
        currency = wanted[0]["c"] if isinstance(wanted, list) else wanted["c"]
        value = value["a"] if value["c"] == currency else None
        wanted = [w["a"] for w in wanted] if isinstance(wanted, list) else wanted["a"]
    if value is None:
        return leaf.get("unknown", "include" if op in NEGATIVE else "exclude") == "include"
    holds = _holds(NEGATIVE.get(op, op), kind, value, wanted, at, zone)
    return holds != (op in NEGATIVE)


def _holds(op, kind, value, wanted, at, zone):
    if op.endswith("_field"):
        one, two = value
        return {
            "eq": one == two, "lt": one < two, "lte": one <= two, "gt": one > two, "gte": one >= two,
        }[op.removesuffix("_field")]  # fmt: skip
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
    return _when(op, kind, value, wanted, at, zone)


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
            return wanted[0] <= value and value <= wanted[1]
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


def _when(op, kind, value, wanted, at, zone):
    now = at.replace(microsecond=at.microsecond // 1000 * 1000)
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
        return _in_period(day, today, wanted)
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
        return date.fromisoformat(wanted[0]) <= day <= date.fromisoformat(wanted[1])
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


def _in_period(day, today, wanted):
    away = _period_number(day, wanted["unit"]) - _period_number(today, wanted["unit"])
    count = wanted.get("n", 1)
    return {"this": away == 0, "last": -count <= away <= -1, "next": 1 <= away <= count}[wanted["which"]]


def _period_number(day, unit):
    return {
        "day": day.toordinal(), "week": (day.toordinal() - 1) // 7, "month": day.year * 12 + day.month,
        "quarter": day.year * 4 + (day.month - 1) // 3, "year": day.year,
    }[unit]  # fmt: skip


def _add(day, count, unit):
    if unit in ("day", "week"):
        return day + timedelta(days=count * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 + count * {"month": 1, "quarter": 3, "year": 12}[unit]
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
