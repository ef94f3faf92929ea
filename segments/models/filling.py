from django.contrib.postgres.fields import ArrayField
from django.db import models

from segments.models.segment import Build
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceLog, WorkspaceManager


class BuildFill(WorkspaceLog):
    """Who will join and who will leave with a build, of one chunk, as it was when the chunk was filled."""

    build = WorkspaceForeignKey(Build, models.CASCADE, related_name="fills")
    chunk = models.SmallIntegerField()
    # The build that decided then.
    old = models.IntegerField(null=True)
    members = models.IntegerField()
    joined = ArrayField(models.UUIDField(), default=list)
    left = ArrayField(models.UUIDField(), default=list)
    # Where all was found out before the chunk was filled: who stays, and whom time will change sooner, and when.
    stayed = ArrayField(models.UUIDField(), null=True)
    due = ArrayField(models.UUIDField(), null=True)
    due_at = ArrayField(models.DateTimeField(), null=True)

    objects = WorkspaceManager()

    class Meta(WorkspaceLog.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "build", "chunk"], name="one_fill_per_build_and_chunk"
            )
        ]

    def __str__(self):
        return f"{self.build_id}, chunk {self.chunk}"


class BuildDrift(WorkspaceLog):
    """Somebody whose membership changed while a build was being made: the switch looks at them once more."""

    build = WorkspaceForeignKey(Build, models.CASCADE, related_name="drifts")
    subject_id = models.UUIDField()
    chunk = models.SmallIntegerField()
    # By how much it changed the number of the build's members.
    delta = models.SmallIntegerField()

    objects = WorkspaceManager()

    class Meta(WorkspaceLog.Meta):
        indexes = [models.Index(fields=["workspace", "build", "chunk"], name="drift_by_build")]

    def __str__(self):
        return f"{self.subject_id}: {self.delta:+}"
