"""What Salesforce says about its objects' fields, remembered for a while: writing needs their types."""

import time
from typing import Any

from crm_sync.connectors.failures import CrmError, FailureKind
from crm_sync.connectors.salesforce import soql
from crm_sync.connectors.salesforce.transport import Transport

KEPT_SECONDS = 600.0


def describe(api: Transport, object_type: str) -> list[dict[str, Any]]:
    answer = api.send("GET", f"sobjects/{soql.OBJECTS[object_type]}/describe") or {}
    fields: list[dict[str, Any]] = answer.get("fields") or []
    types = {str(field["name"]): str(field.get("type") or "string") for field in fields}
    api.channel.types[object_type] = (time.monotonic(), types)
    return fields


def types_of(api: Transport, object_type: str) -> dict[str, str]:
    """Field → Salesforce's type, of the fields that we may see."""
    at, types = api.channel.types.get(object_type, (0.0, None))
    if types is None or time.monotonic() - at > KEPT_SECONDS:
        describe(api, object_type)
        _, types = api.channel.types[object_type]
    return types


def stages(api: Transport) -> dict[str, str]:
    """Stage → open, won or lost. An organisation may keep this from us: then people say what stages mean."""
    rows = _told(api, "SELECT ApiName, IsClosed, IsWon FROM OpportunityStage")
    outcomes = {(True, True): "won", (True, False): "lost"}
    return {
        str(r["ApiName"]): outcomes.get((bool(r["IsClosed"]), bool(r["IsWon"])), "open")
        for r in rows
        if r.get("ApiName")
    }


def statuses(api: Transport) -> dict[str, str]:
    """Status of a lead → won, where it is converted; what the others mean Salesforce does not tell."""
    rows = _told(api, "SELECT ApiName, IsConverted FROM LeadStatus")
    return {str(r["ApiName"]): "won" for r in rows if r.get("ApiName") and r.get("IsConverted")}


def _told(api: Transport, question: str) -> list[dict[str, Any]]:
    try:
        return api.query(question)
    except CrmError as error:
        if error.failure.kind in (FailureKind.SCOPE, FailureKind.VALIDATION, FailureKind.GONE):
            return []
        raise


def forget_fields(api: Transport, object_type: str) -> None:
    api.channel.types.pop(object_type, None)
