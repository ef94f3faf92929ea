"""What changed since, what there is, what was deleted: by keyset, since times are not unique."""

from collections.abc import Sequence
from datetime import datetime

from crm_sync.connectors.base import DeletedPage, Deletion, Page, ScanCursor
from crm_sync.connectors.salesforce import reading, soql
from crm_sync.connectors.salesforce.ids import long_id
from crm_sync.connectors.salesforce.transport import Transport

PAGE = 200
LIST_PAGE = 500


def scan(
    api: Transport, object_type: str, cursor: str, properties: Sequence[str], until: datetime | None
) -> Page:
    place = ScanCursor.from_text(cursor)
    where = f"WHERE {_after(place)}" + (f" AND SystemModstamp <= {soql.moment(until)}" if until else "")
    rest = (where, "ORDER BY SystemModstamp, Id", f"LIMIT {PAGE}")
    found = reading.records(api, object_type, properties, *rest)
    if found and found[-1].updated_at:
        place = ScanCursor(found[-1].updated_at, found[-1].external_id)
    return Page(found, str(place), done=len(found) < PAGE)


def list_all(api: Transport, object_type: str, cursor: str, properties: Sequence[str]) -> Page:
    where = f"WHERE Id > '{long_id(cursor)}'" if cursor else ""
    found = reading.records(api, object_type, properties, where, "ORDER BY Id", f"LIMIT {LIST_PAGE}")
    following = found[-1].external_id if found else cursor
    return Page(found, following, done=len(found) < LIST_PAGE)


def deleted(api: Transport, object_type: str, since: datetime, cursor: str) -> DeletedPage:
    place = ScanCursor.from_text(cursor) if cursor else ScanCursor(since)
    names = ["IsDeleted", *(["MasterRecordId"] if object_type in soql.MERGING else [])]
    rest = (f"WHERE IsDeleted = true AND {_after(place)}", "ORDER BY SystemModstamp, Id", f"LIMIT {PAGE}")
    rows = api.query(soql.select(names, object_type, *rest), deleted=True)
    deletions = [
        Deletion(
            long_id(row["Id"]),
            long_id(row.get("MasterRecordId") or ""),
            datetime.fromisoformat(row["SystemModstamp"]),
        )
        for row in rows
    ]
    if deletions and deletions[-1].at:
        place = ScanCursor(deletions[-1].at, deletions[-1].external_id)
    return DeletedPage(deletions, str(place), done=len(rows) < PAGE)


def _after(place: ScanCursor) -> str:
    at = soql.moment(place.at)
    if not place.after_id:
        return f"SystemModstamp >= {at}"
    return f"(SystemModstamp > {at} OR (SystemModstamp = {at} AND Id > '{long_id(place.after_id)}'))"
