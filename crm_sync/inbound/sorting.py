"""What arrived, sorted before anything is read: whom it is about by now, and whether it leads anywhere.

Statements for all events at once, however many there are; only what changes a link is looked at one by one.
"""

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from crm_sync.connectors.hubspot.push import merged_ids
from crm_sync.inbound import lifecycle
from crm_sync.inbound.importing import NO_RULE
from crm_sync.mapping import filters
from crm_sync.models import (
    Connection,
    ExternalRecord,
    FieldMapping,
    FormerId,
    ImportRule,
    InboxEvent,
    Tombstone,
)
from crm_sync.models.queues import REFRESH

UNMAPPED = "No property is mapped to this field of the CRM."
ERASED = "This person was erased for privacy and does not come in again."
MOST_AT_ONCE = 500

# An event that names no field is about the whole record: Salesforce does not tell what changed.
PASSIVE = Q(kind__endswith="propertyChange")


def sort_events() -> None:
    for connection in Connection.objects.filter(status=Connection.Status.ACTIVE).defer("fields_known"):
        due = InboxEvent.objects.due(timezone.now()).filter(connection=connection)
        if due.exists():
            _follow_lives(connection, due)
            _follow_former(connection, due)
            _put_aside(connection, due)
            _take_in(connection, due)


def _follow_lives(connection: Connection, due) -> None:
    """Merges and erasures change who is who: they come first."""
    for event in due.filter(kind__endswith=".privacyDeletion")[:MOST_AT_ONCE]:
        lifecycle.erase(connection, event.object_type, event.external_id)
    for event in due.filter(kind__endswith=".merge")[:MOST_AT_ONCE]:
        survivor, losers = merged_ids(event.raw)
        if survivor and losers:
            lifecycle.merged(connection, event.object_type, survivor, losers)
        known = ExternalRecord.objects.filter(
            connection=connection, object_type=event.object_type, external_id=survivor
        ).exclude(state=ExternalRecord.State.MERGED)
        mine = InboxEvent.objects.filter(pk=event.pk)
        if known.exists():  # which is read again already
            mine.update(state="done", handled_at=timezone.now())
        else:  # nobody's so far: a rule may let in what is left of it
            mine.update(kind=f"{event.object_type}.merged"[:60])


def _follow_former(connection: Connection, due) -> None:
    former = FormerId.objects.filter(
        connection=connection, object_type=OuterRef("object_type"), external_id=OuterRef("external_id")
    )
    if FormerId.objects.filter(connection=connection).exists():
        due.filter(Exists(former)).update(external_id=Subquery(former.values("survivor")[:1]))


def _put_aside(connection: Connection, due) -> None:
    """Events that lead nowhere, with the reason."""
    skipped = {"state": InboxEvent.State.SKIPPED, "handled_at": timezone.now()}
    mapped = FieldMapping.objects.inward().filter(
        connection=connection, object_type=OuterRef("object_type"), field=OuterRef("property")
    )
    linked = Exists(_same(connection, ["linked", "archived", "new"]))
    rules = {
        rule.object_type: rule for rule in ImportRule.objects.filter(connection=connection, enabled=True)
    }
    due.exclude(linked).exclude(object_type__in=rules).update(**skipped, reason=NO_RULE)
    asked = Q(pk=None)
    for rule in rules.values():
        asked |= Q(object_type=rule.object_type, property__in=filters.fields_of(rule.conditions))
    due.filter(PASSIVE).exclude(property="").exclude(kind=REFRESH).exclude(Exists(mapped)).exclude(
        asked
    ).update(**skipped, reason=UNMAPPED)
    due.exclude(linked).filter(kind__endswith=".deletion").update(**skipped, reason=NO_RULE)


def _take_in(connection: Connection, due) -> None:
    """A row for each record that a rule may let in: what the lease of a reader is put on."""
    unknown = due.exclude(Exists(_same(connection, ExternalRecord.State.values))).exclude(external_id="")
    found = unknown.order_by().values_list("object_type", "external_id").distinct()[:MOST_AT_ONCE]
    stones = set(Tombstone.objects.filter(connection=connection).values_list("digest", flat=True))
    rows, erased = [], []
    for object_type, external_id in found:
        if stones and lifecycle.digest_of(connection, object_type, external_id) in stones:
            erased.append(external_id)
        else:
            rows.append(
                ExternalRecord(
                    connection=connection, object_type=object_type, external_id=external_id, state="new"
                )
            )
    ExternalRecord.objects.bulk_create(rows, ignore_conflicts=True)
    if erased:
        due.filter(external_id__in=erased).update(
            state=InboxEvent.State.SKIPPED, handled_at=timezone.now(), reason=ERASED, external_id="", raw=""
        )


def _same(connection: Connection, states):
    return ExternalRecord.objects.filter(
        connection=connection,
        object_type=OuterRef("object_type"),
        external_id=OuterRef("external_id"),
        state__in=states,
    )
