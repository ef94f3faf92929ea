from django.db import models
from django.db.models import Q
from django.utils import timezone

from segments.models.segment import Segment
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel


class ScheduledChange(WorkspaceModel):
    """A rule that a segment will have from a moment on. It is validated again when that moment has come."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"

    segment = WorkspaceForeignKey(Segment, models.CASCADE, related_name="scheduled")
    tree = models.JSONField(editable=False)
    take_effect_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    # Why it did not take effect, in words.
    error = models.TextField(blank=True)
    # The version that it made.
    version = models.IntegerField(null=True)
    made_by = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, blank=True)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        indexes = [
            models.Index(
                fields=["workspace", "take_effect_at"], condition=Q(state="waiting"), name="scheduled_waiting"
            )
        ]

    def __str__(self):
        return f"{self.segment} at {self.take_effect_at}"
