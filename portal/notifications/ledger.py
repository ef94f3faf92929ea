"""For the team: who was told what, how, and why not. Answers "why did I (not) get this"."""

from dataclasses import dataclass

from django.db.models import Q

from portal.notifications.models import Notice, Why
from portal.notifications.sources import names_of
from segments.notifications import KINDS

OUTCOMES = {
    "portal": Q(portal_why=""),
    "mailed": Q(mail=Notice.Mail.SENT),
    "waiting": Q(mail=Notice.Mail.WAITING),
    "failed": Q(mail=Notice.Mail.FAILED),
    "not_told": ~Q(portal_why="") & Q(mail=Notice.Mail.NONE),
}


@dataclass(frozen=True)
class Entry:
    notice: Notice
    about: str

    @property
    def label(self):
        kind = KINDS.get(self.notice.kind)
        return kind.label if kind else self.notice.kind

    @property
    def by(self):
        """A person; what the portal does by itself needs no name."""
        actor = self.notice.event.actor
        return actor.get("label", "") if actor.get("kind") in {"contact", "team"} else ""

    @property
    def portal_reason(self):
        return _reason(self.notice.portal_why, self.notice.portal_segment)

    @property
    def mail_reason(self):
        return _reason(self.notice.mail_why, self.notice.mail_segment) or self.notice.mail_error


def _reason(why, segment):
    if not why:
        return ""
    words = Why(why).label
    if why in (Why.OFF_SEGMENT, Why.MINE_SEGMENT):
        words = f"{words} “{segment}”" if segment else f"{words}, which is gone"
    return words


def find(filters):
    """Newest first, narrowed by DeliveryFilters."""
    asked = filters.cleaned_data
    notices = Notice.objects.select_related("event", "contact__partner", "portal_segment", "mail_segment")
    if asked.get("q"):
        text = asked["q"]
        person = Q(contact__name__icontains=text) | Q(contact__email__icontains=text)
        notices = notices.filter(person | Q(contact__partner__name__icontains=text))
    if asked.get("contact"):
        notices = notices.filter(contact=asked["contact"])
    if asked.get("kind"):
        notices = notices.filter(kind=asked["kind"])
    if asked.get("outcome"):
        notices = notices.filter(OUTCOMES[asked["outcome"]])
    return notices


def entries(notices):
    notices = list(notices)
    about = names_of([notice.event for notice in notices])
    return [Entry(notice, about.get(notice.event_id, "")) for notice in notices]
