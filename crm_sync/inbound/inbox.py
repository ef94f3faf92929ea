"""Works off what the CRM told us: claim, read the records again, apply.

A claim is a lease in a short transaction; the reading holds none; each record is applied in a transaction of its
own, which also marks its events done. Whatever dies in between leaves a lease that runs out.
"""

import logging
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from crm_sync import traces
from crm_sync.breaker.counting import Gate
from crm_sync.connecting.providers import connector_for
from crm_sync.connectors.base import CONTACT, Connector, CrmRecord
from crm_sync.connectors.failures import CrmError
from crm_sync.inbound import arrival, matching, reading, relations
from crm_sync.inbound.importing import Intake
from crm_sync.inbound.sorting import sort_events
from crm_sync.kinds import KINDS
from crm_sync.limits import retries
from crm_sync.mapping import codec
from crm_sync.models import Connection, ExternalRecord, ImportRule, InboxEvent
from crm_sync.models.mass_changes import Way
from crm_sync.models.queues import FORMER_INBOX, INBOX
from workspaces.jobs import job_transaction, queue

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=settings.LEASE_SECONDS)  # a second reader would only read twice
BATCH = 100
AT_A_TIME = 5.0  # seconds; then it is another workspace's turn, and the relay rings again
# What tells that a record may belong to somebody else now; Salesforce only says that something changed.
ASKS_FOR_TIES = {"associationChange", "creation", "restore", "merged"}
ASKS_ALWAYS = ASKS_FOR_TIES | {"change", "refresh"}


@dataclass(frozen=True)
class Claim:
    """Records of one object type of one connection, which this pass alone reads now."""

    token: uuid.UUID
    connection: Connection
    object_type: str
    links: list[ExternalRecord]
    intake: Intake
    happenings: Mapping[str, set[str]]  # external id → what the CRM told of it
    gate: Gate
    # external id → (field, when) of what the CRM told, by its clock
    told: Mapping[str, list[tuple[str, datetime | None]]] = field(default_factory=dict)

    def events(self, *external_ids: str):
        """Its events of these records, or all of them, as the index `events_waiting` finds them."""
        mine = InboxEvent.objects.filter(
            claim=self.token, state="pending", connection=self.connection, object_type=self.object_type
        )
        return mine.filter(external_id__in=external_ids or [link.external_id for link in self.links])


@dataclass
class Reading:
    """What the CRM answered about a claim."""

    records: Mapping[str, CrmRecord]
    known: set[str] | None
    related: relations.Related = field(default_factory=relations.Related)
    matches: Mapping[str, list[matching.Match]] = field(default_factory=dict)


@queue(FORMER_INBOX)
@queue(INBOX)
def drain():
    with job_transaction():
        sort_events()
    until = time.monotonic() + AT_A_TIME
    while True:
        with job_transaction():
            claim = claim_records()
            if claim is None:  # once more: something may have come meanwhile
                sort_events()
                claim = claim_records()
        if claim is None:
            break
        work_off(claim)
        if time.monotonic() > until:
            return timezone.now()
    with job_transaction():
        return next_due()


def claim_records() -> Claim | None:
    now = timezone.now()
    waiting = InboxEvent.objects.readable(now).filter(
        connection=OuterRef("connection"),
        object_type=OuterRef("object_type"),
        external_id=OuterRef("external_id"),
    )
    free = (
        ExternalRecord.objects.exclude(state=ExternalRecord.State.MERGED)
        .filter(Q(reading_until=None) | Q(reading_until__lt=now), Exists(waiting))
        .filter(connection__in=Connection.objects.working())
    )
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
    ids = [link.external_id for link in links]
    of_records = {"connection": connection, "object_type": object_type, "external_id__in": ids}
    taken = InboxEvent.objects.readable(now).filter(**of_records)
    # Counted before the work, so that an event which kills its worker runs out of tries too.
    taken.update(claim=token, tries=F("tries") + 1)
    mine = InboxEvent.objects.filter(**of_records, claim=token, state="pending")
    retries.bury_worn_out(mine, now)
    happenings: dict[str, set[str]] = {link.external_id: set() for link in links}
    told: dict[str, list[tuple[str, datetime | None]]] = {}
    for external_id, kind, name, at in mine.values_list("external_id", "kind", "property", "occurred_at"):
        happenings[external_id].add(kind.rpartition(".")[2])
        if name:
            told.setdefault(external_id, []).append((name, at))
    gate = Gate(connection, object_type, Way.IN)
    intake = intake_of(connection, object_type)
    return Claim(token, connection, object_type, links, intake, happenings, gate, told)


def intake_of(connection: Connection, object_type: str) -> Intake:
    mappings = list(connection.mappings.inward().filter(object_type=object_type).select_related("prop"))
    for mapping in mappings:
        mapping.connection = connection
    codec.prepare(connection, mappings)
    rule = ImportRule.objects.filter(connection=connection, object_type=object_type).first()
    return Intake(rule, mappings, connection.workspace.currency)


def work_off(claim: Claim) -> None:
    """The reading is outside every transaction; a failure of the CRM postpones the whole claim."""
    try:
        found = _read(connector_for(claim.connection), claim)
    except CrmError as error:
        with job_transaction():
            retries.postpone_reading(claim, error.failure)
        return
    same = _pass_over(claim, found)
    for link in claim.links:
        if link.pk in same:
            continue
        try:
            with job_transaction():
                retries.recovered(claim.connection)
                arrival.apply(claim, link, found)
        except Exception as error:
            # One record must not hold up the others. It is tried again, and buried after a few times.
            log.error("A record of the CRM could not be applied: %s", traces.of(error))
            claim.gate.forget()
            with job_transaction():
                retries.postpone_event(claim, link, "The change could not be applied; see the portal's log.")


def _pass_over(claim: Claim, found: Reading) -> set[uuid.UUID]:
    try:
        with job_transaction():
            retries.recovered(claim.connection)
            return arrival.pass_over(claim, found)
    except Exception as error:  # because of one of them: which one shows below
        log.error("Records of the CRM could not be passed over: %s", traces.of(error))
        return set()


def _read(connector: Connector, claim: Claim) -> Reading:
    ids = [link.external_id for link in claim.links]
    records, known = reading.read(connector, claim.object_type, ids, claim.intake.fields())
    found = Reading(records, known)
    new = [link.external_id for link in claim.links if link.state == ExternalRecord.State.NEW]
    asks = ASKS_ALWAYS if KINDS[claim.object_type].is_attributed else ASKS_FOR_TIES | {"change"}
    asked = [i for i in ids if claim.happenings[i] & asks or i in new]
    found.related = relations.read(connector, claim.object_type, asked, claim.intake.rule)
    if (
        claim.object_type == CONTACT
    ):  # that one has no company now is news only if somebody says that this changed
        sure = {i for i in asked if claim.happenings[i] & ASKS_FOR_TIES or i in new}
        kept = {i: ends for i, ends in found.related.companies.items() if ends or i in sure}
        found.related = relations.Related(kept)
    if candidates := [records[i] for i in new if i in records]:
        with job_transaction():
            found.matches = matching.find(
                claim.connection, claim.object_type, claim.intake.mappings, candidates, claim.intake.key
            )
    return found


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
