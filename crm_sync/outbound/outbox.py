"""Carries edited values to the CRM: claim, look at what is there, write what differs, note what became of it.

Values are absolute and the CRM's own is read first, so a write that was done but never noted (the process died in
between) is found done, and not repeated. What is about to be written is kept on the link before it goes out, so
that its echo is known even when a newer edit has taken its place.
"""

import time
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from crm_sync.agreement import delivery
from crm_sync.breaker import outgoing
from crm_sync.breaker.counting import Gate
from crm_sync.connecting.providers import connector_for
from crm_sync.connectors.base import Connector, CrmField
from crm_sync.connectors.failures import CrmError
from crm_sync.connectors.throttling import Priority
from crm_sync.inbound import reading
from crm_sync.limits import retries
from crm_sync.mapping import codec, schema
from crm_sync.models import Connection, ExternalRecord, OutboxChange
from crm_sync.models.mass_changes import Way
from crm_sync.models.queues import FORMER_OUTBOX, OUTBOX
from crm_sync.models.records import LINKS
from crm_sync.outbound import departure, making
from crm_sync.outbound.planning import Plan, plan
from workspaces.jobs import job_transaction, queue
from workspaces.models import PropertyDelivery

LEASE = 2 * timedelta(seconds=settings.LEASE_SECONDS)  # two calls to the CRM
BATCH = 100
AT_A_TIME = 5.0  # seconds; then it is another workspace's turn, and the relay rings again
# A guard costs a call of its own for each record, or one more look: too much where an import edits thousands.
MOST_GUARDED = 25
MOST_SENT = 5  # values of one field that may be out there unnoted
State = OutboxChange.State


@dataclass
class Claim:
    """Changes of records of one object type of one connection, which this pass alone carries now."""

    connection: Connection
    object_type: str
    changes: dict[ExternalRecord, list[OutboxChange]] = field(default_factory=dict)

    def fields(self) -> list[str]:
        return sorted({c.mapping.field for changes in self.changes.values() for c in changes})


@queue(FORMER_OUTBOX)
@queue(OUTBOX)
def drain():
    until = time.monotonic() + AT_A_TIME
    while True:
        with job_transaction():
            claim = claim_changes()
        if claim is None:
            break
        carry(claim)
        if time.monotonic() > until:
            return timezone.now()
    while rows := _records_to_make():
        making.make(rows)
        if time.monotonic() > until:
            return timezone.now()
    with job_transaction():
        return min(filter(None, [next_due(), making.next_due()]), default=None)


def _records_to_make():
    with job_transaction():
        return making.claim_records()


def claim_changes() -> Claim | None:
    now = timezone.now()
    waiting = OutboxChange.objects.filter(
        Q(state=State.PENDING, next_at__lte=now) | Q(state=State.INFLIGHT), link=OuterRef("pk")
    )
    free = (
        ExternalRecord.objects.linked()
        .filter(Q(writing_until=None) | Q(writing_until__lt=now), Exists(waiting))
        .filter(connection__in=Connection.objects.working())
    )
    first = free.values("connection", "object_type").first()
    if first is None:
        return None
    links = free.filter(**first).select_related(*LINKS)
    links = links.select_for_update(skip_locked=True, no_key=True, of=("self",))
    by_pk = {link.pk: link for link in links.order_by("pk")[:BATCH]}
    if not by_pk:
        return None
    claim = Claim(
        Connection.objects.select_related("workspace").get(pk=first["connection"]), first["object_type"]
    )
    for link in by_pk.values():
        link.connection = claim.connection
    for change in _taken(by_pk, now):
        claim.changes.setdefault(by_pk[change.link_id], []).append(change)
    for link in claim.changes:
        link.writing_until = now + LEASE
    ExternalRecord.objects.bulk_update(claim.changes, ["writing_until", "sent"])
    return claim


