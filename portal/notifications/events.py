"""What happened is noted with its cause; a worker then tells the people of the partner."""

from django.utils import timezone

from portal.notifications import telling
from portal.notifications.models import Event
from segments.viewers import viewers_of
from workspaces import jobs
from workspaces.actors import SYSTEM
from workspaces.models import Contact, Workspace
from workspaces.tenancy import current_workspace_id

QUEUE = "notifications.events"
MOST_PASSES = 500
AT_ONCE = 500  # contacts a transaction
ONCE_IN = 3600  # seconds: saving a draft ten times is one piece of news


def note(kind, *, subject_id, partner_id, by, about="", once=False, facts=None):
    """Notes an event in the transaction of its cause; nobody is told yet.

    What the same person does to the same thing (`about` tells apart what) counts once an hour, or `once` for ever.
    """
    now = timezone.now()
    facts = dict(facts or {})
    if by.kind == "team":
        facts["team"] = Workspace.objects.get(pk=current_workspace_id()).name
    hour = "" if once else f"{by.id or by.kind}:{int(now.timestamp()) // ONCE_IN}"
    key = f"{kind}:{subject_id}:{about}:{hour}"
    _write(Event(kind=kind, subject_id=subject_id, partner_id=partner_id, facts=facts, key=key, at=now), by)
    jobs.leave_work(QUEUE)


def happened(kind, *, subject_id, key, at):
    """An event whose people the caller tells itself, in the same transaction."""
    key = f"{kind}:{subject_id}:{key}"
    _write(Event(kind=kind, subject_id=subject_id, key=key, at=at, handled_at=timezone.now()), SYSTEM)
    return Event.objects.get(key=key)


def _write(event, by):
    event.actor = {"kind": by.kind, "id": by.id, "label": by.label}
    Event.objects.bulk_create([event], ignore_conflicts=True)


@jobs.queue(QUEUE)
def drain():
    for _ in range(MOST_PASSES):
        with jobs.job_transaction():
            if not _next_event():
                return
    with jobs.job_transaction():
        jobs.leave_work(QUEUE)


def _next_event():
    """Tells some of the people of one event; it is handled once all of them have their notice."""
    waiting = Event.objects.filter(handled_at=None).order_by("at", "pk")
    event = waiting.select_for_update(skip_locked=True, no_key=True).first()
    if event is None:
        return False
    people = Contact.objects.filter(partner=event.partner_id).exclude(status=Contact.Status.SUSPENDED)
    untold = people.exclude(pk__in=event.notices.values("contact")).select_related("partner").order_by("pk")
    contacts = list(untold[:AT_ONCE])
    telling.tell(event, viewers_of(contacts))
    if len(contacts) < AT_ONCE:
        event.handled_at = timezone.now()
        event.save(update_fields=["handled_at"])
    return True
