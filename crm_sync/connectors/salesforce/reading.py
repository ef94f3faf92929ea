"""Records by their ids, with what became of those that are gone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from crm_sync.connectors.base import CrmRecord, asked_by
from crm_sync.connectors.failures import CrmError
from crm_sync.connectors.salesforce import soql
from crm_sync.connectors.salesforce.describing import forget_fields, types_of
from crm_sync.connectors.salesforce.fields import to_text
from crm_sync.connectors.salesforce.ids import is_id, long_id
from crm_sync.connectors.salesforce.transport import Transport

MOST_KEYS = 50  # in one question, whose address must not be too long
MOST_MERGES = 10  # of a record that was merged into one that was merged into one


def read(
    api: Transport, object_type: str, external_ids: Sequence[str], properties: Sequence[str]
) -> dict[str, CrmRecord]:
    asked = {i: long_id(i) for i in external_ids if is_id(i)}
    found = living(api, object_type, list(dict.fromkeys(asked.values())), properties)
    missing = [i for i in dict.fromkeys(asked.values()) if i not in found]
    if missing:
        found |= _gone(api, object_type, missing, properties)
    return {i: asked_by(found[long], long) for i, long in asked.items() if long in found}


def living(
    api: Transport, object_type: str, ids: Sequence[str], properties: Sequence[str]
) -> dict[str, CrmRecord]:
    found: dict[str, CrmRecord] = {}
    for start in range(0, len(ids), soql.MOST_IDS):
        where = soql.with_ids(ids[start : start + soql.MOST_IDS])
        found |= {r.external_id: r for r in records(api, object_type, properties, where)}
    return found


def find(
    api: Transport, object_type: str, unique: str, keys: Sequence[str], properties: Sequence[str]
) -> dict[str, CrmRecord]:
    """By their values in a unique field, which need not be of one case."""
    asked = {key.casefold(): key for key in keys if key}
    found: dict[str, CrmRecord] = {}
    wanted = list(asked.values())
    for start in range(0, len(wanted), MOST_KEYS):
        where = soql.among(unique, wanted[start : start + MOST_KEYS])
        for record in records(api, object_type, [*properties, unique], where):
            held = record.values.get(unique, "").casefold()
            if held in asked:
                found.setdefault(asked[held], record)
    return found


def records(
    api: Transport, object_type: str, properties: Sequence[str], *rest: str, again: bool = True
) -> list[CrmRecord]:
    """The rows of a question in its order, with as many questions as the names of the fields need.

    A field that is hidden from us, or gone, is left out: asked for by name, it would refuse the whole question.
    """
    types = types_of(api, object_type)
    known = [name for name in properties if name in types]
    rows: dict[str, dict[str, Any]] = {}
    try:
        for part in soql.in_parts(known):
            for row in api.query(soql.select(part, object_type, *rest)):
                rows.setdefault(row["Id"], {}).update(row)
    except CrmError as error:
        if not again or "INVALID_FIELD" not in error.failure.codes:
            raise
        forget_fields(api, object_type)
        return records(api, object_type, properties, *rest, again=False)
    return [from_row(row, known) for row in rows.values()]


def from_row(row: dict[str, Any], names: Sequence[str]) -> CrmRecord:
    values = {name: to_text(row[name]) for name in names if name in row}
    stamp = row.get("SystemModstamp")
    return CrmRecord(long_id(str(row["Id"])), values, datetime.fromisoformat(stamp) if stamp else None)


def _gone(
    api: Transport, object_type: str, ids: Sequence[str], properties: Sequence[str]
) -> dict[str, CrmRecord]:
    """Deleted, or merged: a record that lost a merge is deleted, and names the one that won."""
    masters: dict[str, str] = {}
    found: dict[str, CrmRecord] = {}
    names = ["IsDeleted", *(["MasterRecordId"] if object_type in soql.MERGING else [])]
    waiting = list(ids)
    for _ in range(MOST_MERGES):
        if not waiting:
            break
        asked, waiting = waiting, []
        for start in range(0, len(asked), soql.MOST_IDS):
            where = soql.with_ids(asked[start : start + soql.MOST_IDS])
            for row in api.query(soql.select(names, object_type, where), deleted=True):
                master = row.get("MasterRecordId")
                if row.get("IsDeleted") and master:
                    masters[row["Id"]] = long_id(master)
                    waiting.append(long_id(master))
                elif row.get("IsDeleted"):
                    found[row["Id"]] = CrmRecord(row["Id"], {}, archived=True)
    survivors = living(api, object_type, sorted({_last(masters, i) for i in ids if i in masters}), properties)
    for external_id in ids:
        last = _last(masters, external_id)
        if last in survivors:
            found[external_id] = survivors[last]
        elif last in found:
            found[external_id] = found[last]
    return found


def _last(masters: dict[str, str], external_id: str) -> str:
    for _ in range(MOST_MERGES):
        external_id = masters.get(external_id, external_id)
    return external_id
