"""Records by their ids, with what became of those that are gone."""

from collections.abc import Sequence

from crm_sync.connectors.base import CrmRecord, asked_by
from crm_sync.connectors.failures import CrmError, FailureKind
from crm_sync.connectors.hubspot import answers, paths
from crm_sync.connectors.hubspot.transport import Transport, batches


def read(
    api: Transport, object_type: str, external_ids: Sequence[str], properties: Sequence[str]
) -> dict[str, CrmRecord]:
    found: dict[str, CrmRecord] = {}
    for ids in batches(list(dict.fromkeys(external_ids))):
        found |= _read_batch(api, object_type, ids, properties)
        missing = [i for i in ids if i not in found]
        found |= _survivors(api, object_type, missing, properties)
        missing = [i for i in missing if i not in found]
        if missing:
            found |= _read_batch(api, object_type, missing, properties, archived=True)
    return found


def _read_batch(
    api: Transport,
    object_type: str,
    ids: Sequence[str],
    properties: Sequence[str],
    *,
    archived: bool = False,
) -> dict[str, CrmRecord]:
    """In the body and not in the address, which 900 properties would make too long."""
    body = {
        "inputs": [{"id": i} for i in ids],
        "properties": answers.wanted(object_type, properties),
        "propertiesWithHistory": [],
    }
    query = [("archived", "true")] if archived else []
    answer = api.post(paths.objects(object_type, "batch", "read"), body, query)
    return {str(i["id"]): answers.record(i, properties) for i in answer.get("results") or []}


def find(
    api: Transport, object_type: str, unique: str, keys: Sequence[str], properties: Sequence[str]
) -> dict[str, CrmRecord]:
    """By their values in a unique field, which need not be of one case."""
    found: dict[str, CrmRecord] = {}
    asked = {key.casefold(): key for key in keys if key}
    for some in batches(list(asked.values())):
        body = {
            "inputs": [{"id": key} for key in some],
            "idProperty": unique,
            "properties": answers.wanted(object_type, [*properties, unique]),
            "propertiesWithHistory": [],
        }
        answer = api.post(paths.objects(object_type, "batch", "read"), body)
        for item in answer.get("results") or []:
            held = answers.text((item.get("properties") or {}).get(unique)).casefold()
            if held in asked:
                found[asked[held]] = answers.record(item, [*properties, unique])
    return found


def _survivors(
    api: Transport, object_type: str, missing: Sequence[str], properties: Sequence[str]
) -> dict[str, CrmRecord]:
    """Whoever an id was merged into: only the address of a single record knows former ids."""
    survivors = {}
    for external_id in missing:
        query = [("properties", answers.modified(object_type))]
        try:
            item = api.get(paths.objects(object_type, external_id), query)
        except CrmError as error:
            if error.failure.kind in (FailureKind.GONE, FailureKind.VALIDATION):
                continue
            raise
        survivors[external_id] = str(item["id"])
    if not survivors:
        return {}
    records = _read_batch(api, object_type, list(dict.fromkeys(survivors.values())), properties)
    return {i: asked_by(records[s], i) for i, s in survivors.items() if s in records}
