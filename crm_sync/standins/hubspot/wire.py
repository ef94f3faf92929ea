"""HubSpot's API, version 3: addresses, answers and refusals as documented."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from crm_sync.standins.hubspot.records import TYPES, Portal, Problem, Refused, stamp

DEFAULTS = {"companies": ["name", "domain"], "contacts": ["firstname", "lastname", "email"]}
BATCH = 100
LIMIT_HEADERS = {
    "X-HubSpot-RateLimit-Max": "190",
    "X-HubSpot-RateLimit-Remaining": "189",
    "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
}


@dataclass
class Call:
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Wrong(400, "Invalid input JSON", "VALIDATION_ERROR")
        return found

    def names(self) -> list[str]:
        return [name for part in self.query.get("properties", []) for name in part.split(",") if name]


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


class Wrong(Exception):
    def __init__(self, status: int, message: str, category: str, **more: Any):
        super().__init__(message)
        self.answer = Answer(status, refusal(message, category, **more))


def refusal(message: str, category: str, **more: Any) -> dict[str, Any]:
    trace = str(uuid.uuid4())
    return {"status": "error", "message": message, "correlationId": trace, **more, "category": category}


def too_many(retry_after: str = "", policy: str = "TEN_SECONDLY_ROLLING") -> Answer:
    text = f"You have reached your {policy.lower()} limit."
    body = refusal(text, "RATE_LIMITS", errorType="RATE_LIMIT", policyName=policy)
    headers = LIMIT_HEADERS | {"X-HubSpot-RateLimit-Remaining": "0"}
    return Answer(429, body, headers | ({"Retry-After": retry_after} if retry_after else {}))


def answer(portal: Portal, token: str, call: Call) -> Answer:
    """What HubSpot would say."""
    try:
        _authenticate(call, token)
        parts = call.path.strip("/").split("/")
        result = _route(portal, call, parts)
    except Wrong as wrong:
        return wrong.answer
    except Refused as refused:
        return _validation_answer(refused.problems)
    result.headers |= LIMIT_HEADERS
    return result


def _authenticate(call: Call, token: str) -> None:
    if call.headers.get("authorization") != f"Bearer {token}":
        text = "Authentication credentials not found. This API supports OAuth 2.0 authentication."
        raise Wrong(401, text, "INVALID_AUTHENTICATION")


def _route(portal: Portal, call: Call, parts: list[str]) -> Answer:
    match [call.method, *parts]:
        case ["GET", "account-info", "v3", "details"]:
            return Answer(200, _account(portal))
        case [method, "crm", "v3", "objects", kind, *rest]:
            return _objects(portal, call, method, _kind(kind), rest)
        case ["GET", "crm", "v3", "properties", kind]:
            return Answer(200, {"results": list(portal.properties[_kind(kind)].values())})
        case ["GET", "crm", "v3", "properties", kind, name]:
            found = portal.properties[_kind(kind)].get(name)
            return Answer(200, found) if found else _not_found(name)
    raise Wrong(404, "resource not found", "OBJECT_NOT_FOUND")


def _objects(portal: Portal, call: Call, method: str, kind: str, rest: list[str]) -> Answer:
    match [method, *rest]:
        case ["GET"]:
            return _list(portal, call, kind)
        case ["POST"]:
            record = portal.create(kind, call.json().get("properties") or {}, by_app=True)
            return Answer(201, portal.shown(kind, record, record.properties))
        case ["POST", "batch", "read"]:
            return _batch_read(portal, call.json(), kind)
        case ["POST", "batch", "update"]:
            return _batch_update(portal, call.json(), kind)
        case ["GET", object_id]:
            found = portal.find(kind, object_id)
            shown = found and portal.shown(kind, found, call.names() or DEFAULTS[kind])
            return Answer(200, shown) if shown else _not_found(object_id)
        case ["PATCH", object_id]:
            if not portal.find(kind, object_id):
                return _not_found(object_id)
            values = call.json().get("properties") or {}
            record = portal.change(kind, object_id, values, by_app=True)
            return Answer(200, portal.shown(kind, record, values))
    raise Wrong(405, "Method not allowed", "METHOD_NOT_ALLOWED")


def _list(portal: Portal, call: Call, kind: str) -> Answer:
    limit = int((call.query.get("limit") or ["10"])[0])
    if not 1 <= limit <= BATCH:
        raise Wrong(400, "Page size must be between 1 and 100.", "VALIDATION_ERROR")
    after = int((call.query.get("after") or ["0"])[0])
    records = sorted(portal.records[kind].values(), key=lambda r: int(r.id))
    page = [r for r in records if int(r.id) > after][:limit]
    names = call.names() or DEFAULTS[kind]
    body: dict[str, Any] = {"results": [portal.shown(kind, r, names) for r in page]}
    if page and page[-1] is not records[-1]:
        following = {"after": page[-1].id, "link": f"?after={page[-1].id}"}
        body["paging"] = {"next": following}
    return Answer(200, body)


def _batch_read(portal: Portal, body: Mapping[str, Any], kind: str) -> Answer:
    ids = [str(item.get("id")) for item in _inputs(body)]
    names = body.get("properties") or DEFAULTS[kind]
    found = [r for i in dict.fromkeys(ids) if (r := portal.find(kind, i))]
    missing = [i for i in dict.fromkeys(ids) if not portal.find(kind, i)]
    return _batch_answer([portal.shown(kind, r, names) for r in found], kind, missing)


def _batch_update(portal: Portal, body: Mapping[str, Any], kind: str) -> Answer:
    """One value that is refused refuses the batch; a record that is missing is named in a 207."""
    inputs = _inputs(body)
    with portal.lock:
        for item in inputs:
            portal.check(kind, item.get("properties") or {})
        results, missing = [], []
        for item in inputs:
            object_id, values = str(item.get("id")), item.get("properties") or {}
            if not portal.find(kind, object_id):
                missing.append(object_id)
                continue
            record = portal.change(kind, object_id, values, by_app=True)
            trace = item.get("objectWriteTraceId")
            results.append(
                portal.shown(kind, record, values) | ({"objectWriteTraceId": trace} if trace else {})
            )
    return _batch_answer(results, kind, missing)


def _batch_answer(results: list[Any], kind: str, missing: list[str]) -> Answer:
    now = stamp(datetime.now(UTC))
    body = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if not missing:
        return Answer(200, body)
    noun = {"companies": "COMPANY", "contacts": "CONTACT"}[kind]
    error = {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": f"Could not get some {noun} objects, they may be deleted or not exist. "
        "Check that ids are valid.",
        "context": {"ids": missing},
        "errors": [],
        "links": {},
    }
    return Answer(207, body | {"numErrors": 1, "errors": [error]})


def _inputs(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(item, dict) for item in inputs):
        raise Wrong(400, "Invalid input JSON: inputs is required", "VALIDATION_ERROR")
    if len(inputs) > BATCH:
        raise Wrong(400, f"The maximum batch size is {BATCH}.", "VALIDATION_ERROR")
    return inputs


def _validation_answer(problems: list[Problem]) -> Answer:
    listed = [{"isValid": False, "message": p.message, "error": p.code, "name": p.name} for p in problems]
    errors = [{"message": p.message, "code": p.code, "context": {"propertyName": [p.name]}} for p in problems]
    text = f"Property values were not valid: {json.dumps(listed)}"
    return Answer(400, refusal(text, "VALIDATION_ERROR", errors=errors), dict(LIMIT_HEADERS))


def _not_found(name: str) -> Answer:
    text = "Object not found.  objectId are usually numeric."
    return Answer(404, refusal(text, "OBJECT_NOT_FOUND", context={"id": [name]}))


def _kind(name: str) -> str:
    if name not in TYPES:
        raise Wrong(400, f"Unable to infer object type from: {name}", "VALIDATION_ERROR")
    return TYPES[name]


def _account(portal: Portal) -> dict[str, Any]:
    return {
        "portalId": portal.id,
        "accountType": "STANDARD",
        "timeZone": "Europe/Brussels",
        "companyCurrency": "EUR",
        "additionalCurrencies": [],
        "utcOffset": "+01:00",
        "utcOffsetMilliseconds": 3600000,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "eu1",
    }
