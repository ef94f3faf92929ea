"""Telling people: who hears of an event, in which channel, and why the others do not. Written down for each."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from django.utils import timezone

from portal.notifications.choosing import why_not
from portal.notifications.models import Event, Notice, Preference, Why
from portal.notifications.sources import SOURCES
from segments import live
from segments.models import Channel
from segments.notifications import Policy
from segments.viewer import Viewer
from workspaces.jobs import leave_work
from workspaces.models import Contact, Workspace
from workspaces.tenancy import current_workspace_id

MAIL_QUEUE = "notifications.mail"
SUMMARY_HOUR = 8  # where the workspace is
BATCH = 2000


@dataclass(frozen=True)
class News:
    """An event, and those who may have to hear of it."""

    event: Event
    viewers: list[Viewer]
    # Ids of the contacts whom the gates let see it now, where whoever tells has asked already.
    may_see: Collection[UUID] | None = None


def tell(*news):
    """Decides for every viewer and writes it down, once and for all: who has a notice of an event keeps it."""
    known = [one for one in news if one.viewers and one.event.kind in SOURCES]
    if not known:
        return
    settings = _Settings({viewer.contact.pk for one in known for viewer in one.viewers})
    notices = [notice for one in known for notice in _Telling(one, settings).notices()]
    Notice.objects.bulk_create(notices, batch_size=BATCH, ignore_conflicts=True)
    live.announce({notice.contact_id for notice in notices if not notice.portal_why})
    for due_at in {notice.mail_due_at for notice in notices if notice.mail_due_at}:
        leave_work(MAIL_QUEUE, at=due_at)


class _Settings:
    """What the workspace, its segments and these contacts say, loaded once."""

    def __init__(self, contact_ids):
        self.policy = Policy()
        chosen = Preference.objects.filter(contact__in=contact_ids)
        self._preferences = {preference.contact_id: preference for preference in chosen}
        self.now = timezone.now()
        self.summary_at = next_summary(self.now, Workspace.objects.get(pk=current_workspace_id()).zone)

    def of(self, contact):
        return self._preferences.get(contact.pk) or Preference(contact=contact)


class _Telling:
    """One event, decided for one after the other."""

    def __init__(self, news, settings):
        self.event, self.viewers, self.may_see = news.event, news.viewers, news.may_see
        self.settings, self.source = settings, SOURCES[news.event.kind]
        self.collaborators = set(self.source.collaborators(news.event))

    def notices(self):
        return [self._notice(viewer) for viewer in self.viewers]

    def _notice(self, viewer):
        contact = viewer.contact
        preference = self.settings.of(contact)
        notice = Notice(event=self.event, contact=contact, kind=self.event.kind, at=self.event.at)
        if barred := self._barred(viewer):
            notice.portal_why = notice.mail_why = barred
            return notice
        notice.portal_why, notice.portal_segment = self._asked(viewer, preference, Channel.PORTAL)
        notice.mail_why, notice.mail_segment = self._asked(viewer, preference, Channel.MAIL)
        if not notice.mail_why:
            self._address(notice, preference)
        return notice

    def _barred(self, viewer):
        """What no setting can change."""
        contact, actor = viewer.contact, self.event.actor
        if actor.get("kind") == "contact" and actor.get("id") == str(contact.pk):
            return Why.OWN_DOING
        if not is_there(contact):
            return Why.NOT_THERE
        if self.may_see is not None:
            return "" if contact.pk in self.may_see else Why.NOT_VISIBLE
        return "" if self.source.shown(viewer, [self.event]) else Why.NOT_VISIBLE

    def _asked(self, viewer, preference, channel):
        """(why not, the segment that says so)."""
        if channel == Channel.MAIL and preference.mails_stopped_at:
            return Why.STOPPED, None
        kind = self.source.kind
        chosen = preference.chosen(kind.key, channel.value)
        decision = self.settings.policy.decide(kind, channel.value, viewer.segment_ids, chosen=chosen)
        why = why_not(decision, collaborates=viewer.contact.pk in self.collaborators)
        return why, decision.segment if why else None

    def _address(self, notice, preference):
        notice.mail = Notice.Mail.WAITING
        notice.mail_in_summary = preference.mail_mode == Preference.MailMode.DAILY
        notice.mail_due_at = self.settings.summary_at if notice.mail_in_summary else self.settings.now


def is_there(contact):
    """Whether they use the portal: invited people hear nothing before they came, suspended ones nothing more."""
    return contact.status == Contact.Status.ACTIVE and contact.user_id is not None


def next_summary(now, zone):
    """The next morning's hour, by the clock of the workspace."""
    local = now.astimezone(zone)
    at = datetime.combine(local.date(), time(SUMMARY_HOUR), tzinfo=zone)
    return (
        at
        if at > local
        else datetime.combine(local.date() + timedelta(days=1), time(SUMMARY_HOUR), tzinfo=zone)
    )
