"""What became of values that were carried to the CRM, noted record by record."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from crm_sync.agreement import delivery
from crm_sync.agreement.refreshing import refresh
from crm_sync.breaker.counting import Gate
from crm_sync.connectors.base import WriteResult
from crm_sync.connectors.failures import Failure, FailureKind
from crm_sync.inbound import lifecycle, merging
from crm_sync.limits import retries
from crm_sync.mapping import codec
from crm_sync.models import Connection, ExternalRecord, OutboxChange
from crm_sync.models.mass_changes import Way
from crm_sync.outbound.planning import Plan
from workspaces.models import PropertyDelivery

State = OutboxChange.State
Shown = PropertyDelivery.State
GONE = "This {noun} was deleted in {crm}."
HELD_WAIT = timedelta(minutes=5)  # until it is looked at again whether the CRM's own change is still held
STALE_SECONDS = 2.0  # the CRM's copies are a moment behind each other


def note(connection: Connection, plan: Plan, result: WriteResult | None) -> None:
    """In one transaction: the changes' states, what both sides now agree on, and what pages show."""
    plan.link.connection = connection
    if plan.moved and plan.found is not None:
        return _follow_merge(connection, plan, plan.found.external_id)
    record = None
    if plan.clashing:  # the merge takes the locks of a change, which come before ours
        plan.link, record = merging.locked(plan.link)
    else:
        plan.link = ExternalRecord.objects.select_for_update(no_key=True).get(pk=plan.link.pk)
        plan.link.connection = connection
    for change, theirs in plan.there_already.items():
        _done(plan, change, theirs)
    for change, reason in plan.unfit.items():
        _parked(plan.link, change, reason)
    for change in plan.gone:
        _parked(plan.link, change, GONE.format(noun=plan.link.object_type, crm=connection))
    for change, reason in plan.held.items():
        _held(plan.link, change, reason)
    for change in plan.too_early:
        _later(change, STALE_SECONDS)
    if plan.to_write:
        _note_writes(connection, plan, result)
    plan.link.writing_until = None
    plan.link.save(update_fields=["agreed", "sent", "external_updated_at", "writing_until"])
    if plan.clashing:
        _decide(connection, plan, record)
    return None


def _follow_merge(connection: Connection, plan: Plan, survivor: str) -> None:
    """The link goes to the survivor, and the edits after it: or nowhere, where another partner has it."""
    for change in plan.moved:
        _later(change, 0.0)
    ExternalRecord.objects.filter(pk=plan.link.pk).update(writing_until=None)
    lifecycle.merged(connection, plan.link.object_type, survivor, [plan.link.external_id])


def _decide(connection: Connection, plan: Plan, record) -> None:
    """The CRM's value was changed too: the merge decides, and what it keeps of ours goes in the next pass."""
    for change in plan.clashing:
        _again_unless_replaced(change, timezone.now())
    mappings = [change.mapping for change in plan.clashing]
    if plan.found is not None and not merging.is_stale(plan.link, plan.found):
        gate = Gate(connection, plan.link.object_type, Way.IN)
        outcome = merging.merge_record(
            plan.link, record, plan.found, mappings, None, gate=gate, complete=False
        )
        held = [change.pk for change in plan.clashing if change.mapping.field in outcome.held]
        waiting = OutboxChange.objects.filter(pk__in=held, state=State.PENDING)
        waiting.update(next_at=timezone.now() + HELD_WAIT)


def postpone(connection: Connection, changes: Mapping[ExternalRecord, list[OutboxChange]], failure: Failure):
    """Nothing was written, or nobody knows: the same values go again later."""
    retries.rest(connection, failure)
    for link, of_link in changes.items():
        for change in of_link:
            _again(link, change, failure)
    ExternalRecord.objects.filter(pk__in=[link.pk for link in changes]).update(writing_until=None)


def _note_writes(connection: Connection, plan: Plan, result: WriteResult | None) -> None:
    missing = Failure(FailureKind.UNKNOWN, f"{connection} did not say what became of this change.")
    result = result or WriteResult(plan.link.external_id, failure=missing)
    if result.record and result.record.updated_at:
        seen = plan.link.external_updated_at
        plan.link.external_updated_at = max(filter(None, [seen, result.record.updated_at]))
    if result.failure:
        retries.rest(connection, result.failure)
    for change, wire in plan.to_write.items():
        name = change.mapping.field
        if name in result.refused:
            _parked(plan.link, change, result.refused[name])
        elif result.failure:
            _failed(plan.link, change, result.failure)
        else:
            kept = result.record.values.get(name, wire) if result.record else wire
            rewritten = _rewritten(plan, change, wire, kept)
            agreed = wire if rewritten else codec.same_form(change.mapping, kept)
            _done(plan, change, agreed, over=_over(plan, change, result))


