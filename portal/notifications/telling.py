"""Telling people: who hears of an event, in which channel, and why the others do not. Written down for each."""

from datetime import datetime, time, timedelta

from django.utils import timezone

from portal.notifications.choosing import why_not
from portal.notifications.models import Notice, Preference, Why
from portal.notifications.sources import SOURCES
from segments import live
from segments.models import Channel
from segments.notifications import Policy
from workspaces.jobs import leave_work
from workspaces.models import Contact, Workspace
from workspaces.tenancy import current_workspace_id

MAIL_QUEUE = "notifications.mail"
SUMMARY_HOUR = 8  # where the workspace is
BATCH = 2000


def tell(event, viewers, *, may_see=None):
    """Decides for every viewer and writes it down, once and for all: who has a notice of this event keeps it.

    `may_see`: ids of the contacts whom the gates let see it now, where the caller has asked already.
    """
    source = SOURCES.get(event.kind)
    if source is None or not viewers:
        return
    told = _Telling(event, source, viewers, may_see)
    notices = [told.notice(viewer) for viewer in viewers]
    Notice.objects.bulk_create(notices, batch_size=BATCH, ignore_conflicts=True)
    live.announce([notice.contact_id for notice in notices if not notice.portal_why])
    for due_at in {notice.mail_due_at for notice in notices if notice.mail_due_at}:
        leave_work(MAIL_QUEUE, at=due_at)


class _Telling:
    """One event, with all that decides about it, loaded once."""

    def __init__(self, event, source, viewers, may_see):
        self.event, self.source, self.may_see = event, source, may_see
        self.policy = Policy()
        self.collaborators = set(source.collaborators(event))
        chosen = Preference.objects.filter(contact__in=[viewer.contact for viewer in viewers])
        self.preferences = {preference.contact_id: preference for preference in chosen}
        self.now = timezone.now()
        self.summary_at = next_summary(self.now, Workspace.objects.get(pk=current_workspace_id()).zone)

    def notice(self, viewer):
        contact = viewer.contact
        preference = self.preferences.get(contact.pk) or Preference(contact=contact)
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
        decision = self.policy.decide(kind, channel.value, viewer.segment_ids, chosen=chosen)
        why = why_not(decision, collaborates=viewer.contact.pk in self.collaborators)
        return why, decision.segment if why else None

    def _address(self, notice, preference):
        notice.mail = Notice.Mail.WAITING
        notice.mail_in_summary = preference.mail_mode == Preference.MailMode.DAILY
        notice.mail_due_at = self.summary_at if notice.mail_in_summary else self.now


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
