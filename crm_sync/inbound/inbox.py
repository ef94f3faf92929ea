"""Works off what the CRM told us: claim, read the records again, apply.

A claim is a lease in a short transaction; the reading holds none; each record is applied in a transaction of its
own, which also marks its events done. Whatever dies in between leaves a lease that runs out.
"""

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from crm_sync.connecting.providers import connector_for
from crm_sync.connectors.base import CrmError
from crm_sync.inbound import arrival
from crm_sync.limits import retries
from crm_sync.models import Connection, ExternalRecord, FieldMapping, InboxEvent
from crm_sync.models.queues import INBOX, REFRESH
from workspaces.jobs import job_transaction, queue

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=30)  # longer than a call to the CRM can take; a second reader would only read twice
BATCH = 100
MOST_PASSES = 500  # then the relay rings again: a task must end


@dataclass(frozen=True)
class Claim:
    """Records of one object type of one connection, which this pass alone reads now."""

    token: uuid.UUID
    connection: Connection
    object_type: str
    links: list[ExternalRecord]
    mappings: list[FieldMapping]


@queue(INBOX)
def drain():
    with job_transaction():
        settle_unwanted()
    for _ in range(MOST_PASSES):
        with job_transaction():
            claim = claim_records()
        if claim is None:
            break
        work_off(claim)
    with job_transaction():
        return next_due()


def settle_unwanted() -> None:
    """Events that lead nowhere are put aside with the reason, in two statements, however many there are."""
    now = timezone.now()
    pending = InboxEvent.objects.due(now).filter(connection__status=Connection.Status.ACTIVE)
    skipped = {"state": InboxEvent.State.SKIPPED, "handled_at": now}
    pending.exclude(_linked()).update(
        **skipped, reason="No partner or contact is linked to this record of the CRM."
    )
    mapped = FieldMapping.objects.inward().filter(
        connection=OuterRef("connection"), object_type=OuterRef("object_type"), field=OuterRef("property")
    )
    # An event that names no field is about the whole record: Salesforce does not tell what changed.
    pending.exclude(kind=REFRESH).exclude(property="").exclude(Exists(mapped)).update(
        **skipped, reason="No property is mapped to this field of the CRM."
    )


def _linked():
    same = ExternalRecord.objects.filter(
        connection=OuterRef("connection"),
        object_type=OuterRef("object_type"),
        external_id=OuterRef("external_id"),
    )
    return Q(Exists(same))


def claim_records() -> Claim | None:
    now = timezone.now()
    waiting = InboxEvent.objects.due(now).filter(
        connection=OuterRef("connection"),
        object_type=OuterRef("object_type"),
        external_id=OuterRef("external_id"),
    )
    free = ExternalRecord.objects.filter(
        Q(reading_until=None) | Q(reading_until__lt=now), connection__in=Connection.objects.working()
    ).filter(Exists(waiting))
    first = free.values("connection", "object_type").first()
    if first is None:
        return None
    locked = free.filter(**first).select_for_update(skip_locked=True, no_key=True, of=("self",))
    links = list(locked.order_by("pk")[:BATCH])
    if not links:
        return None
    ExternalRecord.objects.filter(pk__in=[link.pk for link in links]).update(reading_until=now + LEASE)
    return _claimed(links, now)


def _claimed(links: list[ExternalRecord], now: datetime) -> Claim | None:
    token = uuid.uuid4()
    connection = Connection.objects.select_related("workspace").get(pk=links[0].connection_id)
    object_type = links[0].object_type
    for link in links:
        link.connection = connection
    taken = InboxEvent.objects.due(now).filter(
        connection=connection, object_type=object_type, external_id__in=[link.external_id for link in links]
    )
    # Counted before the work, so that an event which kills its worker runs out of tries too.
    taken.update(claim=token, tries=F("tries") + 1)
    retries.bury_worn_out(InboxEvent.objects.filter(claim=token, state="pending"), now)
    mappings = connection.mappings.inward().filter(object_type=object_type).select_related("prop")
    return Claim(token, connection, object_type, links, list(mappings))


def work_off(claim: Claim) -> None:
    """The reading is outside every transaction; a failure of the CRM postpones the whole claim."""
    try:
        connector = connector_for(claim.connection)
        fields = [mapping.field for mapping in claim.mappings]
        ids = [link.external_id for link in claim.links]
        records = connector.read(claim.object_type, ids, fields)
        known = _known_fields(connector, claim, records)
    except CrmError as error:
        with job_transaction():
            retries.postpone_reading(claim, error.failure)
        return
    for link in claim.links:
        try:
            with job_transaction():
                retries.recovered(claim.connection)
                arrival.apply(claim, link, records.get(link.external_id), known)
        except Exception:
            # One record must not hold up the others. It is tried again, and buried after a few times.
            log.exception("A record of the CRM could not be applied")
            with job_transaction():
                retries.postpone_event(claim, link, "The change could not be applied; see the portal's log.")


def _known_fields(connector, claim: Claim, records) -> set[str] | None:
    """The object's fields, asked for only if an answer left one out: is it empty, or gone?"""
    wanted = {mapping.field for mapping in claim.mappings}
    if all(wanted <= record.values.keys() for record in records.values()):
        return None
    return {field.name for field in connector.fields(claim.object_type)}


def next_due():
    """When the next event is due that no worker can take now."""
    now = timezone.now()
    event = InboxEvent.objects.filter(state="pending", connection__status=Connection.Status.ACTIVE).order_by(
        "next_at"
    )
    earliest = event.values_list("next_at", "connection__resting_until").first()
    if earliest is None:
        return None
    return max(filter(None, [*earliest, now + timedelta(seconds=1)]))
