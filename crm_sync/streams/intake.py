"""Which of the changes that a CRM streams are ours to look at, as events of the inbox.

An event rings the bell: it says which record to read again and which fields have changed there. The one value that
is looked at is that of our own write coming back: where it is what both sides agreed on, nothing needs to be read.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from hashlib import sha256

from crm_sync.connectors.base import COMPANY, PushedEvent
from crm_sync.connectors.salesforce.changes import GAP, PEOPLE, UPDATE, Change
from crm_sync.mapping import codec, filters
from crm_sync.models import Connection, ExternalRecord, FieldMapping, FormerId, ImportRule

OURS = "The portal's own write, coming back as it was agreed on."
UNMAPPED = "No property is mapped to what changed."
HAPPENINGS = {"CREATE": "creation", "DELETE": "deletion", "UNDELETE": "restore", UPDATE: "change"}
OWNER = "AccountId"  # of a contact or an opportunity: whose it is
MOST_NAMES = 40  # of fields, that are kept of one event


class Intake:
    """What a connection wants to know of, asked once for a batch."""

    def __init__(self, connection: Connection, changes: Sequence[Change]):
        self.connection, self.changes = connection, changes
        self.watched: dict[str, dict[str, FieldMapping | None]] = defaultdict(dict)
        for mapping in connection.mappings.inward().select_related("prop"):
            self.watched[mapping.object_type][mapping.field] = mapping
        rules = ImportRule.objects.filter(connection=connection, enabled=True)
        self.ruled = {rule.object_type: filters.fields_of(rule.conditions) for rule in rules}
        for object_type, names in self.ruled.items():
            for name in names:
                self.watched[object_type].setdefault(name, None)

    @cached_property
    def types(self) -> list[str]:
        return sorted(self.watched.keys() | self.ruled.keys())

    def events(self) -> list[PushedEvent]:
        found = (change for change in self.changes if change.object_type in self.types)
        return [event for change in found for event in self._of_change(change)]

    @cached_property
    def links(self) -> dict[str, ExternalRecord]:
        ids = {record_id for change in self.changes for record_id in change.record_ids}
        links = ExternalRecord.objects.filter(connection=self.connection, external_id__in=ids)
        return {link.external_id: link for link in links}

    @cached_property
    def former(self) -> set[str]:
        ids = {record_id for change in self.changes for record_id in change.record_ids}
        known = FormerId.objects.filter(connection=self.connection, external_id__in=ids)
        return set(known.values_list("external_id", flat=True))

    def _of_change(self, change: Change) -> Iterator[PushedEvent]:
        for record_id in change.record_ids:
            # A whole organisation streams by: records that nobody is linked to leave no trace without a rule.
            if change.object_type in self.ruled or record_id in self.links or record_id in self.former:
                yield from self._of_record(change, record_id)

    def _of_record(self, change: Change, record_id: str) -> Iterator[PushedEvent]:
        if change.happening == PEOPLE:
            yield _event(change, record_id, "associationChange")
            return
        if change.happening != UPDATE:
            yield _event(change, record_id, HAPPENINGS[change.happening.removeprefix(GAP)])
            return
        mine = self._watched(change)
        reason = OURS if change.is_ours and self._agreed(change, record_id) else ""
        for name in mine:
            yield _event(change, record_id, "propertyChange", name, reason)
        moved = OWNER in change.fields and change.object_type != COMPANY
        if moved:
            yield _event(change, record_id, "associationChange")
        if not mine and self._is_derived(change.object_type):
            yield _event(change, record_id, "change")
        elif not mine and not moved and change.fields:
            yield _event(change, record_id, "propertyChange", change.fields[0], UNMAPPED)

    def _watched(self, change: Change) -> list[str]:
        return [name for name in change.fields if name in self.watched[change.object_type]]

    def _is_derived(self, object_type: str) -> bool:
        """Formulas change with other fields, and no event names them."""
        mappings = self.watched[object_type].values()
        return any(mapping is not None and mapping.read_only for mapping in mappings)

    def _agreed(self, change: Change, record_id: str) -> bool:
        """Never by the name on it alone: a workflow may have rewritten our value under it."""
        link = self.links.get(record_id)
        if link is None or OWNER in change.fields or self._is_derived(change.object_type):
            return False
        return all(self._holds(link, name, change.values.get(name)) for name in self._watched(change))

    def _holds(self, link: ExternalRecord, name: str, value: str | None) -> bool:
        mapping, agreed = self.watched[link.object_type][name], link.agreed.get(name)
        if mapping is None or agreed is None or value is None:
            return False
        return codec.same_form(mapping, value) == agreed["crm"]


def _event(change: Change, record_id: str, happening: str, name: str = "", reason: str = "") -> PushedEvent:
    """The event's own id makes it the same one when it comes again; what was written in it is not kept."""
    identity = "|".join((change.id, record_id, happening, name))
    raw = {"object": change.object_name, "happening": change.happening, "origin": change.origin[:200]}
    return PushedEvent(
        fingerprint=sha256(identity.encode()).hexdigest(),
        account="",
        app="",
        kind=f"object.{happening}",
        object_type=change.object_type,
        external_id=record_id[:40],
        property=name[:200],
        occurred_at=change.at,
        raw=raw | {"fields": list(change.fields[:MOST_NAMES])},
        not_yet=reason,
    )
