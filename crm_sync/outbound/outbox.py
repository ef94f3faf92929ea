"""Carries edited values to the CRM: claim, look at what is there, write what differs, note what became of it.

Values are absolute and the CRM's own is read first, so a write that was done but never noted (the process died in
between) is found done, and not repeated.
"""

import logging
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from crm_sync.agreement.decisions import Decision, on_departure
from crm_sync.connecting.providers import connector_for
from crm_sync.connectors.base import CrmError, CrmRecord, Write
from crm_sync.limits import retries
from crm_sync.mapping import codec
from crm_sync.models import Connection, ExternalRecord, OutboxChange
from crm_sync.models.queues import OUTBOX
from crm_sync.outbound import departure
from workspaces.jobs import job_transaction, queue

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=60)  # longer than the two calls to the CRM can take
BATCH = 100
MOST_PASSES = 500
State = OutboxChange.State


@dataclass
class Claim:
    """Changes of records of one object type of one connection, which this pass alone carries now."""

    connection: Connection
    object_type: str
    changes: dict[ExternalRecord, list[OutboxChange]] = field(default_factory=dict)

    def fields(self) -> list[str]:
        return sorted({c.mapping.field for changes in self.changes.values() for c in changes})


@queue(OUTBOX)
def drain():
    for _ in range(MOST_PASSES):
        with job_transaction():
            claim = claim_changes()
        if claim is None:
            break
        carry(claim)
    with job_transaction():
        return next_due()


def claim_changes() -> Claim | None:
    now = timezone.now()
    waiting = OutboxChange.objects.filter(
        Q(state=State.PENDING, next_at__lte=now) | Q(state=State.INFLIGHT), link=OuterRef("pk")
    )
    free = ExternalRecord.objects.filter(
        Q(writing_until=None) | Q(writing_until__lt=now), connection__in=Connection.objects.working()
    ).filter(Exists(waiting))
    first = free.values("connection", "object_type").first()
    if first is None:
        return None
    links = free.filter(**first).select_for_update(skip_locked=True, no_key=True, of=("self",))
    by_pk = {link.pk: link for link in links.order_by("pk")[:BATCH]}
    if not by_pk:
        return None
    ExternalRecord.objects.filter(pk__in=by_pk).update(writing_until=now + LEASE)
    _drop_replaced(by_pk)
    ours = OutboxChange.objects.filter(link__in=by_pk).filter(
        Q(state=State.PENDING, next_at__lte=now) | Q(state=State.INFLIGHT)
    )
    changes = list(ours.select_related("mapping__prop"))
    OutboxChange.objects.filter(pk__in=[c.pk for c in changes]).update(
        state=State.INFLIGHT, tries=F("tries") + 1
    )
    claim = Claim(Connection.objects.get(pk=first["connection"]), first["object_type"])
    for change in changes:
        change.tries += 1
        claim.changes.setdefault(by_pk[change.link_id], []).append(change)
    return claim


def _drop_replaced(links) -> None:
    """Left in flight by a process that died, and edited again since: only the newer value counts."""
    newer = OutboxChange.objects.filter(
        state=State.PENDING, link=OuterRef("link"), mapping=OuterRef("mapping")
    )
    dropped = OutboxChange.objects.filter(Exists(newer), state=State.INFLIGHT, link__in=links)
    dropped.update(state=State.SUPERSEDED, finished_at=timezone.now())


def carry(claim: Claim) -> None:
    try:
        connector = connector_for(claim.connection)
        ids = [link.external_id for link in claim.changes]
        found = connector.read(claim.object_type, ids, claim.fields())
        plans = [_plan(link, changes, found.get(link.external_id)) for link, changes in claim.changes.items()]
        writes = [Write(plan.link.external_id, plan.values()) for plan in plans if plan.to_write]
        results = {result.external_id: result for result in connector.write(claim.object_type, writes)}
    except CrmError as error:
        with job_transaction():
            departure.postpone(claim.connection, claim.changes, error.failure)
        return
    for plan in plans:
        with job_transaction():
            retries.recovered(claim.connection)
            departure.note(claim.connection, plan, results.get(plan.link.external_id))


def _plan(link: ExternalRecord, changes: list[OutboxChange], found: CrmRecord | None) -> departure.Plan:
    plan = departure.Plan(link, found)
    if found is None:
        plan.gone = changes
        return plan
    for change in changes:
        mapping = change.mapping
        try:
            wire = codec.to_wire(mapping, change.value)
        except codec.UnfitValue as error:
            plan.unfit[change] = str(error)
            continue
        theirs = codec.same_form(mapping, found.values.get(mapping.field, ""))
        agreed = link.agreed.get(mapping.field)
        decision = on_departure(theirs=theirs, value_as_theirs=wire, agreed=agreed)
        if decision == Decision.OVERRULE:
            plan.overruled.append(change)
        elif decision == Decision.AGREE:
            plan.there_already[change] = theirs
        else:
            plan.to_write[change] = wire
    return plan


def next_due():
    """When the next change is due that no worker can take now."""
    now = timezone.now()
    waiting = OutboxChange.objects.filter(
        state__in=[State.PENDING, State.INFLIGHT], link__connection__status=Connection.Status.ACTIVE
    )
    earliest = (
        waiting.order_by("next_at")
        .values_list("next_at", "link__connection__resting_until", "link__writing_until")
        .first()
    )
    if earliest is None:
        return None
    return max(filter(None, [*earliest, now + timedelta(seconds=1)]))
