"""Which answer belongs to which address of HubSpot's API."""

import json
from typing import Any

from crm_sync.standins.hubspot import definitions, lives, objects
from crm_sync.standins.hubspot.checks import Refused
from crm_sync.standins.hubspot.records import Portal
from crm_sync.standins.hubspot.search import Knobs
from crm_sync.standins.hubspot.wire import (
    LIMIT_HEADERS,
    Access,
    Answer,
    Call,
    Wrong,
    account,
    inputs_of,
    kind_of,
    not_found,
    validation_answer,
)

ASSOCIATIONS_A_PAGE = 500


def answer(portal: Portal, access: Access, call: Call, knobs: Knobs) -> Answer:
    """What HubSpot would say."""
    try:
        access.check(call)
        result = _routed(portal, call, knobs)
    except Wrong as wrong:
        return wrong.answer
    except Refused as refused:
        return validation_answer(refused)
    if call.parts[-1] != "search":  # which tells nothing of limits
        result.headers |= LIMIT_HEADERS
    return result


def _routed(portal: Portal, call: Call, knobs: Knobs) -> Answer:
    match [call.method, *call.parts]:
        case ["GET", "account-info", "v3", "details"]:
            return Answer(200, account(portal))
        case [_, "crm", "v3", "objects", kind, *rest]:
            return objects.answer(portal, call, kind_of(kind), rest, knobs)
        case ["GET", "crm", "v3", "properties", kind]:
            return _properties(portal, kind_of(kind), call.first("dataSensitivity", "non_sensitive"))
        case ["GET", "crm", "v3", "properties", kind, name]:
            found = portal.properties[kind_of(kind)].get(name)
            return Answer(200, found) if found else not_found(name)
        case ["GET", "crm", "v3", "owners"]:
            owners = [o for o in portal.owners if o["archived"] == call.archived]
            return Answer(200, {"results": owners})
        case ["GET", "crm", "v3", "pipelines", kind]:
            return Answer(200, {"results": portal.pipelines[kind_of(kind)]})
        case ["GET", "crm", "v4", "associations", one, other, "labels"]:
            of_companies = definitions.LABELS.get(kind_of(one), []) if kind_of(other) == "companies" else []
            return Answer(200, {"results": of_companies})
        case ["POST", "crm", "v4", "associations", one, other, "batch", "read"]:
            return _associations(portal, call, kind_of(one), kind_of(other))
        case [method, "crm", "v4", "objects", kind, object_id, "associations", *rest]:
            return _association(portal, method, kind_of(kind), object_id, rest, call.body)
    raise Wrong(404, "resource not found", "OBJECT_NOT_FOUND")


def _properties(portal: Portal, kind: str, sensitivity: str) -> Answer:
    listed = portal.properties[kind].values()
    return Answer(200, {"results": [item for item in listed if item["dataSensitivity"] == sensitivity]})


def _associations(portal: Portal, call: Call, one: str, other: str) -> Answer:
    """500 ends a record and page; a record without any is told among the errors."""
    held = portal.associations.get((one, other), {})
    results, without = [], []
    for item in inputs_of(call.json(), most=1000):
        object_id, after = str(item.get("id")), int(item.get("after") or 0)
        ends = sorted(held.get(object_id, {}).items(), key=lambda pair: int(pair[0]))
        if not ends:
            without.append(object_id)
            continue
        page = ends[after : after + ASSOCIATIONS_A_PAGE]
        entry: dict[str, Any] = {
            "from": {"id": object_id},
            "to": [_end(portal, one, object_id, other, *end) for end in page],
        }
        if after + len(page) < len(ends):
            entry["paging"] = {"next": {"after": str(after + len(page))}}
        results.append(entry)
    body: dict[str, Any] = {"status": "COMPLETE", "results": results}
    if not without:
        return Answer(200, body)
    errors = [
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
            "message": f"No {other} is associated with {one} {object_id}.",
            "context": {"fromObjectId": [object_id]},
        }
        for object_id in without
    ]
    return Answer(207, body | {"numErrors": len(errors), "errors": errors})


def _end(portal: Portal, one: str, ones_id: str, other: str, object_id: str, primary: bool) -> dict[str, Any]:
    of_primary, common = lives.KINDS.get((one, other), (0, 0))
    types = [{"category": "HUBSPOT_DEFINED", "typeId": common, "label": None}]
    if primary:
        types.insert(0, {"category": "HUBSPOT_DEFINED", "typeId": of_primary, "label": "Primary"})
    labels = portal.labels.get((one, ones_id, object_id), ())
    types += [item for item in definitions.LABELS.get(one, []) if item["label"] and item["label"] in labels]
    return {"toObjectId": int(object_id), "associationTypes": types}


def _association(
    portal: Portal, method: str, kind: str, object_id: str, rest: list[str], body: bytes
) -> Answer:
    match [method, *rest]:
        case ["PUT", "default", other, other_id] | ["PUT", other, other_id]:
            other = kind_of(other)
            if not (portal.find(kind, object_id) and portal.find(other, other_id)):
                return not_found(object_id)
            first = other == "companies" and not portal.associations.get((kind, other), {}).get(object_id)
            if rest[0] != "default":
                asked = {item.get("associationTypeId") for item in json.loads(body or b"[]")}
                named = [i["label"] for i in definitions.LABELS.get(kind, []) if i["typeId"] in asked]
                portal.labels[kind, object_id, other_id] = [name for name in named if name]
            lives.associate(portal, kind, object_id, other, other_id, primary=first, by_app=True)
            return Answer(200, {"status": "COMPLETE", "results": []})
        case ["DELETE", other, other_id]:
            lives.dissociate(portal, kind, object_id, kind_of(other), other_id, by_app=True)
            return Answer(204, None)
    raise Wrong(405, "Method not allowed", "METHOD_NOT_ALLOWED")
