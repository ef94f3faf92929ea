"""The search: filters, one order, pages, and the walls that HubSpot's has."""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from crm_sync.standins.hubspot.definitions import MODIFIED
from crm_sync.standins.hubspot.records import Portal, Record, stamp
from crm_sync.standins.hubspot.wire import DEFAULTS, Answer, Wrong

MOST_A_PAGE = 200
MOST_GROUPS, MOST_IN_GROUP, MOST_FILTERS = 5, 6, 18
Test = Callable[[Any, Any], bool]
COMPARISONS: dict[str, Test] = {
    "EQ": lambda a, b: a == b,
    "NEQ": lambda a, b: a != b,
    "GT": lambda a, b: a > b,
    "GTE": lambda a, b: a >= b,
    "LT": lambda a, b: a < b,
    "LTE": lambda a, b: a <= b,
}


@dataclass
class Knobs:
    """How far what is answered lags behind what is true."""

    most_results: int = 10_000
    index_lag: float = 0.0  # seconds until the search sees a change
    stale_reads: int = 0  # the next batch reads show what was before the last change

    def take_stale_read(self) -> bool:
        stale = self.stale_reads > 0
        self.stale_reads -= stale
        return stale


def answer(portal: Portal, body: Mapping[str, Any], kind: str, knobs: Knobs) -> Answer:
    limit, after = int(body.get("limit") or 10), int(body.get("after") or 0)
    if not 1 <= limit <= MOST_A_PAGE:
        raise Wrong(400, f"Page size must be between 1 and {MOST_A_PAGE}.", "VALIDATION_ERROR")
    if after + limit > knobs.most_results:
        text = f"Paging beyond the first {knobs.most_results} results is not supported"
        raise Wrong(400, text, "VALIDATION_ERROR")
    groups = _checked_groups(body)
    seen_until = stamp(datetime.now(UTC) - timedelta(seconds=knobs.index_lag)) if knobs.index_lag else ""
    with portal.lock:
        found = [
            record
            for record in portal.living(kind)
            if (not seen_until or record.updated_at <= seen_until) and _matches(portal, kind, record, groups)
        ]
    page = _ordered(portal, kind, found, body, after + limit)[after:]
    names = body.get("properties") or DEFAULTS[kind]
    told: dict[str, Any] = {"total": len(found), "results": [portal.shown(kind, r, names) for r in page]}
    if after + limit < len(found):
        told["paging"] = {"next": {"after": str(after + limit)}}
    return Answer(200, told)


def _checked_groups(body: Mapping[str, Any]) -> list[list[Mapping[str, Any]]]:
    groups = [list(group.get("filters") or []) for group in body.get("filterGroups") or []]
    too_many = len(groups) > MOST_GROUPS or any(len(group) > MOST_IN_GROUP for group in groups)
    if too_many or sum(map(len, groups)) > MOST_FILTERS:
        raise Wrong(400, "too many filters", "VALIDATION_ERROR")
    return groups


def _matches(portal: Portal, kind: str, record: Record, groups: list[list[Mapping[str, Any]]]) -> bool:
    return not groups or any(all(_holds(portal, kind, record, f) for f in group) for group in groups)


def _holds(portal: Portal, kind: str, record: Record, condition: Mapping[str, Any]) -> bool:
    name, operator = str(condition.get("propertyName")), str(condition.get("operator"))
    if name not in portal.properties[kind]:
        raise Wrong(400, f"There was a problem with the request: unknown property {name}", "VALIDATION_ERROR")
    held = _value(portal, kind, record, name)
    match operator:
        case "HAS_PROPERTY":
            return bool(held)
        case "NOT_HAS_PROPERTY":
            return not held
        case "IN" | "NOT_IN":
            return (held in condition.get("values", [])) == (operator == "IN")
    if operator not in COMPARISONS or not held:
        return False
    wanted = str(condition.get("value") or "")
    if portal.properties[kind][name]["type"] == "datetime":
        return COMPARISONS[operator](held, _stamp(wanted))
    return COMPARISONS[operator](*_comparable(held, wanted))


def _value(portal: Portal, kind: str, record: Record, name: str) -> str:
    if name == "hs_object_id":
        return record.id
    if name == MODIFIED[kind]:
        return record.updated_at
    return record.created_at if name == "createdate" else record.properties.get(name, "")


def _ordered(
    portal: Portal, kind: str, found: list[Record], body: Mapping[str, Any], count: int
) -> list[Record]:
    sort = next(iter(body.get("sorts") or []), {"propertyName": "createdate"})
    name = sort["propertyName"] if isinstance(sort, dict) else str(sort)
    descending = isinstance(sort, dict) and sort.get("direction") == "DESCENDING"

    def key(record: Record) -> Any:
        value = _value(portal, kind, record, name)
        return int(value) if name == "hs_object_id" else value

    return (heapq.nlargest if descending else heapq.nsmallest)(count, found, key=key)


def _stamp(text: str) -> str:
    """Moments are asked for in milliseconds, or as they are shown."""
    if text.lstrip("-").isdigit():
        return stamp(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(text)))
    return stamp(datetime.fromisoformat(text).astimezone(UTC))


def _comparable(one: str, other: str) -> tuple[Any, Any]:
    try:
        return Decimal(one), Decimal(other)
    except InvalidOperation:
        return one, other
