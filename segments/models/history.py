from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from segments.models.segment import Build, Segment
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel


class MembershipChange(WorkspaceModel):
    """Somebody joined or left: when, and why. `cause` says what changed, from what to what, by whom."""

    segment = WorkspaceForeignKey(Segment, models.CASCADE, related_name="changes")
    level = models.CharField(max_length=10, choices=Segment.Level)
    subject_id = models.UUIDField()
    joined = models.BooleanField()
    cause = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)
    # Set by what follows from joining and leaving, once it has.
    handled_at = models.DateTimeField(null=True)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        indexes = [
            models.Index(fields=["workspace", "subject_id", "-at"], name="membership_by_subject"),
            models.Index(fields=["workspace", "segment", "-at"], name="membership_by_segment"),
        ]

    def __str__(self):
        return f"{self.subject_id} {'joined' if self.joined else 'left'} {self.segment_id}"


class BuildChange(WorkspaceModel):
    """Who joined and who left when a new build went live: a row for each chunk, not for each person."""

    build = WorkspaceForeignKey(Build, models.CASCADE, related_name="changes")
    segment = WorkspaceForeignKey(Segment, models.CASCADE, related_name="build_changes")
    chunk = models.SmallIntegerField()
    joined = ArrayField(models.UUIDField(), default=list)
    left = ArrayField(models.UUIDField(), default=list)
    at = models.DateTimeField(default=timezone.now)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        indexes = [models.Index(fields=["workspace", "segment", "-at"], name="build_change_by_segment")]

    def __str__(self):
        return f"{self.build_id}, chunk {self.chunk}"


class CountDelta(WorkspaceModel):
    """A change of a segment's size that waits to be folded into it.

    Appended, so that two transactions which move members of one segment never wait for each other.
    """

    segment = WorkspaceForeignKey(Segment, models.CASCADE, related_name="deltas")
    delta = models.IntegerField()

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        indexes = [models.Index(fields=["workspace", "segment"], name="delta_by_segment")]

    def __str__(self):
        return f"{self.delta:+}"