def _over(plan: Plan, change: OutboxChange, result: WriteResult) -> dict[str, str] | None:
    """Between our look and our write somebody may have changed it; their event names the value (inbound/told.py)."""
    looked, wrote = plan.found and plan.found.updated_at, result.record and result.record.updated_at
    if not (looked and wrote) or plan.found is None:
        return None
    base = codec.same_form(change.mapping, plan.found.values.get(change.mapping.field, ""))
    return {"base": base, "from": looked.isoformat(), "to": wrote.isoformat()}


def _done(plan: Plan, change: OutboxChange, theirs: str, *, over: dict[str, str] | None = None) -> None:
    """Both sides hold the same, unless the CRM made something else of it: then its form is taken in."""
    name, link = change.mapping.field, plan.link
    if link.agreed.get(name) == plan.agreed_before.get(name):
        link.agree(name, crm=theirs, ours=change.value, over=over)
    else:
        # Between our look and our write the CRM's value was changed and taken in: look once more.
        refresh([link])
    _finish(link, change, State.DONE, Shown.IN_CRM)


def _rewritten(plan: Plan, change: OutboxChange, wire: str, kept: str) -> bool:
    """Whether the CRM keeps another value than it was given; that is its change, and comes in as one."""
    if codec.same_form(change.mapping, kept) == wire:
        return False
    refresh([plan.link])
    return True


def _parked(link: ExternalRecord, change: OutboxChange, message: str) -> None:
    link.sent.pop(change.mapping.field, None)
    _finish(link, change, State.PARKED, Shown.REFUSED, message)


def _held(link: ExternalRecord, change: OutboxChange, message: str) -> None:
    link.sent.pop(change.mapping.field, None)
    mine = OutboxChange.objects.filter(pk=change.pk, state=State.INFLIGHT)
    mine.update(state=State.HELD, message=message)
    if not _newer_waits(link, change):
        delivery.show(link, [change.mapping], Shown.SAVED)


def _failed(link: ExternalRecord, change: OutboxChange, failure: Failure) -> None:
    if failure.kind in (FailureKind.VALIDATION, FailureKind.GONE, FailureKind.SCOPE):
        _parked(link, change, _blamed(failure))
    elif failure.kind == FailureKind.CONFLICT:
        _later(change, 0.0)  # somebody changed the record since our look: look and decide again
    else:
        _again(link, change, failure)


def _blamed(failure: Failure) -> str:
    """Which field the CRM is about, where it is none of those that were written: it may ask for another one."""
    others = [name for name in failure.properties if name not in failure.message]
    return f"{failure.message} ({', '.join(others)})" if others else failure.message


def _again(link: ExternalRecord, change: OutboxChange, failure: Failure) -> None:
    """Back to waiting, unless a newer value waits already, or it was tried for long enough."""
    waits = failure.kind in retries.WAITS
    old = timezone.now() - change.created_at > retries.GIVE_UP_AFTER
    if old or (not waits and change.tries >= retries.MOST_TRIES):
        return _finish(link, change, State.DEAD, Shown.REFUSED, failure.message)
    at = retries.next_try(change.tries, retry_after=failure.retry_after)
    return _again_unless_replaced(change, at, message=failure.message)


def _later(change: OutboxChange, seconds: float) -> None:
    """Nothing was tried: the same again in a moment, and it does not count."""
    at = timezone.now() + timedelta(seconds=seconds)
    _again_unless_replaced(change, at, tries=max(0, change.tries - 1))


def _again_unless_replaced(change: OutboxChange, at: datetime, **noted) -> None:
    newer = OutboxChange.objects.filter(
        state=State.PENDING, link=OuterRef("link"), mapping=OuterRef("mapping")
    )
    mine = OutboxChange.objects.filter(pk=change.pk, state=State.INFLIGHT)
    mine.filter(Exists(newer)).update(state=State.SUPERSEDED, finished_at=timezone.now())
    mine.update(state=State.PENDING, next_at=at, **noted)


def _finish(link: ExternalRecord, change: OutboxChange, state: str, shown: str, message: str = "") -> None:
    mine = OutboxChange.objects.filter(pk=change.pk, state=State.INFLIGHT)
    mine.update(state=state, message=message, finished_at=timezone.now())
    if not _newer_waits(link, change):
        delivery.show(link, [change.mapping], shown, message)


def _newer_waits(link: ExternalRecord, change: OutboxChange) -> bool:
    """A newer edit shows its own way."""
    same = OutboxChange.objects.filter(link=link, mapping=change.mapping, state=State.PENDING)
    return same.exists()
