"""What changed since, what there is, what was deleted: page by page, each page a question of its own.

The search shows 10,000 results of one question and no more. So no question is ever paged: the next one begins at
the moment where the last one ended. Where more records than one page holds share a millisecond, that millisecond
is read through by their ids.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from crm_sync.connectors.base import DeletedPage, Deletion, Page, ScanCursor
from crm_sync.connectors.hubspot import answers, paths, reading
from crm_sync.connectors.hubspot.transport import Transport

SEARCH_PAGE = 200
LIST_PAGE = 100
LONGEST_QUERY = 4_000  # characters; HubSpot answers 414 to an address that is too long
INSTANT = timedelta(milliseconds=1)
SINCE_EVER = "0"  # smaller than every id


def scan(
    api: Transport, object_type: str, cursor: str, properties: Sequence[str], until: datetime | None
) -> Page:
    place = ScanCursor.from_text(cursor)
    if place.after_id:
        return _one_moment(api, object_type, place, properties)
    name = answers.modified(object_type)
    filters = [{"propertyName": name, "operator": "GTE", "value": _ms(place.at)}]
    if until:
        filters.append({"propertyName": name, "operator": "LTE", "value": _ms(until)})
    items = _search(api, object_type, filters, name, properties)
    if not items:
        return Page([], cursor, done=True)
    last = _at(items[-1], name)
    if len(items) < SEARCH_PAGE:
        return _page(items, properties, ScanCursor(last), done=True)
    if _at(items[0], name) == last:
        return Page([], str(ScanCursor(last, SINCE_EVER)), done=False)
    # Of the last moment there may be more: it begins the next page.
    whole = [item for item in items if _at(item, name) < last]
    return _page(whole, properties, ScanCursor(last), done=False)


def _one_moment(api: Transport, object_type: str, place: ScanCursor, properties: Sequence[str]) -> Page:
    filters = [
        {"propertyName": answers.modified(object_type), "operator": "EQ", "value": _ms(place.at)},
        {"propertyName": "hs_object_id", "operator": "GT", "value": place.after_id},
    ]
    items = _search(api, object_type, filters, "hs_object_id", properties)
    following = ScanCursor(place.at, str(items[-1]["id"])) if items else place
    if len(items) < SEARCH_PAGE:
        following = ScanCursor(place.at + INSTANT)
    return _page(items, properties, following, done=False)


def list_all(api: Transport, object_type: str, cursor: str, properties: Sequence[str]) -> Page:
    names = answers.wanted(object_type, properties)
    too_long = len(",".join(names)) > LONGEST_QUERY
    asked = answers.wanted(object_type, []) if too_long else names
    items, following = _listed(api, object_type, cursor, asked, archived=False)
    records = [answers.record(item, properties) for item in items]
    if too_long:
        found = reading.read(api, object_type, [r.external_id for r in records], properties)
        records = [found[r.external_id] for r in records if r.external_id in found]
    return Page(records, following, done=not following)


def deleted(api: Transport, object_type: str, since: datetime, cursor: str) -> DeletedPage:
    """HubSpot lists the recycle bin in no order of time, so all of it is looked through."""
    items, following = _listed(api, object_type, cursor, [answers.modified(object_type)], archived=True)
    deletions = []
    for item in items:
        stamp = item.get("archivedAt")
        at = datetime.fromisoformat(stamp) if stamp else None
        if at is None or at >= since:
            deletions.append(Deletion(str(item["id"]), at=at))
    return DeletedPage(deletions, following, done=not following)


def _listed(
    api: Transport, object_type: str, after: str, names: Sequence[str], *, archived: bool
) -> tuple[list[dict[str, Any]], str]:
    query = [("limit", str(LIST_PAGE)), ("properties", ",".join(names))]
    query += [("archived", "true" if archived else "false")] + ([("after", after)] if after else [])
    answer = api.get(paths.objects(object_type), query)
    following = ((answer.get("paging") or {}).get("next") or {}).get("after")
    return answer.get("results") or [], str(following or "")


def _search(
    api: Transport, object_type: str, filters: list[dict[str, str]], order: str, properties: Sequence[str]
) -> list[dict[str, Any]]:
    body = {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": order, "direction": "ASCENDING"}],
        "properties": answers.wanted(object_type, properties),
        "limit": SEARCH_PAGE,
        "after": "0",
    }
    return api.post(paths.objects(object_type, "search"), body, lane="search").get("results") or []


def _page(items: list[dict[str, Any]], properties: Sequence[str], cursor: ScanCursor, *, done: bool) -> Page:
    return Page([answers.record(item, properties) for item in items], str(cursor), done)


def _at(item: dict[str, Any], name: str) -> datetime:
    stamp = (item.get("properties") or {}).get(name) or item["updatedAt"]
    return datetime.fromisoformat(stamp)


def _ms(at: datetime) -> str:
    return str((at - datetime(1970, 1, 1, tzinfo=UTC)) // INSTANT)
