"""Mails leave from a job: claimed for a while, asked about once more, sent without an open transaction, noted.

A worker that dies between the claim and the mail loses nothing: the claim runs out. One that dies between the
mail and the note sends it again under the same Message-ID.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import F
from django.urls import get_script_prefix
from django.utils import timezone

from portal.notifications import choosing, unsubscribing
from portal.notifications.models import Notice, Preference, Why
from portal.notifications.sources import SOURCES, Shown, shown_to
from portal.notifications.telling import MAIL_QUEUE, is_there
from segments.models import Channel
from segments.notifications import Policy
from segments.viewer import viewer_of
from workspaces import jobs, mailing
from workspaces.invitations import portal_address
from workspaces.models import Contact, Workspace

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=2)  # far longer than a mail server may take
MOST_TRIES = 8
MOST_PASSES = 500
LISTED = 50  # of a summary; it says how many more there are


@dataclass(frozen=True)
class Line:
    notice: Notice
    shown: Shown
    address: str
    group: str


@dataclass(frozen=True)
class Letter:
    """One mail to one person, and the notices that it carries."""

    contact: Contact
    workspace: Workspace
    lines: list[Line]
    summary: bool

    @property
    def headers(self):
        kind = None if self.summary else self.lines[0].notice.kind
        host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
        return {
            "Message-ID": f"<{self.lines[0].notice.pk}@{host}>",
            "Auto-Submitted": "auto-generated",
            "List-Unsubscribe": f"<{unsubscribing.address(self.contact, self.workspace, kind=kind)}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }

    def context(self):
        base = portal_address(self.workspace)
        kind = None if self.summary else self.lines[0].notice.kind
        return {
            "contact": self.contact,
            "lines": self.lines[:LISTED],
            "more": max(0, len(self.lines) - LISTED),
            "count": len(self.lines),
            "all_address": f"{base}notifications/",
            "settings_address": f"{base}notifications/settings/",
            "unsubscribe_address": unsubscribing.address(self.contact, self.workspace, kind=kind),
        }


@jobs.queue(MAIL_QUEUE)
def drain():
    for _ in range(MOST_PASSES):
        with jobs.job_transaction():
            claimed = claim()
        if not claimed:
            break
        _carry(claimed)
    with jobs.job_transaction():
        return _next_due()


def _carry(claimed):
    """What cannot be written or sent is tried again later, and keeps no other mail waiting."""
    try:
        with jobs.job_transaction():
            letter = compose(claimed)
        if letter:
            deliver(letter)
    except Exception as error:
        log.warning("A notification could not be mailed", exc_info=error)
        with jobs.job_transaction():
            _failed(claimed, error)
    else:
        with jobs.job_transaction():
            sent = _of(claimed).filter(mail=Notice.Mail.WAITING)
            sent.update(mail=Notice.Mail.SENT, mail_sent_at=timezone.now(), mail_due_at=None, mail_error="")


def claim():
    """What leaves as one mail next: a single notice, or all that wait for one person's summary."""
    now = timezone.now()
    due = Notice.objects.mail_due(now).order_by("mail_due_at", "pk")
    claimed = _single(due.filter(mail_in_summary=False)) or _summary(due.filter(mail_in_summary=True))
    _of(claimed).update(mail_due_at=now + LEASE, mail_tries=F("mail_tries") + 1)
    return claimed


def _single(due):
    return list(due.select_for_update(skip_locked=True, no_key=True)[:1])


def _summary(due):
    """Under the lock of the person's choices, so that two workers do not each send half of it."""
    waiting = Preference.objects.filter(contact__in=due.order_by().values("contact")).order_by("pk")
    person = waiting.select_for_update(skip_locked=True, no_key=True).first()
    if person is None:
        return []
    return list(due.filter(contact=person.contact_id).select_for_update(no_key=True))


def compose(claimed):
    """Asks settings and gates once more; None where nothing is left to say."""
    contact = Contact.objects.select_related("partner", "workspace").get(pk=claimed[0].contact_id)
    notices = list(_of(claimed).select_related("event").order_by("kind", "-at", "-pk"))
    viewer = viewer_of(contact)
    shown = shown_to(viewer, [notice.event for notice in notices])
    asked = _Asked(viewer)
    lines = []
    for notice in notices:
        if why := asked.why_not(notice, seen=notice.event_id in shown):
            Notice.objects.filter(pk=notice.pk).update(mail=Notice.Mail.NONE, mail_why=why, mail_due_at=None)
        else:
            lines.append(_line(notice, shown[notice.event_id], contact.workspace))
    return Letter(contact, contact.workspace, lines, claimed[0].mail_in_summary) if lines else None


class _Asked:
    """What has changed since the person was to be told."""

    def __init__(self, viewer):
        self.viewer, self.policy = viewer, Policy()
        self.preference = choosing.preference_of(viewer.contact)

    def why_not(self, notice, *, seen):
        if not is_there(self.viewer.contact):
            return Why.NOT_THERE
        if not seen:
            return Why.CLOSED
        if self.preference.mails_stopped_at:
            return Why.STOPPED
        if notice.mail_in_summary and notice.read_at:
            return Why.READ
        source = SOURCES[notice.kind]
        chosen = self.preference.chosen(notice.kind, Channel.MAIL.value)
        decision = self.policy.decide(source.kind, Channel.MAIL.value, self.viewer.segment_ids, chosen=chosen)
        mine = self.viewer.contact.pk in source.collaborators(notice.event)
        return choosing.why_not(decision, collaborates=mine)


def deliver(letter):
    """Without an open transaction: the mail server takes its time."""
    template = "emails/notification_summary" if letter.summary else "emails/notification"
    address, workspace = letter.contact.email, letter.workspace
    mailing.send_now(template, address, letter.context(), workspace=workspace, headers=letter.headers)


def _failed(claimed, error):
    """Again later, longer and longer; at last it is given up, and the ledger says so."""
    notices = _of(claimed).filter(mail=Notice.Mail.WAITING)
    tries = max(notices.values_list("mail_tries", flat=True), default=MOST_TRIES)
    reason = str(error)[:300] or type(error).__name__
    if tries >= MOST_TRIES or _for_good(error):
        notices.update(mail=Notice.Mail.FAILED, mail_why=Why.FAILED, mail_error=reason, mail_due_at=None)
    else:
        wait = timedelta(minutes=2 ** (tries - 1))
        notices.update(mail_due_at=timezone.now() + wait, mail_error=reason)


def _for_good(error):
    """The server does not know the address; "not now" is another answer."""
    refused = error.recipients.values() if isinstance(error, SMTPRecipientsRefused) else []
    return bool(refused) and all(code >= 500 for code, _ in refused)


def _line(notice, shown, workspace):
    path = shown.url.removeprefix(get_script_prefix())
    group = SOURCES[notice.kind].kind.group
    return Line(notice, shown, portal_address(workspace) + path, group)


def _of(notices):
    return Notice.objects.filter(pk__in=[notice.pk for notice in notices])


def _next_due():
    waiting = Notice.objects.filter(mail=Notice.Mail.WAITING).order_by("mail_due_at")
    return waiting.values_list("mail_due_at", flat=True).first()
