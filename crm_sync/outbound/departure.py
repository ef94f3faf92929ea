"""What became of values that were carried to the CRM, noted record by record."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef
from django.utils import timezone

from crm_sync.agreement import delivery
from crm_sync.agreement.refreshing import refresh
from crm_sync.connectors.base import CrmRecord, Failure, FailureKind, WriteResult
from crm_sync.limits import retries
from crm_sync.mapping import codec
from crm_sync.models import Connection, ExternalRecord, OutboxChange
from workspaces.models import PropertyDelivery

State = OutboxChange.State
Shown = PropertyDelivery.State


@dataclass
class Plan:
    """The changes of one record, by what is to be done with them."""

    link: ExternalRecord
    found: CrmRecord | None
    to_write: dict[OutboxChange, str] = field(default_factory=dict)
    there_already: dict[OutboxChange, str] = field(default_factory=dict)
    overruled: list[OutboxChange] = field(default_factory=list)
    unfit: dict[OutboxChange, str] = field(default_factory=dict)
    gone: list[OutboxChange] = field(default_factory=list)
    agreed_before: dict = field(default_factory=dict)

    def values(self) -> dict[str, str]:
        return {change.mapping.field: wire for change, wire in self.to_write.items()}


def note(connection: Connection, plan: Plan, result: WriteResult | None) -> None:
    """In one transaction: the changes' states, what both sides now agree on, and what pages show."""
    plan.agreed_before = plan.link.agreed
    plan.link = ExternalRecord.objects.select_for_update(no_key=True).get(pk=plan.link.pk)
    plan.link.connection = connection
    crm = str(connection)
    for change, theirs in plan.there_already.items():
        _done(plan, change, theirs)
    for change, reason in plan.unfit.items():
        _parked(plan.link, change, reason)
    for change in plan.gone:
        _parked(plan.link, change, f"This {plan.link.object_type} does not exist in {crm}.")
    for change in plan.overruled:
        _finish(plan.link, change, State.SUPERSEDED, Shown.REFUSED, delivery.OVERRULED.format(crm=crm))
    if plan.overruled:
        refresh([plan.link])
    if plan.to_write:
        _note_writes(connection, plan, result)
    plan.link.writing_until = None
    plan.link.save(update_fields=["agreed", "external_updated_at", "writing_until"])


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
            # The CRM may keep a value in a form of its own; that form is what its echo will carry.
            kept = result.record.values.get(name, wire) if result.record else wire
            _done(plan, change, codec.same_form(change.mapping, kept))


def _done(plan: Plan, change: OutboxChange, theirs: str) -> None:
    name, agreed = change.mapping.field, plan.link.agreed
    if agreed.get(name) == plan.agreed_before.get(name):
        agreed[name] = {"crm": theirs, "ours": change.value}
    else:
        # Between our look and our write the CRM's value was changed and taken in: look once more.
        refresh([plan.link])
    _finish(plan.link, change, State.DONE, Shown.IN_CRM)


def _parked(link: ExternalRecord, change: OutboxChange, message: str) -> None:
    _finish(link, change, State.PARKED, Shown.REFUSED, message)


def _failed(link: ExternalRecord, change: OutboxChange, failure: Failure) -> None:
    if failure.kind in (FailureKind.VALIDATION, FailureKind.GONE, FailureKind.SCOPE):
        _parked(link, change, failure.message)
    else:
        _again(link, change, failure)


def _again(link: ExternalRecord, change: OutboxChange, failure: Failure) -> None:
    """Back to waiting, unless a newer value waits already, or it was tried for long enough."""
    waits = failure.kind in retries.WAITS
    old = timezone.now() - change.created_at > retries.GIVE_UP_AFTER
    if old or (not waits and change.tries >= retries.MOST_TRIES):
        return _finish(link, change, State.DEAD, Shown.REFUSED, failure.message)
    newer = OutboxChange.objects.filter(
        state=State.PENDING, link=OuterRef("link"), mapping=OuterRef("mapping")
    )
    mine = OutboxChange.objects.filter(pk=change.pk, state=State.INFLIGHT)
    mine.filter(Exists(newer)).update(state=State.SUPERSEDED, finished_at=timezone.now())
    at = retries.next_try(change.tries, retry_after=failure.retry_after)
    mine.update(state=State.PENDING, next_at=at, message=failure.message)
    return None


def _finish(link: ExternalRecord, change: OutboxChange, state: str, shown: str, message: str = "") -> None:
    mine = OutboxChange.objects.filter(pk=change.pk, state=State.INFLIGHT)
    mine.update(state=state, message=message, finished_at=timezone.now())
    if not _newer_waits(link, change):
        delivery.show(link, [change.mapping], shown, message)


def _newer_waits(link: ExternalRecord, change: OutboxChange) -> bool:
    """A newer edit shows its own way."""
    same = OutboxChange.objects.filter(link=link, mapping=change.mapping, state=State.PENDING)
    return same.exists()
