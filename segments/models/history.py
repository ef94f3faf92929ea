from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from segments.models.segment import Build, Segment
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceLog, WorkspaceManager, WorkspaceModel


class Cardinality(models.Func):
    function = "cardinality"
    arity = 1
    output_field = models.IntegerField()


class MembershipChange(WorkspaceLog):
    """Somebody joined or left: when, and why. `cause` says what changed, from what to what, by whom."""

    segment = WorkspaceForeignKey(Segment, models.CASCADE, related_name="changes", db_index=False)
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
            models.Index(
                fields=["workspace", "at"], condition=models.Q(handled_at=None), name="membership_to_follow"
            ),
        ]

    def __str__(self):
        return f"{self.subject_id} {'joined' if self.joined else 'left'} {self.segment_id}"


class BuildChange(WorkspaceModel):
    """Who joined and who left when a new build went live, or the segment was archived.

    A row for each chunk, not for each person; all rows of one event have one moment.
    """

    build = WorkspaceForeignKey(Build, models.CASCADE, related_name="changes")
    segment = WorkspaceForeignKey(Segment, models.CASCADE, related_name="build_changes")
    chunk = models.SmallIntegerField()
    # {"why": "archived", "by": {…}} or {"why": "restored"}; empty where the build itself is the reason.
    cause = models.JSONField(default=dict)
    joined = ArrayField(models.UUIDField(), default=list)
    left = ArrayField(models.UUIDField(), default=list)
    # Kept beside the arrays, so that counting does not unpack them.
    joined_count = models.GeneratedField(
        expression=Cardinality("joined"), output_field=models.IntegerField(), db_persist=True
    )
    left_count = models.GeneratedField(
        expression=Cardinality("left"), output_field=models.IntegerField(), db_persist=True
    )
    at = models.DateTimeField(default=timezone.now)
    # Set by what follows from joining and leaving, once it has.
    handled_at = models.DateTimeField(null=True)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        indexes = [
            models.Index(fields=["workspace", "segment", "-at"], name="build_change_by_segment"),
            models.Index(fields=["workspace", "chunk", "-at"], name="build_change_by_chunk"),
            models.Index(
                fields=["workspace", "at"], condition=models.Q(handled_at=None), name="build_change_to_follow"
            ),
        ]

    def __str__(self):
        return f"{self.build_id}, chunk {self.chunk}"


class CountDelta(WorkspaceLog):
    """A change of a segment's size that waits to be folded into it.

    Appended, so that two transactions which move members of one segment never wait for each other.
    """

    segment = WorkspaceForeignKey(Segment, models.CASCADE, related_name="deltas", db_index=False)
    delta = models.IntegerField()

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        indexes = [models.Index(fields=["workspace", "segment"], name="delta_by_segment")]

    def __str__(self):
        return f"{self.delta:+}"


class Movement(WorkspaceModel):
    """How many joined and how many left a segment within a quarter of an hour: the log, added up.

    A quarter, not a day: days begin at another moment in every time zone, quarters begin everywhere at once.
    """

    segment = WorkspaceForeignKey(Segment, models.CASCADE, related_name="movements")
    quarter_at = models.DateTimeField()
    joined = models.IntegerField(default=0)
    left = models.IntegerField(default=0)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "segment", "quarter_at"], name="one_movement_per_quarter"
            )
        ]

    def __str__(self):
        return f"{self.segment_id}: +{self.joined} −{self.left}"


class HistoryMark(WorkspaceModel):
    """Up to where the log is added up in movements; what is later is read from the log itself."""

    settled_until = models.DateTimeField()

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [models.UniqueConstraint(fields=["workspace"], name="one_history_mark_per_workspace")]

    def __str__(self):
        return str(self.settled_until)
