"""What happened is noted with its cause; a worker then tells the people of the partner."""

import logging
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from portal.notifications import telling
from portal.notifications.models import Event
from segments.viewers import viewers_of
from workspaces import jobs
from workspaces.actors import SYSTEM, Actor
from workspaces.models import Contact, Workspace
from workspaces.tenancy import current_workspace_id

log = logging.getLogger(__name__)
QUEUE = "notifications.events"
MOST_PASSES = 500
AT_ONCE = 500  # contacts a transaction
ONCE_IN = 3600  # seconds: saving a draft ten times is one piece of news


@dataclass(frozen=True)
class Doing:
    """Somebody did something that people of a partner may hear of.

    What the same person does to the same thing (`about` tells apart what) counts once an hour, or `once` for ever.
    """

    kind: str
    subject_id: UUID
    partner_id: UUID
    by: Actor
    about: str = ""
    once: bool = False
    facts: dict = field(default_factory=dict)

    def event(self, *, at, team):
        facts = {**self.facts, "team": team} if self.by.kind == "team" else self.facts
        hour = "" if self.once else f"{self.by.kind}:{self.by.id}:{int(at.timestamp()) // ONCE_IN}"
        mark = sha256(f"{self.about}|{hour}".encode()).hexdigest()[:32]
        return _event(
            self.kind, self.subject_id, mark, self.by, at=at, partner_id=self.partner_id, facts=facts
        )


def note(*doings):
    """Notes events in the transaction of their cause; nobody is told yet."""
    now, team = timezone.now(), ""
    if any(doing.by.kind == "team" for doing in doings):
        team = Workspace.objects.get(pk=current_workspace_id()).name
    _write([doing.event(at=now, team=team) for doing in doings])
    jobs.leave_work(QUEUE)


def happened(kind, openings):
    """Events whose people the caller tells itself, in the same transaction, for (subject, mark, moment) of each."""
    now = timezone.now()
    events = [
        _event(kind, subject_id, mark, SYSTEM, at=min(at, now), handled_at=now)
        for subject_id, mark, at in openings
    ]
    _write(events)
    known = {event.key: event for event in Event.objects.filter(key__in=[event.key for event in events])}
    return [known[event.key] for event in events]


def _event(kind, subject_id, mark, by, **fields):
    actor = {"kind": by.kind, "id": by.id, "label": by.label}
    key = f"{kind}:{subject_id}:{mark}"
    return Event(kind=kind, subject_id=subject_id, key=key, actor=actor, **fields)


def _write(events):
    Event.objects.bulk_create(events, ignore_conflicts=True, batch_size=1000)


@jobs.queue(QUEUE)
def drain():
    """An event that cannot be told keeps its note, and does not keep the others from being told."""
    failed: dict = {}
    for _ in range(MOST_PASSES):
        with jobs.job_transaction():
            if not _next_event(failed):
                break
    else:
        with jobs.job_transaction():
            jobs.leave_work(QUEUE)
    for error in failed.values():
        raise error


def _next_event(failed):
    """Tells some of the people of one event; it is handled once all of them have their notice."""
    waiting = Event.objects.filter(handled_at=None).exclude(pk__in=failed).order_by("at", "pk")
    event = waiting.select_for_update(skip_locked=True, no_key=True).first()
    if event is None:
        return False
    try:
        with transaction.atomic():
            _tell(event)
    except Exception as error:
        log.exception("An event could not be told: %s", event)
        failed[event.pk] = error
    return True


def _tell(event):
    people = Contact.objects.filter(partner=event.partner_id).exclude(status=Contact.Status.SUSPENDED)
    untold = people.exclude(pk__in=event.notices.values("contact")).select_related("partner").order_by("pk")
    contacts = list(untold[:AT_ONCE])
    telling.tell(telling.News(event, viewers_of(contacts)))
    if len(contacts) < AT_ONCE:
        event.handled_at = timezone.now()
        event.save(update_fields=["handled_at"])
