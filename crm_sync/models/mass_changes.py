from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm_sync.models.connection import Connection, FieldMapping
from crm_sync.models.records import ExternalRecord
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel


class Way(models.TextChoices):
    IN = "in", "From the CRM"
    OUT = "out", "To the CRM"


class MassChangeQuerySet(models.QuerySet):
    def open(self):
        """Those that wait for a person."""
        return self.filter(state="open")


class MassChange(WorkspaceModel):
    """One side changed or emptied a field of so many records at once that the rest waits for a person.

    Without a mapping it is about records that were deleted, or taken from the company they belonged to.
    """

    class State(models.TextChoices):
        OPEN = "open", "Held"
        RELEASED = "released", "Let through"
        REJECTED = "rejected", "Discarded"
        OVER = "over", "Over by itself"

    connection = WorkspaceForeignKey(Connection, models.CASCADE, related_name="mass_changes")
    way = models.CharField(max_length=3, choices=Way)
    object_type = models.CharField(max_length=12)
    mapping = WorkspaceForeignKey(FieldMapping, models.CASCADE, null=True, related_name="mass_changes")
    size = models.IntegerField()  # how many records could have been changed
    through = models.IntegerField()  # how many had been, before it was stopped
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField(default=timezone.now)
    told_at = models.DateTimeField(null=True)  # when admins were mailed
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    putting_back = models.BooleanField(default=False)  # what had come in before is being taken back

    objects = WorkspaceManager.from_queryset(MassChangeQuerySet)()

    class Meta(WorkspaceModel.Meta):
        indexes = [models.Index(fields=["workspace", "connection", "-opened_at"], name="mass_changes_by_age")]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "connection", "way", "object_type", "mapping"],
                condition=Q(state="open"),
                nulls_distinct=False,
                name="one_open_mass_change",
            )
        ]

    def __str__(self):
        what = self.mapping.prop.label if self.mapping else f"Removed {self.object_type} records"
        return f"{what} {self.whence}"

    @property
    def whence(self):
        return f"from {self.connection}" if self.way == Way.IN else f"to {self.connection}"


class CountedChange(WorkspaceModel):
    """A value of one record that a side changed or emptied of late: counted, or held where it was one too many.

    `agreed` is what both sides are said to have agreed on if the change is discarded; of a deletion there is nothing.
    """

    connection = WorkspaceForeignKey(Connection, models.CASCADE, related_name="counted_changes")
    way = models.CharField(max_length=3, choices=Way)
    link = WorkspaceForeignKey(ExternalRecord, models.CASCADE, related_name="counted_changes")
    mapping = WorkspaceForeignKey(FieldMapping, models.CASCADE, null=True, related_name="counted_changes")
    before = models.JSONField(null=True)  # both as the portal holds values
    after = models.JSONField(null=True)
    agreed = models.JSONField(null=True)
    at = models.DateTimeField(default=timezone.now)
    held_by = WorkspaceForeignKey(MassChange, models.CASCADE, null=True, related_name="held")

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        indexes = [
            models.Index(fields=["workspace", "connection", "way", "mapping", "at"], name="changes_counted")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "way", "link", "mapping"],
                nulls_distinct=False,
                name="one_count_per_value",
            )
        ]

    def __str__(self):
        return f"{self.link}: {self.before} → {self.after}"
