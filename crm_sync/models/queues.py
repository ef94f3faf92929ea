from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm_sync.models.connection import Connection, FieldMapping
from crm_sync.models.records import ExternalRecord
from workspaces.display import Display
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel

# The queues of workspaces.jobs.
INBOX, OUTBOX, SWEEPS, SCHEMA = "crm.inbox", "crm.outbox", "crm.sweeps", "crm.schema"
# What a process of an older version still leaves notes for, while it is being replaced.
FORMER_INBOX, FORMER_OUTBOX = "hubspot.inbox", "hubspot.outbox"
MASS_CHANGES = "crm.mass_changes"
REFRESH = "portal.refresh"  # our own wish to read a record; the CRM did not call


class QueueQuerySet(models.QuerySet):
    def due(self, at):
        return self.filter(state="pending", next_at__lte=at)


class InboxQuerySet(QueueQuerySet):
    def readable(self, at):
        """Due, and answered by a look at the record. What changes who is who is sorted out before."""
        lives = Q(kind__endswith=".merge") | Q(kind__endswith=".privacyDeletion")
        return self.due(at).exclude(lives)


class InboxEvent(WorkspaceModel):
    """Something a CRM told us, stored before anything is done about it. A hint: the record is read again."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        DONE = "done", "Done"
        SKIPPED = "skipped", "Skipped"
        DEAD = "dead", "Failed"
        HELD = "held", "Held"
        DISCARDED = "discarded", "Discarded"

    connection = WorkspaceForeignKey(Connection, models.CASCADE, related_name="events")
    fingerprint = models.CharField(max_length=64)
    kind = models.CharField(max_length=60)
    object_type = models.CharField(max_length=12, blank=True)
    external_id = models.CharField(max_length=40, blank=True)
    property = models.CharField(max_length=200, blank=True)
    occurred_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    reason = models.TextField(blank=True)
    tries = models.SmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    claim = models.UUIDField(null=True)  # which pass of a worker took it
    raw = models.TextField(blank=True)  # text and not JSON: what arrives may hold what jsonb cannot

    objects = WorkspaceManager.from_queryset(InboxQuerySet)()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "connection", "fingerprint"], name="one_row_per_event"
            )
        ]
        indexes = [
            models.Index(
                fields=["workspace", "connection", "object_type", "external_id"],
                condition=Q(state="pending"),
                name="events_waiting",
            ),
            models.Index(fields=["workspace", "connection", "-received_at"], name="events_by_arrival"),
        ]

    def __str__(self):
        return f"{self.kind} {self.external_id} {self.property}"

    def happening(self):
        """What happened, whatever the CRM calls the object."""
        return self.kind.rpartition(".")[2]


class OutboxChange(WorkspaceModel):
    """A value that was edited here and must go to the CRM. Written in the transaction of the edit."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        INFLIGHT = "inflight", "On its way"
        DONE = "done", "Done"
        PARKED = "parked", "Refused"
        DEAD = "dead", "Failed"
        HELD = "held", "Held"
        SUPERSEDED = "superseded", "Replaced by a newer value"
        DISCARDED = "discarded", "Discarded"

    link = WorkspaceForeignKey(ExternalRecord, models.CASCADE, related_name="changes")
    mapping = WorkspaceForeignKey(FieldMapping, models.CASCADE, related_name="changes")
    value = models.JSONField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    message = models.TextField(blank=True)
    tries = models.SmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    edited_by = models.CharField(max_length=200, blank=True)
    by_person = models.BooleanField(db_default=False)  # and not by a rule of either side
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects = WorkspaceManager.from_queryset(QueueQuerySet)()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "link", "mapping"],
                condition=Q(state="pending"),
                name="one_waiting_change_per_value",
            )
        ]
        indexes = [
            models.Index(
                fields=["workspace", "next_at"],
                condition=Q(state__in=["pending", "inflight"]),
                name="changes_waiting",
            ),
            models.Index(fields=["workspace", "-created_at"], name="changes_by_age"),
        ]

    def __str__(self):
        return f"{self.mapping}: {self.value}"

    @property
    def shown(self):
        """The value in words."""
        return in_words(self.mapping.prop, self.value)


def in_words(prop, value) -> str:
    """A raw value of a property, for people."""
    return Display(timezone.get_current_timezone()).text(prop, value)
