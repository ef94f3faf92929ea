"""Records over the wire: single ones, lists and batches."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crm_sync.standins.hubspot import lives, search
from crm_sync.standins.hubspot.lives import NAMES
from crm_sync.standins.hubspot.records import Portal, Record, stamp
from crm_sync.standins.hubspot.wire import BATCH, DEFAULTS, Answer, Call, Wrong, inputs_of, not_found


def answer(portal: Portal, call: Call, kind: str, rest: list[str], knobs: "search.Knobs") -> Answer:
    match [call.method, *rest]:
        case ["GET"]:
            return _list(portal, call, kind)
        case ["POST"]:
            record = portal.create(kind, call.json().get("properties") or {}, by_app=True)
            return Answer(201, portal.shown(kind, record, record.properties))
        case ["POST", "search"]:
            return search.answer(portal, call.json(), kind, knobs)
        case ["POST", "merge"]:
            return _merge(portal, call.json(), kind)
        case ["POST", "gdpr-delete"]:
            lives.erase(portal, kind, str(call.json().get("objectId")))
            return Answer(204, None)
        case ["POST", "batch", action]:
            return _batch(portal, call, kind, action, knobs)
        case [method, object_id]:
            return _single(portal, call, kind, method, object_id)
    raise Wrong(405, "Method not allowed", "METHOD_NOT_ALLOWED")


def _single(portal: Portal, call: Call, kind: str, method: str, object_id: str) -> Answer:
    """Only here, a record answers to the ids it had before a merge."""
    record = portal.find(kind, object_id, archived=True) if call.archived else None
    record = record or portal.survivor(kind, object_id)
    if record is None or method not in ("GET", "PATCH", "DELETE"):
        return not_found(object_id)
    if method == "DELETE":
        lives.archive(portal, kind, record.id, by_app=True)
        return Answer(204, None)
    if method == "PATCH":
        values = call.json().get("properties") or {}
        record = portal.change(kind, record.id, values, by_app=True)
        return Answer(200, portal.shown(kind, record, values))
    return Answer(200, portal.shown(kind, record, call.names() or DEFAULTS[kind]))


def _list(portal: Portal, call: Call, kind: str) -> Answer:
    limit = int(call.first("limit", "10"))
    if not 1 <= limit <= BATCH:
        raise Wrong(400, "Page size must be between 1 and 100.", "VALIDATION_ERROR")
    after = int(call.first("after", "0"))
    held = portal.records[kind].values()
    records = sorted((r for r in held if bool(r.archived_at) == call.archived), key=lambda r: int(r.id))
    page = [r for r in records if int(r.id) > after][:limit]
    names = call.names() or DEFAULTS[kind]
    body: dict[str, Any] = {"results": [portal.shown(kind, r, names) for r in page]}
    if page and page[-1] is not records[-1]:
        following = {"after": page[-1].id, "link": f"?after={page[-1].id}"}
        body["paging"] = {"next": following}
    return Answer(200, body)


def _merge(portal: Portal, body: Mapping[str, Any], kind: str) -> Answer:
    primary, loser = str(body.get("primaryObjectId")), str(body.get("objectIdToMerge"))
    if not (portal.find(kind, primary) and portal.find(kind, loser)):
        return not_found(primary)
    merged = lives.merge(portal, kind, primary, [loser], into_new=kind == "companies", by_app=True)
    return Answer(200, portal.shown(kind, merged, DEFAULTS[kind]))


def _batch(portal: Portal, call: Call, kind: str, action: str, knobs: "search.Knobs") -> Answer:
    body = call.json()
    inputs = inputs_of(body)
    match action:
        case "read":
            return _read(portal, body, inputs, kind, call, knobs)
        case "update":
            return _update(portal, inputs, kind)
        case "upsert":
            return _upsert(portal, inputs, kind)
        case "archive":
            for item in inputs:
                lives.archive(portal, kind, str(item.get("id")), by_app=True)
            return Answer(204, None)
    raise Wrong(405, "Method not allowed", "METHOD_NOT_ALLOWED")


def _read(
    portal: Portal,
    body: Mapping[str, Any],
    inputs: list[Mapping[str, Any]],
    kind: str,
    call: Call,
    knobs: "search.Knobs",
) -> Answer:
    ids = list(dict.fromkeys(str(item.get("id")) for item in inputs))
    names = body.get("properties") or DEFAULTS[kind]
    unique = str(body.get("idProperty") or "")
    if unique and not _is_unique(portal, kind, unique):
        raise Wrong(400, f"{unique} is not a unique identifier property", "VALIDATION_ERROR")
    if unique:
        found = {i: r for i in ids if (r := _by_unique(portal, kind, unique, i))}
    else:
        found = {i: r for i in ids if (r := portal.find(kind, i, archived=call.archived))}
    stale = knobs.take_stale_read()
    shown = [portal.shown(kind, r, names, stale=stale) for r in found.values()]
    return _batch_answer(shown, kind, [i for i in ids if i not in found])


def _update(portal: Portal, inputs: list[Mapping[str, Any]], kind: str) -> Answer:
    """One value that is refused refuses the batch; a record that is missing is named in a 207."""
    results, missing = [], []
    with portal.lock:
        for item in inputs:
            record = portal.find(kind, str(item.get("id")))
            portal.check(kind, item.get("properties") or {}, record)
        for item in inputs:
            record = portal.find(kind, str(item.get("id")))
            if record is None:
                missing.append(str(item.get("id")))
                continue
            values = item.get("properties") or {}
            record = portal.change(kind, record.id, values, by_app=True)
            results.append(portal.shown(kind, record, values) | _trace(item))
    return _batch_answer(results, kind, missing)


def _upsert(portal: Portal, inputs: list[Mapping[str, Any]], kind: str) -> Answer:
    results = []
    with portal.lock:
        for item in inputs:
            name = str(item.get("idProperty") or "")
            if not _is_unique(portal, kind, name):
                raise Wrong(400, f"{name} is not a unique identifier property", "VALIDATION_ERROR")
            found = _by_unique(portal, kind, name, str(item.get("id")))
            portal.check(kind, item.get("properties") or {}, found)
        for item in inputs:
            values = {item["idProperty"]: str(item.get("id"))} | dict(item.get("properties") or {})
            found = _by_unique(portal, kind, item["idProperty"], str(item.get("id")))
            if found:
                record = portal.change(kind, found.id, values, by_app=True)
            else:
                record = portal.create(kind, values, by_app=True)
            results.append(portal.shown(kind, record, values) | {"new": found is None} | _trace(item))
    return _batch_answer(results, kind, [])


def _is_unique(portal: Portal, kind: str, name: str) -> bool:
    """A contact's address is, though nothing says so."""
    return (kind, name) == ("contacts", "email") or bool(
        portal.properties[kind].get(name, {}).get("hasUniqueValue")
    )


def _by_unique(portal: Portal, kind: str, name: str, value: str) -> Record | None:
    value = value.casefold()
    return next(
        (r for r in portal.living(kind) if r.properties.get(name, "").casefold() == value and value), None
    )


def _trace(item: Mapping[str, Any]) -> dict[str, Any]:
    trace = item.get("objectWriteTraceId")
    return {"objectWriteTraceId": trace} if trace else {}


def _batch_answer(results: list[Any], kind: str, missing: list[str]) -> Answer:
    now = stamp(datetime.now(UTC))
    body = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if not missing:
        return Answer(200, body)
    error = {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": f"Could not get some {NAMES[kind]} objects, they may be deleted or not exist. "
        "Check that ids are valid.",
        "context": {"ids": missing},
        "errors": [],
        "links": {},
    }
    return Answer(207, body | {"numErrors": 1, "errors": [error]})
