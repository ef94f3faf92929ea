from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm_sync.models.connection import Connection
from crm_sync.models.records import ExternalRecord
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel


class ImportRule(WorkspaceModel):
    """Which records of the CRM come in by themselves. Without one, only those that a person links."""

    class Linking(models.TextChoices):
        ASK = "ask", "Ask me"
        LINK = "link", "Link them"

    class Deleted(models.TextChoices):
        KEEP = "keep", "Leave it as it is"
        SUSPEND = "suspend", "Suspend it"

    connection = WorkspaceForeignKey(Connection, models.CASCADE, related_name="rules")
    object_type = models.CharField(max_length=12)
    enabled = models.BooleanField(default=False)
    every = models.BooleanField(default=True)  # all conditions must hold, or any
    conditions = models.JSONField(default=list, blank=True)  # [{"field", "operator", "values"}]
    linking = models.CharField(max_length=6, choices=Linking, default=Linking.ASK)
    # Which of the CRM's ways from a deal or lead to a company says who sells it, and who stands between.
    partner_by = models.CharField(max_length=200, blank=True)
    distributor_by = models.CharField(max_length=200, blank=True)
    # Records that are made here are made in the CRM too, found again by the value of this unique field.
    creates = models.BooleanField(default=False)
    key = models.CharField(max_length=200, blank=True)
    when_deleted = models.CharField(max_length=8, choices=Deleted, default=Deleted.KEEP)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "connection", "object_type"], name="one_rule_per_object_type"
            )
        ]

    def __str__(self):
        return f"{self.connection}: {self.object_type}"


class SyncJob(WorkspaceModel):
    """A long look at many records: how far it has come, and what it found. Its cursor survives its worker."""

    class Kind(models.TextChoices):
        DRY_RUN = "dry_run", "Dry run"
        BACKFILL = "backfill", "Import"
        COMPARE = "compare", "Full comparison"
        SWEEP = "sweep", "Sweep"

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"

    connection = WorkspaceForeignKey(Connection, models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=8, choices=Kind)
    object_type = models.CharField(max_length=12)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    cursor = models.TextField(blank=True)
    since = models.DateTimeField(null=True)
    seen = models.IntegerField(default=0)
    created = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    conflicts = models.IntegerField(default=0)
    archived = models.IntegerField(default=0)
    outside = models.IntegerField(default=0)  # records that the rule does not let in
    refused = models.IntegerField(default=0)
    missed = models.IntegerField(
        default=0, db_default=0
    )  # changes that somebody should have told us of by then
    samples = models.JSONField(default=dict)  # what happened → a few lines about it
    message = models.TextField(blank=True)
    started_by = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    moved_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    next_at = models.DateTimeField(default=timezone.now)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        indexes = [models.Index(fields=["workspace", "connection", "-started_at"], name="jobs_by_age")]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "connection", "object_type", "kind"],
                condition=Q(state="running"),
                name="one_running_job_of_a_kind",
            )
        ]

    def __str__(self):
        return f"{self.get_kind_display()} of {self.object_type}: {self.get_state_display()}"


class ScanPosition(WorkspaceModel):
    """Up to where a feed of the CRM was read."""

    connection = WorkspaceForeignKey(Connection, models.CASCADE, related_name="positions")
    object_type = models.CharField(max_length=12)
    feed = models.CharField(max_length=12)
    cursor = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField(default=timezone.now)
    # Of sweeps in a row that found what no event told of (crm_sync/sweeps/watchdog.py).
    misses = models.SmallIntegerField(default=0, db_default=0)
    silent_since = models.DateTimeField(null=True)
    broken_at = models.DateTimeField(null=True)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "connection", "object_type", "feed"], name="one_position_per_feed"
            )
        ]

    def __str__(self):
        return f"{self.feed} of {self.object_type}: {self.cursor}"


class AuditEntry(WorkspaceModel):
    """Something that was done to a connection or a link, by a person or by the CRM. Never changed."""

    connection = WorkspaceForeignKey(Connection, models.CASCADE, related_name="audit")
    link = WorkspaceForeignKey(ExternalRecord, models.CASCADE, null=True, related_name="audit")
    action = models.CharField(max_length=20)
    message = models.TextField()
    by = models.CharField(max_length=200)
    at = models.DateTimeField(default=timezone.now)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        indexes = [
            models.Index(fields=["workspace", "connection", "-at"], name="audit_by_age"),
            models.Index(fields=["workspace", "link", "-at"], name="audit_of_a_link"),
        ]

    def __str__(self):
        return f"{self.by}: {self.message}"