def _taken(by_pk, now) -> list[OutboxChange]:
    _drop_replaced(by_pk)
    ours = OutboxChange.objects.filter(link__in=by_pk).filter(
        Q(state=State.PENDING, next_at__lte=now) | Q(state=State.INFLIGHT)
    )
    found = list(ours.select_related("mapping__prop").order_by("link_id", "pk"))
    for change in found:
        change.mapping.connection = by_pk[change.link_id].connection
    if found:
        codec.prepare(found[0].mapping.connection, [change.mapping for change in found])
    changes = [change for change in found if _still_holds(by_pk[change.link_id], change)]
    OutboxChange.objects.filter(pk__in=[c.pk for c in changes]).update(
        state=State.INFLIGHT, tries=F("tries") + 1
    )
    for change in changes:
        change.tries += 1
        _remember(by_pk[change.link_id], change)
    return changes


def _still_holds(link: ExternalRecord, change: OutboxChange) -> bool:
    """Only what the record holds is sent: the CRM's value may have been taken in while this one was on its way."""
    record = link.record
    if record is not None and record.value(change.mapping.prop) == change.value:
        return True
    OutboxChange.objects.filter(pk=change.pk).update(state=State.SUPERSEDED, finished_at=timezone.now())
    newer = OutboxChange.objects.filter(link=link, mapping=change.mapping, state__in=[State.PENDING])
    if not newer.exists():
        told = delivery.OVERRULED.format(crm=link.connection)
        delivery.show(link, [change.mapping], PropertyDelivery.State.REFUSED, told)
    return False


def _remember(link: ExternalRecord, change: OutboxChange) -> None:
    try:
        wire = codec.to_wire(change.mapping, change.value)
    except codec.UnfitValue:
        return
    sent = [text for text in link.sent.get(change.mapping.field, ()) if text != wire]
    link.sent[change.mapping.field] = [*sent, wire][-MOST_SENT:]


def _drop_replaced(links) -> None:
    """Left in flight by a process that died, and edited again since: only the newer value counts."""
    newer = OutboxChange.objects.filter(
        state=State.PENDING, link=OuterRef("link"), mapping=OuterRef("mapping")
    )
    dropped = OutboxChange.objects.filter(Exists(newer), state=State.INFLIGHT, link__in=links)
    dropped.update(state=State.SUPERSEDED, finished_at=timezone.now())


def carry(claim: Claim) -> None:
    if not claim.changes:
        return
    try:
        connector = connector_for(claim.connection, Priority.PERSON)
        plans = _plans(connector, claim)
        with job_transaction():
            outgoing.hold(Gate(claim.connection, claim.object_type, Way.OUT), plans)
        writing = [made for made in plans if made.to_write]
        writes = [made.write(guarded=len(writing) <= MOST_GUARDED) for made in writing]
        answers = connector.write(claim.object_type, writes) if writes else []
        results = {result.external_id: result for result in answers}
    except CrmError as error:
        with job_transaction():
            departure.postpone(claim.connection, claim.changes, error.failure)
        return
    for made in plans:
        with job_transaction():
            retries.recovered(claim.connection)
            departure.note(claim.connection, made, results.get(made.link.external_id))


def _plans(connector: Connector, claim: Claim) -> list[Plan]:
    ids = [link.external_id for link in claim.changes]
    found, existing = reading.read(connector, claim.object_type, ids, claim.fields())
    known = _by_name(schema.known_fields(claim.connection, claim.object_type))
    plans = [plan(link, c, found.get(link.external_id), known, existing) for link, c in claim.changes.items()]
    if not any(made.unfit for made in plans):
        return plans
    # What we know of the CRM's fields may be old: nothing is refused before they were read again.
    fresh = {object_type: connector.fields(object_type) for object_type in (claim.object_type,)}
    with job_transaction():
        schema.learn(claim.connection, fresh)
    known = _by_name(fresh[claim.object_type])
    return [plan(link, c, found.get(link.external_id), known, existing) for link, c in claim.changes.items()]


def _by_name(fields) -> dict[str, CrmField]:
    return {known.name: known for known in fields}


def next_due():
    """When the next change is due that no worker can take now."""
    now = timezone.now()
    waiting = OutboxChange.objects.filter(
        state__in=[State.PENDING, State.INFLIGHT],
        link__connection__status=Connection.Status.ACTIVE,
        link__state=ExternalRecord.State.LINKED,
    )
    earliest = (
        waiting.order_by("next_at")
        .values_list("next_at", "link__connection__resting_until", "link__writing_until")
        .first()
    )
    if earliest is None:
        return None
    return max(filter(None, [*earliest, now + timedelta(seconds=1)]))
