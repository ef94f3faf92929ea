"""What happened that people may be told about, whom it was told and why, and what they chose themselves."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from segments.models import Segment
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel, WorkspaceOneToOneField


class Event(WorkspaceModel):
    """Something that happened. What it says is written when it is read, for whoever reads it."""

    kind = models.CharField(max_length=60)
    # What it is about; the kind knows what that is. It may be gone, or out of somebody's sight, by now.
    subject_id = models.UUIDField()
    # Whose people are told. Without one, whoever tells names them.
    partner = WorkspaceForeignKey("workspaces.Partner", models.CASCADE, null=True, related_name="+")
    actor = models.JSONField(default=dict)  # {"kind", "id", "label"}
    facts = models.JSONField(default=dict)
    key = models.CharField(max_length=200)  # the same doing has the same key
    at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField(null=True)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="one_event_per_doing")]
        indexes = [
            models.Index(fields=["workspace", "at"], condition=Q(handled_at=None), name="event_to_tell"),
            models.Index(fields=["workspace", "-at"], name="event_by_moment"),
        ]

    def __str__(self):
        return f"{self.kind} {self.subject_id}"


class Why(models.TextChoices):
    """Why somebody was not told. Blank: they were, or will be."""

    OFF_WORKSPACE = "off_workspace", "Off by default"
    OFF_SEGMENT = "off_segment", "Off in the segment"
    OFF_PERSON = "off_person", "Switched off by themselves"
    MINE_WORKSPACE = "mine_workspace", "Does not collaborate on it, as the defaults ask"
    MINE_SEGMENT = "mine_segment", "Does not collaborate on it, as asked by the segment"
    MINE_PERSON = "mine_person", "Does not collaborate on it, as they chose"
    STOPPED = "stopped", "Unsubscribed from all mails"
    NOT_VISIBLE = "not_visible", "Not allowed to see it"
    OWN_DOING = "own_doing", "Did it themselves"
    NOT_THERE = "not_there", "Has not signed in to the portal"
    CLOSED = "closed", "Not allowed to see it any more when the mail was due"
    READ = "read", "Had read it in the portal before the summary"
    FAILED = "failed", "The mail could not be delivered"


class NoticeQuerySet(models.QuerySet):
    def told(self):
        """Those that stand in the portal."""
        return self.filter(portal_why="")

    def unread(self):
        return self.told().filter(read_at=None)

    def mail_due(self, now):
        return self.filter(mail=Notice.Mail.WAITING, mail_due_at__lte=now)


class Notice(WorkspaceModel):
    """One person and one event: whether they were told in the portal and by mail, and if not, why."""

    class Mail(models.TextChoices):
        NONE = "none", "Not told"
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    event = WorkspaceForeignKey(Event, models.CASCADE, related_name="notices")
    contact = WorkspaceForeignKey("workspaces.Contact", models.CASCADE, related_name="+")
    kind = models.CharField(max_length=60)
    at = models.DateTimeField()
    portal_why = models.CharField(max_length=20, choices=Why, blank=True)
    portal_segment = WorkspaceForeignKey(Segment, models.SET_NULL, null=True, related_name="+")
    read_at = models.DateTimeField(null=True)
    mail = models.CharField(max_length=10, choices=Mail, default=Mail.NONE)
    mail_why = models.CharField(max_length=20, choices=Why, blank=True)
    mail_segment = WorkspaceForeignKey(Segment, models.SET_NULL, null=True, related_name="+")
    mail_in_summary = models.BooleanField(default=False)
    # When it leaves; while a worker has it, until when nobody else takes it.
    mail_due_at = models.DateTimeField(null=True)
    mail_tries = models.PositiveSmallIntegerField(default=0)
    mail_error = models.CharField(max_length=300, blank=True)
    mail_sent_at = models.DateTimeField(null=True)

    objects = WorkspaceManager.from_queryset(NoticeQuerySet)()

    class Meta(WorkspaceModel.Meta):
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "event", "contact"], name="one_notice_per_event_and_contact"
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "contact", "-at"], name="notice_by_contact"),
            models.Index(fields=["workspace", "-at", "-id"], name="notice_by_moment"),
            models.Index(
                fields=["workspace", "mail_due_at"], condition=Q(mail="waiting"), name="notice_to_mail"
            ),
        ]

    def __str__(self):
        return f"{self.kind} for {self.contact_id}"


class Preference(WorkspaceModel):
    """What a contact chose. It only ever narrows what the workspace and its segments leave."""

    class MailMode(models.TextChoices):
        EACH = "each", "A mail for each"
        DAILY = "daily", "One summary a day"

    contact = WorkspaceOneToOneField("workspaces.Contact", models.CASCADE, related_name="+")
    mail_mode = models.CharField(max_length=10, choices=MailMode, default=MailMode.EACH)
    mails_stopped_at = models.DateTimeField(null=True)
    choices = models.JSONField(default=dict)  # {"quotes.changed": {"mail": "off"}}

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "contact"], name="one_preference_per_contact")
        ]

    def __str__(self):
        return f"Notifications of {self.contact_id}"

    def chosen(self, kind, channel):
        return self.choices.get(kind, {}).get(channel)
