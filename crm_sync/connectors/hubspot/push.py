"""What HubSpot pushes to us, read without trusting a word of it."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crm_sync.connectors.base import COMPANY, CONTACT, DEAL, LEAD, PushedEvent

MOST_EVENTS = 1000  # HubSpot sends at most 100 in one request
OBJECT_TYPES = {"0-1": CONTACT, "0-2": COMPANY, "0-3": DEAL, "0-136": LEAD}
OBJECT_TYPES |= {kind: kind for kind in (CONTACT, COMPANY, DEAL, LEAD)}
# Of two ends of an association, the first of these is the one that belongs to the other.
BELONGING = (DEAL, LEAD, CONTACT)
KINDS = {"propertyChange", "creation", "deletion", "merge", "restore", "privacyDeletion", "associationChange"}
# What makes an event the same event. Its eventId is not unique, and a retry raises attemptNumber.
IDENTITY = (
    *("portalId", "appId", "objectTypeId", "objectId", "fromObjectId", "toObjectId", "propertyName"),
    *(
        "propertyValue",
        "occurredAt",
        "associationType",
        "associationRemoved",
        "newObjectId",
        "mergedObjectIds",
    ),
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
    object_type, external_id = _subject(subject, happening, item)
    return PushedEvent(
        fingerprint=_fingerprint(kind, item),
        account=_text(item.get("portalId")),
        app=_text(item.get("appId")),
        kind=kind,
        object_type=object_type,
        external_id=external_id,
        property=_text(item.get("propertyName"))[:200],
        occurred_at=_moment(item.get("occurredAt")),
        raw=item,
        not_yet=_not_yet(happening, object_type, item),
    )


def _subject(subject: str, happening: str, item: Mapping[str, Any]) -> tuple[str, str]:
    """The record that has to be looked at: of an association who belongs to the other, of a merge who is left."""
    if happening == "associationChange":
        return _belonging(item)
    object_type = OBJECT_TYPES.get(_text(item.get("objectTypeId")) or subject, "")
    named = item.get("newObjectId") or item.get("primaryObjectId") if happening == "merge" else None
    return object_type, _text(named or item.get("objectId"))[:40]


def _belonging(item: Mapping[str, Any]) -> tuple[str, str]:
    """Contacts belong to companies, deals and leads to both; the event comes from either side, with type ids or in
    words."""
    one, _, other = _text(item.get("associationType")).lower().partition("_to_")
    sides = {
        OBJECT_TYPES.get(_text(item.get("fromObjectTypeId")) or one, ""): item.get("fromObjectId"),
        OBJECT_TYPES.get(_text(item.get("toObjectTypeId")) or other, ""): item.get("toObjectId"),
    }
    mine = next((kind for kind in BELONGING if kind in sides), "")
    if len(sides) != 2 or not sides.keys() & {COMPANY, CONTACT} - {mine}:
        return "", ""
    return mine, _text(sides[mine])[:40]


def merged_ids(raw: str) -> tuple[str, list[str]]:
    """From a stored merge event: the id of the record that is left, and those that went into it."""
    try:
        item = json.loads(raw)
    except ValueError:
        return "", []
    if not isinstance(item, dict):
        return "", []
    survivor = _text(item.get("newObjectId") or item.get("primaryObjectId") or item.get("objectId"))
    others = item.get("mergedObjectIds")
    listed = [_text(i) for i in others] if isinstance(others, list) else []
    ids = [_text(item.get("primaryObjectId")), *listed]
    return survivor, [i for i in dict.fromkeys(ids) if i and i != survivor]


def _not_yet(happening: str, object_type: str, item: Mapping[str, Any]) -> str:
    if happening not in KINDS:
        return "This kind of event is not known to the portal."
    if happening == "associationChange":
        return "" if object_type else "Only who belongs to which company is kept in step."
    if not object_type:
        return "Only companies, contacts, deals and leads are synchronised."
    if happening != "merge" and not item.get("objectId"):
        return "The event names no record."
    if happening == "propertyChange" and not item.get("propertyName"):
        return "The event names no property."
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
