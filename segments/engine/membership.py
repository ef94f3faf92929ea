"""Keeps memberships in step with properties: in the same transaction, under the locks that are already held.

The locks of a change (workspaces.locks) are taken before anything is written. After them, here: the shared
lock of the definitions, then the state rows. Everything that decides is read after its lock.
"""

from collections.abc import Callable
from uuid import UUID

from django.dispatch import receiver
from django.utils import timezone

from segments.engine import definitions, fanout, history, rollups
from segments.engine.causes import Cause
from segments.engine.definitions import RuleSet
from segments.engine.evaluation import Evaluation
from segments.engine.history import Change
from segments.models import PartnerState
from segments.rules.moments import Moment
from segments.rules.tree import Place
from workspaces import jobs, locks
from workspaces.models import Contact
from workspaces.signals import RecordChange, record_changed

BATCH = 500


def record(changes: list[Change]) -> None:
    """The log with the counts, and the news for open pages."""
    if changes:
        history.write(changes)


def begin(level: str, known: RuleSet | None = None) -> Evaluation:
    """The definitions as they are now. Who calls holds the locks of a change, and so the definitions too; `known`: as
    they were found under these."""
    found = known or definitions.current()
    return Evaluation(level, found, Moment(timezone.now(), found.zone))


@receiver(record_changed)
def follow(sender, changes: list[RecordChange], **kwargs) -> None:
    if changes[0].level == "contact":
        follow_contacts(changes)
    elif changes[0].level == "partner":
        follow_partners(changes)


def follow_contacts(changes: list[RecordChange]) -> None:
    evaluation = begin("contact", changes[0].known)
    rollups.of_contacts(changes, evaluation.of_level("partner"))
    by_id = {change.record.pk: change for change in changes}
    subjects = evaluation.lock(by_id)
    renewed = evaluation.renew_facts(subjects, by_id)
    for subject in subjects:
        change = by_id[subject.id]
        everything = change.created or change.old_partner_id is not None
        changed = None if everything else _places(change, renewed)
        evaluation.reconsider(subject, changed, Cause.of_change(change))
    evaluation.write(subjects)


def follow_partners(changes: list[RecordChange]) -> None:
    evaluation = begin("partner")
    by_id = {change.record.pk: change for change in changes}
    subjects = evaluation.lock(by_id)
    renewed = evaluation.renew_facts(subjects, by_id)
    for subject in subjects:
        change = by_id[subject.id]
        changed = None if change.created else _places(change, renewed)
        evaluation.reconsider(subject, changed, Cause.of_change(change))
    evaluation.write(subjects)


def _places(change: RecordChange, renewed: dict[UUID, set[Place]]) -> list[Place]:
    return [*(("self", number) for number in change.values), *renewed.get(change.record.pk, ())]


@jobs.queue(fanout.QUEUE)
def drain_fanout() -> None:
    """Contacts of partners that have too many to follow at once."""
    while _next_batch_follows():
        pass


def _next_batch_follows() -> bool:
    with jobs.job_transaction():
        state = PartnerState.objects.filter(behind=True).select_related("partner").first()
        if state is None:
            return False
        behind = _behind(state)
        if behind:
            reconsider_contacts(behind, Cause.from_json(state.fanout_cause or {}))
        else:
            _settle(state)
        return True


def _behind(state: PartnerState) -> list[Contact]:
    contacts = Contact.objects.filter(partner=state.partner).only("chunk", "partner_id")
    stale = contacts.exclude(segment_state__fanout=state.fanout).order_by("pk")
    return list(stale[:BATCH])


def _settle(state: PartnerState) -> None:
    """Under the partner's own lock nobody raises the number meanwhile."""
    locks.lock_for_partners([state.partner])
    state.refresh_from_db()
    if not _behind(state):
        state.behind = False
        state.fanout_cause = None
        state.save(update_fields=["behind", "fanout_cause"])


def reconsider_contacts(contacts: list[Contact], cause: Cause) -> None:
    """Takes the locks of a change and evaluates everything anew."""
    _reconsider("contact", contacts, cause, lambda: locks.lock_for_contacts(contacts))


def reconsider_partners(partners: list, cause: Cause) -> None:
    _reconsider("partner", partners, cause, lambda: locks.lock_for_partners(partners))


def _reconsider(level: str, records: list, cause: Cause, take_locks: Callable[[], None]) -> None:
    take_locks()
    evaluation = begin(level)
    subjects = evaluation.lock([record.pk for record in records])
    at_partner = {record.pk: getattr(record, "partner_id", record.pk) for record in records}
    # Who moved before the lock was there has been evaluated by the move, and the new partner is not locked.
    subjects = [subject for subject in subjects if subject.partner_id == at_partner[subject.id]]
    for subject in subjects:
        evaluation.reconsider(subject, None, cause)
    evaluation.write(subjects)
