"""Salesforce's REST API: which answer belongs to which address."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from crm_sync.connectors.salesforce.ids import long_id
from crm_sync.standins.salesforce import soql
from crm_sync.standins.salesforce.checks import Refused
from crm_sync.standins.salesforce.definitions import FRESH
from crm_sync.standins.salesforce.records import Organization
from crm_sync.standins.salesforce.wire import Answer, Call, Wrong, error

MOST_IN_COLLECTION = 200
A_PAGE = 2000
LONGEST_ADDRESS = 16_384


def answer(org: Organization, call: Call) -> Answer:
    """What Salesforce would say to somebody who is signed in."""
    parts = call.path.removeprefix("/services/data/").strip("/").split("/")
    length = len(call.path) + sum(len(value) for values in call.query.values() for value in values)
    if length > LONGEST_ADDRESS:
        return error(414, "URI_TOO_LONG", "The URI is too long.")
    try:
        return _routed(org, call, parts[1:])
    except Wrong as wrong:
        return wrong.answer
    except soql.Malformed as malformed:
        return error(400, "MALFORMED_QUERY", str(malformed))


def _routed(org: Organization, call: Call, parts: list[str]) -> Answer:
    match [call.method, *parts]:
        case ["GET", "query" | "queryAll" as which]:
            return _query(org, call.first("q"), deleted=which == "queryAll", version=call.path.split("/")[3])
        case ["GET", "sobjects", name, "describe"]:
            return _describe(org, _object(name))
        case ["GET", "sobjects", name, record_id]:
            row = org.find(_object(name), record_id)
            return Answer(200, _shown(org, name, row, list(org.visible(name)))) if row else _absent()
        case ["PATCH", "sobjects", name, record_id]:
            return _update(org, call, _object(name), record_id)
        case ["DELETE", "sobjects", name, record_id]:
            if not org.find(_object(name), record_id):
                return _absent()
            org.delete(name, record_id, by_app=True)
            return Answer(204)
        case ["POST", "sobjects", name]:
            return _create(org, call, _object(name))
        case ["PATCH", "composite", "sobjects"]:
            return Answer(200, [_saved(org, record) for record in _collection(call)])
        case ["PATCH", "composite", "sobjects", name, key]:
            return Answer(200, [_upserted(org, _object(name), key, record) for record in _collection(call)])
        case ["GET", "limits"]:
            return Answer(200, {"DailyApiRequests": {"Max": 15000, "Remaining": 14000}})
    return _absent()


def _query(org: Organization, text: str, *, deleted: bool, version: str) -> Answer:
    query = soql.parse(text)
    name = _object(query.object_name, code="INVALID_TYPE")
    known = org.visible(name)
    for asked in query.named:
        if asked not in known:
            text = f"No such column '{asked}' on entity '{name}'. If you are attempting to use a custom field, be sure"
            raise Wrong(400, "INVALID_FIELD", f"{text} to append the '__c' after the custom field name.")
    with org.lock:
        rows = [
            r for r in org.records[name].values() if (deleted or not r.get("IsDeleted")) and query.test(r)
        ]
    for asked, descending in reversed(query.order):
        rows.sort(key=lambda row: (row.get(asked) is None, row.get(asked) or ""), reverse=descending)
    rows = rows[: min(query.limit or A_PAGE, A_PAGE)]
    shown = [_shown(org, name, row, query.fields, version) for row in rows]
    return Answer(200, {"totalSize": len(shown), "done": True, "records": shown})


def _shown(
    org: Organization, name: str, row: Mapping[str, Any], fields: list[str], version: str = "v66.0"
) -> dict[str, Any]:
    address = f"/services/data/{version}/sobjects/{name}/{row['Id']}"
    return {"attributes": {"type": name, "url": address}} | {f: row.get(f) for f in fields}


def _describe(org: Organization, name: str) -> Answer:
    whole = {"name": name, "label": name, "updateable": True, "replicateable": True, "custom": False}
    return Answer(200, whole | {"fields": list(org.visible(name).values())})


def _update(org: Organization, call: Call, name: str, record_id: str) -> Answer:
    row = org.records[name].get(long_id(record_id))
    since = call.headers.get("if-unmodified-since")
    if row and since:
        try:
            allowed = parsedate_to_datetime(since)
        except (TypeError, ValueError):
            raise Wrong(400, "INVALID_ARGUMENT_TYPE", "If-Unmodified-Since is no date") from None
        if datetime.fromisoformat(row["LastModifiedDate"]).replace(microsecond=0) > allowed:
            text = "The record has been modified since the client retrieved it."
            return error(412, "PRECONDITION_FAILED", text)
    try:
        org.change(name, record_id, call.json(), by_app=True)
    except Refused as refused:
        return _refused(refused)
    return Answer(204)


def _create(org: Organization, call: Call, name: str) -> Answer:
    try:
        row = org.create(name, call.json(), by_app=True)
    except Refused as refused:
        return _refused(refused)
    return Answer(201, {"id": row["Id"], "success": True, "errors": []})


def _saved(org: Organization, record: dict[str, Any]) -> dict[str, Any]:
    """One entry of a collection; a failed one has no id."""
    name, record_id = _object(record.pop("attributes", {}).get("type", "")), str(record.pop("id", ""))
    try:
        row = org.change(name, record_id, record, by_app=True)
    except Refused as refused:
        return {"success": False, "errors": refused.errors}
    return {"id": row["Id"], "success": True, "errors": []}


def _upserted(org: Organization, name: str, key: str, record: dict[str, Any]) -> dict[str, Any]:
    record.pop("attributes", None)
    if not org.fields[name].get(key, {}).get("externalId"):
        raise Wrong(400, "INVALID_FIELD", f"{key} is not an external ID field of {name}")
    try:
        found = org.by_key(name, key, record.get(key))
        if found:
            values = {f: value for f, value in record.items() if f != key}
            row = org.change(name, found["Id"], values, by_app=True)
        else:
            row = org.create(name, record, by_app=True)
    except Refused as refused:
        return {"success": False, "errors": refused.errors}
    return {"id": row["Id"], "success": True, "created": found is None, "errors": []}


def _collection(call: Call) -> list[dict[str, Any]]:
    records = call.json().get("records")
    if not isinstance(records, list) or len(records) > MOST_IN_COLLECTION:
        raise Wrong(400, "INVALID_INPUT", f"records is missing, or has more than {MOST_IN_COLLECTION}")
    return records


def _refused(refused: Refused) -> Answer:
    gone = {"INVALID_CROSS_REFERENCE_KEY": 404, "ENTITY_IS_DELETED": 404}
    entries = [
        {"message": e["message"], "errorCode": e["statusCode"], "fields": e["fields"]} for e in refused.errors
    ]
    return Answer(gone.get(refused.errors[0]["statusCode"], 400), entries)


def _object(name: str, code: str = "NOT_FOUND") -> str:
    if name not in FRESH:
        status = 400 if code == "INVALID_TYPE" else 404
        raise Wrong(status, code, f"sObject type '{name}' is not supported.")
    return name


def _absent() -> Answer:
    return error(404, "NOT_FOUND", "The requested resource does not exist")
