"""What HubSpot pushes to us, read without trusting a word of it."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crm_sync.connectors.base import COMPANY, CONTACT, PushedEvent

MOST_EVENTS = 1000  # HubSpot sends at most 100 in one request
OBJECT_TYPES = {"0-1": CONTACT, "0-2": COMPANY, "contact": CONTACT, "company": COMPANY}
NOT_YET = {
    "creation": "Not yet: new records are not imported by themselves.",
    "deletion": "Not yet: deletions are kept for later.",
    "merge": "Not yet: merged records are kept for later.",
    "restore": "Not yet: restored records are kept for later.",
    "privacyDeletion": "Not yet: privacy deletions are kept for later.",
    "associationChange": "Not yet: associations between records are kept for later.",
}
# What makes an event the same event. Its eventId is not unique, and a retry raises attemptNumber.
IDENTITY = (
    *("portalId", "appId", "objectTypeId", "objectId", "fromObjectId", "toObjectId", "propertyName"),
    *("propertyValue", "occurredAt", "associationType", "associationRemoved", "newObjectId"),
)


class Unreadable(ValueError):
    """The body is not a list of events."""


def events_from_body(body: bytes) -> list[PushedEvent]:
    try:
        items = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("The body is not JSON.") from error
    if not isinstance(items, list) or len(items) > MOST_EVENTS:
        raise Unreadable("The body is not a list of events.")
    return [_event(item) for item in items if isinstance(item, dict)]


def _event(item: Mapping[str, Any]) -> PushedEvent:
    # HubSpot's table calls it eventType, its examples subscriptionType.
    kind = _text(item.get("subscriptionType") or item.get("eventType"))[:60]
    subject, _, happening = kind.partition(".")
    object_type = OBJECT_TYPES.get(_text(item.get("objectTypeId")) or subject, "")
    return PushedEvent(
        fingerprint=_fingerprint(kind, item),
        account=_text(item.get("portalId")),
        app=_text(item.get("appId")),
        kind=kind,
        object_type=object_type,
        external_id=_text(item.get("objectId"))[:40],
        property=_text(item.get("propertyName"))[:200],
        occurred_at=_moment(item.get("occurredAt")),
        raw=item,
        not_yet=_not_yet(happening, object_type, item),
    )


def _not_yet(happening: str, object_type: str, item: Mapping[str, Any]) -> str:
    if happening != "propertyChange":
        return NOT_YET.get(happening, "This kind of event is not known to the portal.")
    if not object_type:
        return "Only companies and contacts are synchronised."
    if not (item.get("objectId") and item.get("propertyName")):
        return "The event names no record or no property."
    return ""


def _fingerprint(kind: str, item: Mapping[str, Any]) -> str:
    parts = [kind, *(json.dumps(item.get(name), ensure_ascii=True) for name in IDENTITY)]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def _moment(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    try:
        return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _text(value: Any) -> str:
    """Ids come as numbers. NUL and lone surrogates cannot be stored, and nobody needs them in a name."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return str(value).replace("\x00", "").encode("utf-8", "replace").decode()
