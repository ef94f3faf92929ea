"""Records that were made here are made in the CRM: once, whatever becomes of an answer.

Noted in the transaction in which the record is made. A worker looks for it by its key before each attempt, and makes
it by an upsert on that key, so that an attempt whose answer got lost finds what it made.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from crm_sync.agreement import audit, delivery
from crm_sync.agreement.refreshing import refresh
from crm_sync.connecting import addresses
from crm_sync.connecting.providers import connector_for
from crm_sync.connectors.base import CONTACT, Connector, CrmRecord
from crm_sync.connectors.failures import CrmError, Failure, FailureKind
from crm_sync.connectors.throttling import Priority
from crm_sync.inbound import linking
from crm_sync.kinds import KINDS, Kind, kind_of_level
from crm_sync.limits import retries
from crm_sync.models import Connection, ExternalRecord, ImportRule, OutboxRecord
from crm_sync.models.queues import OUTBOX
from crm_sync.outbound.newcomers import Newcomer, newcomer_of
from portal.deals import attributed
from workspaces.jobs import job_transaction, leave_work

LEASE = timedelta(seconds=60)
BATCH = 50
WAIT_FOR_PARTNER = timedelta(seconds=5)
State = OutboxRecord.State
NO_PARTNER = "{partner} is not linked to a company in {crm}: this {noun} would belong to nobody there."
TAKEN = "{crm} has this {noun} already, and it is linked to another one here."
DISCONNECTED = Connection.Status.DISCONNECTED


def follow(changes: Sequence[Any]) -> None:
    """In the transaction in which people make records: those that a CRM should have too are noted."""
    if not changes:
        return
    kind = kind_of_level(changes[0].level)
    rules = ImportRule.objects.filter(creates=True, object_type=kind.object_type).exclude(key="")
    for rule in rules.exclude(connection__status=DISCONNECTED).select_related("connection"):
        OutboxRecord.objects.bulk_create(
            OutboxRecord(
                connection=rule.connection,
                object_type=kind.object_type,
                record_id=change.record.pk,
                name=str(change.record)[:200],
                key=str(change.record.pk),
                made_by=change.by.label[:200],
            )
            for change in changes
        )
        leave_work(OUTBOX)


def claim_records() -> list[OutboxRecord]:
    """Some of one object type of one connection, for this pass alone."""
    now = timezone.now()
    free = OutboxRecord.objects.filter(
        Q(leased_until=None) | Q(leased_until__lt=now),
        state__in=[State.PENDING, State.INFLIGHT],
        next_at__lte=now,
        connection__in=Connection.objects.working(),
    ).order_by("created_at")
    first = free.values("connection", "object_type").first()
    if first is None:
        return []
    found = list(free.filter(**first).select_for_update(skip_locked=True, no_key=True, of=("self",))[:BATCH])
    connection = Connection.objects.select_related("workspace").get(pk=first["connection"])
    for row in found:
        row.connection, row.tries = connection, row.tries + 1
    OutboxRecord.objects.filter(pk__in=[row.pk for row in found]).update(
        state=State.INFLIGHT, leased_until=now + LEASE, tries=F("tries") + 1
    )
    return found


def make(rows: Sequence[OutboxRecord]) -> None:
    """Looks for each, makes what is not there, and links it. The CRM is asked outside every transaction."""
    connection, kind = rows[0].connection, KINDS[rows[0].object_type]
    with job_transaction():
        rule = ImportRule.objects.filter(connection=connection, object_type=kind.object_type).first()
        newcomers = [n for row in rows if (n := _newcomer(row, kind, rule))]
    if not newcomers or rule is None:
        return
    try:
        connector = connector_for(connection, Priority.PERSON)
        found = _found(connector, kind, rule.key, newcomers)
        missing = [n for n in newcomers if n.key not in found]
        creates = [newcomer.create() for newcomer in missing]
        results = connector.create(kind.object_type, creates, unique=rule.key) if creates else []
    except CrmError as error:
        with job_transaction():
            retries.rest(connection, error.failure)
            for newcomer in newcomers:
                _failed(newcomer, error.failure)
        return
    made = {result.key: result for result in results}
    for newcomer in newcomers:
        with job_transaction():
            if record := found.get(newcomer.key):
                _linked(newcomer, record, made=False)
            elif (result := made[newcomer.key]).failure or result.record is None:
                _failed(newcomer, result.failure or Failure(FailureKind.UNKNOWN, "No answer about it."))
            else:
                _linked(newcomer, result.record, made=True, refused=result.refused)


def next_due():
    waiting = OutboxRecord.objects.filter(
        state__in=[State.PENDING, State.INFLIGHT], connection__status=Connection.Status.ACTIVE
    )
    earliest = waiting.order_by("next_at").values_list("next_at", "connection__resting_until", "leased_until")
    first = earliest.first()
    return max(filter(None, [*first, timezone.now() + timedelta(seconds=1)])) if first else None


def again(rows, *, by: object) -> int:
    """Those that failed or were refused, from the beginning."""
    failed = rows.filter(state__in=[State.PARKED, State.DEAD])
    for row in failed.select_related("connection"):
        audit.note(row.connection, "making", f"{row.name} is tried again.", by=by)
    count = failed.update(state=State.PENDING, tries=0, next_at=timezone.now(), message="", finished_at=None)
    if count:
        leave_work(OUTBOX)
    return count


def discard(row: OutboxRecord, *, by: object) -> None:
    """It stays in the portal alone."""
    row.state, row.finished_at = State.DISCARDED, timezone.now()
    row.save(update_fields=["state", "finished_at"])
    audit.note(row.connection, "making", f"{row.name} is not made in {row.connection}.", by=by)


def _newcomer(row: OutboxRecord, kind: Kind, rule: ImportRule | None) -> Newcomer | None:
    """What is to be made; None where nothing is to be done now."""
    record = kind.rows().filter(pk=row.record_id).first()
    links = ExternalRecord.objects.filter(connection=row.connection, **{f"{kind.link}_id": row.record_id})
    if record is None or rule is None or links.exclude(state="merged").exists():
        _finish(row, State.DONE if record is not None and rule else State.DISCARDED)
        return None
    company = ""
    if kind.object_type != "company":
        link = ExternalRecord.objects.linked().filter(connection=row.connection, partner=record.partner_id)
        company = link.values_list("external_id", flat=True).first() or ""
        if not company:
            _without_partner(row, kind, record)
            return None
    by = rule.partner_by if kind.is_attributed else ""
    return newcomer_of(row, record, unique=rule.key, company=company, by=by)


def _without_partner(row: OutboxRecord, kind: Kind, record) -> None:
    """Its partner may be on its way itself: then it waits for it."""
    on_its_way = OutboxRecord.objects.filter(connection=row.connection, record_id=record.partner_id)
    if on_its_way.filter(state__in=[State.PENDING, State.INFLIGHT]).exists():
        _later(row, "", WAIT_FOR_PARTNER)
        return
    text = NO_PARTNER.format(partner=record.partner, crm=row.connection, noun=kind.noun)
    _finish(row, State.PARKED, text)


def _found(connector: Connector, kind: Kind, key: str, newcomers: Sequence[Newcomer]) -> dict[str, CrmRecord]:
    """Those that are there: made by an attempt whose answer got lost, or by somebody else under the same address."""
    found = connector.find(kind.object_type, key, [newcomer.key for newcomer in newcomers], [])
    missing = {n.address: n for n in newcomers if n.address and n.key not in found}
    if kind.object_type == CONTACT and missing and (field := newcomers[0].address_field) not in ("", key):
        there = connector.find(kind.object_type, field, list(missing), [])
        found |= {missing[address].key: record for address, record in there.items()}
    return found


def _linked(newcomer: Newcomer, record: CrmRecord, *, made: bool, refused=()) -> None:
    """From now on it is kept in step like every other one; what both hold is what it was made with."""
    row, connection, kind = newcomer.row, newcomer.row.connection, KINDS[newcomer.row.object_type]
    same = {"connection": connection, "object_type": kind.object_type, "external_id": record.external_id}
    there = ExternalRecord.objects.filter(**same).exclude(state="new").first()
    if there is not None and there.record_id == row.record_id:
        return _finish(row, State.DONE)  # its webhook was quicker
    try:
        link = linking.link(connection, newcomer.record, record.external_id)
    except ValueError:
        return _parked(newcomer, TAKEN.format(crm=connection, noun=kind.noun))
    if made:
        for mapping, wire in newcomer.wires.items():
            if mapping.field not in refused:
                link.agree(mapping.field, crm=wire, ours=newcomer.record.value(mapping.prop))
        link.save(update_fields=["agreed", "sent"])
        delivery.show(link, [m for m in newcomer.wires if m.field not in refused], "in_crm")
    if kind.is_attributed:
        attributed.link(newcomer.record, addresses.in_crm(connection, kind.object_type, record.external_id))
    told = "Was made in" if made else "Was found and linked in"
    audit.note(connection, "making", f"{told} {connection}.", by=row.made_by, link=link)
    refresh([link])
    return _finish(row, State.DONE)


def _failed(newcomer: Newcomer, failure: Failure) -> None:
    row = newcomer.row
    if failure.kind in (FailureKind.VALIDATION, FailureKind.GONE):
        return _parked(newcomer, failure.message)
    old = timezone.now() - row.created_at > retries.GIVE_UP_AFTER
    if old or (failure.kind not in retries.WAITS and row.tries >= retries.MOST_TRIES):
        return _finish(row, State.DEAD, failure.message)
    at = retries.next_try(row.tries, retry_after=failure.retry_after)
    return _later(row, failure.message, at - timezone.now())


def _parked(newcomer: Newcomer, message: str) -> None:
    _finish(newcomer.row, State.PARKED, message)
    delivery.show_record(newcomer.row, newcomer.wires, "refused", message)


def _later(row: OutboxRecord, message: str, wait: timedelta) -> None:
    OutboxRecord.objects.filter(pk=row.pk).update(
        state=State.PENDING, message=message, next_at=timezone.now() + wait, leased_until=None
    )


def _finish(row: OutboxRecord, state: str, message: str = "") -> None:
    OutboxRecord.objects.filter(pk=row.pk).update(
        state=state, message=message, finished_at=timezone.now(), leased_until=None
    )
