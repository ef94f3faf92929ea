"""Changes that come with time alone: found by the instants that every evaluation leaves behind."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from segments.engine import counting, definitions, holding, membership
from segments.engine.causes import Cause
from segments.models import ContactState, PartnerState
from workspaces import jobs
from workspaces.models import Contact, Partner

BATCH = 500


@jobs.queue("segments.clock")
def sweep() -> None:
    """Everybody whose instant has come; then the counts."""
    now = timezone.now()
    while _partners_follow(now):
        pass
    while _contacts_follow(now):
        pass
    with jobs.job_transaction():
        counting.fold()
    with jobs.job_transaction():  # not with the counts: who is held up there must not hold up who folds
        holding.settle()


def _partners_follow(now: datetime) -> bool:
    with jobs.job_transaction():
        due = _due(PartnerState, "partner_id", now)
        partners = list(Partner.objects.filter(pk__in=due).only("chunk"))
        if partners:
            membership.reconsider_partners(partners, Cause("time"))
        return len(partners) == BATCH


def _contacts_follow(now: datetime) -> bool:
    with jobs.job_transaction():
        due = _due(ContactState, "contact_id", now)
        contacts = list(Contact.objects.filter(pk__in=due).only("chunk", "partner_id"))
        if contacts:
            membership.reconsider_contacts(contacts, Cause("time"))
        return len(contacts) == BATCH


def _due(states, key: str, now: datetime) -> list[UUID]:
    """Read without locks: those are taken in their order afterwards, and what is due is looked at again."""
    due = states.objects.filter(next_flip_at__lte=now).order_by("next_flip_at")
    return list(due.values_list(key, flat=True)[:BATCH])


def start_over() -> None:
    """The workspace moved to another time zone: every day begins at another instant."""
    now = timezone.now()
    timed = definitions.current().related.timed
    for level, states in (("partner", PartnerState), ("contact", ContactState)):
        kept = Q(facts__has_any_keys=[fact.mark for fact in timed[level]])
        states.objects.filter(kept | Q(next_flip_at__isnull=False)).update(next_flip_at=now)
    jobs.leave_work("segments.clock")
