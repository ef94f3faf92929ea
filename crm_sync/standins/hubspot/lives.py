"""What becomes of records as a whole: merged, deleted, restored, erased, associated; and what is told of it."""

from collections.abc import Sequence
from typing import Any

from crm_sync.standins.hubspot.records import Change, Portal, Record, stamp

TYPE_IDS = {"contacts": "0-1", "companies": "0-2", "deals": "0-3", "leads": "0-136"}
NAMES = {"contacts": "CONTACT", "companies": "COMPANY", "deals": "DEAL", "leads": "LEAD"}
# HubSpot's own kinds of association: (from, to) → (primary, any)
KINDS = {
    ("contacts", "companies"): (1, 279),
    ("companies", "contacts"): (2, 280),
    ("deals", "companies"): (5, 341),
    ("companies", "deals"): (6, 342),
    ("deals", "contacts"): (3, 3),
    ("contacts", "deals"): (4, 4),
    ("leads", "companies"): (610, 610),
    ("companies", "leads"): (611, 611),
    ("leads", "contacts"): (578, 608),
    ("contacts", "leads"): (579, 609),
}


def merge(
    portal: Portal, kind: str, primary_id: str, losers: Sequence[str], *, into_new: bool, by_app: bool
) -> Record:
    """The primary record's values win; companies may get an id of their own."""
    with portal.lock:
        primary = portal.records[kind][primary_id]
        moved = 0
        for loser_id in losers:
            for name, value in portal.records[kind].pop(loser_id).properties.items():
                if value and not primary.properties.get(name):
                    primary.properties[name], moved = value, moved + 1
        gone = list(losers)
        if into_new:
            del portal.records[kind][primary_id]
            primary.id = portal.new_id(kind)
            portal.records[kind][primary.id] = primary
            gone.append(primary_id)
        _remember(portal, kind, primary, gone)
        at = portal.tick()
        primary.updated_at = stamp(at)
        portal.save()
        more = {
            "primaryObjectId": int(primary_id),
            "mergedObjectIds": [int(i) for i in losers],
            "newObjectId": int(primary.id),
            "numberOfPropertiesMoved": moved,
        }
        portal.tell([Change(kind, primary_id, "", "", at, by_app, "merge", more)])
        return primary


def _remember(portal: Portal, kind: str, primary: Record, gone: Sequence[str]) -> None:
    portal.merged[kind] |= dict.fromkeys(gone, primary.id)
    former = [i for i in portal.merged[kind] if portal.survivor(kind, i) is primary]
    primary.properties["hs_merged_object_ids"] = ";".join(former)
    for (one, other), by_id in list(portal.associations.items()):
        for object_id in gone:
            if one == kind and object_id in by_id:
                for others_id, is_primary in by_id.pop(object_id).items():
                    portal.associate(kind, primary.id, other, others_id, primary=is_primary)
        if other == kind:
            for others in by_id.values():
                for object_id in gone:
                    others.pop(object_id, None)


def archive(portal: Portal, kind: str, object_id: str, *, by_app: bool) -> None:
    with portal.lock:
        record = portal.find(kind, object_id)
        if record is None:
            return
        at = portal.tick()
        record.archived_at = record.updated_at = stamp(at)
        portal.save()
        portal.tell([Change(kind, object_id, "", "", at, by_app, "deletion", {"changeFlag": "DELETED"})])


def restore(portal: Portal, kind: str, object_id: str) -> None:
    with portal.lock:
        record = portal.find(kind, object_id, archived=True)
        if record is None:
            return
        at = portal.tick()
        record.archived_at, record.updated_at = "", stamp(at)
        portal.save()
        portal.tell([Change(kind, object_id, "", "", at, False, "restore")])


def erase(portal: Portal, kind: str, object_id: str) -> None:
    """For good: nothing of the person is left, and no one can restore it."""
    with portal.lock:
        if portal.records[kind].pop(object_id, None) is None:
            return
        at = portal.tick()
        portal.save()
        changes = [Change(kind, object_id, "", "", at, True, "privacyDeletion")]
        changes.append(Change(kind, object_id, "", "", at, True, "deletion", {"changeFlag": "DELETED"}))
        portal.tell(changes)


def associate(
    portal: Portal,
    kind: str,
    object_id: str,
    other_kind: str,
    other_id: str,
    *,
    primary: bool = False,
    by_app: bool = False,
) -> None:
    """A primary association is told twice: as itself, and as one of the common kind."""
    with portal.lock:
        portal.associate(kind, object_id, other_kind, other_id, primary=primary)
        portal.save()
        _tell_association(portal, (kind, object_id), (other_kind, other_id), primary, False, by_app)


def dissociate(
    portal: Portal, kind: str, object_id: str, other_kind: str, other_id: str, *, by_app: bool = False
) -> None:
    with portal.lock:
        pairs = portal.associations
        primary = pairs.get((kind, other_kind), {}).get(object_id, {}).pop(other_id, None)
        pairs.get((other_kind, kind), {}).get(other_id, {}).pop(object_id, None)
        if primary is not None:
            portal.save()
            _tell_association(portal, (kind, object_id), (other_kind, other_id), primary, True, by_app)


def _tell_association(
    portal: Portal,
    one: tuple[str, str],
    other: tuple[str, str],
    primary: bool,
    removed: bool,
    by_app: bool,
) -> None:
    at = portal.tick()
    ends: dict[str, Any] = {
        "associationType": f"{NAMES[one[0]]}_TO_{NAMES[other[0]]}",
        "fromObjectTypeId": TYPE_IDS[one[0]],
        "toObjectTypeId": TYPE_IDS[other[0]],
        "fromObjectId": int(one[1]),
        "toObjectId": int(other[1]),
        "associationRemoved": removed,
    }
    changes = []
    for kind_id, is_primary in zip(KINDS.get((one[0], other[0]), (0, 0)), (True, False), strict=True):
        if is_primary and not primary:
            continue
        more = ends | {"associationTypeId": kind_id, "isPrimaryAssociation": is_primary}
        more |= {"associationCategory": "HUBSPOT_DEFINED"}
        changes.append(Change(one[0], one[1], "", "", at, by_app, "associationChange", more))
    portal.tell(changes)
