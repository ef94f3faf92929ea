"""HubSpot's records, as the portal's connectors speak of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crm_sync.connectors.base import CrmRecord

MODIFIED = {"company": "hs_lastmodifieddate", "contact": "lastmodifieddate"}
MERGED = "hs_merged_object_ids"


def modified(object_type: str) -> str:
    return MODIFIED.get(object_type, "hs_lastmodifieddate")


def wanted(object_type: str, properties: Sequence[str]) -> list[str]:
    """What to ask for: beside the properties, when it changed and what was merged into it."""
    return [*dict.fromkeys([*properties, modified(object_type), MERGED])]


def record(item: Mapping[str, Any], properties: Sequence[str]) -> CrmRecord:
    """Null and "" mean empty. Absent stays absent: HubSpot silently drops names it does not know."""
    found = item.get("properties") or {}
    values = {name: text(found[name]) for name in properties if name in found}
    stamp = item.get("updatedAt")
    return CrmRecord(
        str(item["id"]),
        values,
        datetime.fromisoformat(stamp) if stamp else None,
        archived=item.get("archived") is True,
        former_ids=tuple(part for part in text(found.get(MERGED)).split(";") if part),
    )


def text(value: Any) -> str:
    return "" if value is None else str(value)
