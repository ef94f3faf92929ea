from django.core.validators import MaxValueValidator
from django.db import models

from segments.models.segment import Segment
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel


class Audience(WorkspaceModel):
    """Who may see or do one thing."""

    class Mode(models.TextChoices):
        EVERYONE = "everyone", "Everyone"
        ONLY = "only", "Only these segments"
        EXCEPT = "except", "Everyone except these segments"
        NOBODY = "nobody", "Nobody"

    mode = models.CharField(max_length=10, choices=Mode, default=Mode.EVERYONE)
    # Who left a segment keeps what it opened for so many days.
    grace_days = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(365)])
    segments = models.ManyToManyField(Segment, through="AudienceSegment", related_name="audiences")

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        indexes = [
            models.Index(
                fields=["workspace"], condition=models.Q(grace_days__gt=0), name="audience_with_grace"
            )
        ]

    def __str__(self):
        return self.get_mode_display()


class AudienceSegment(WorkspaceModel):
    """An audience names a segment, which then cannot be deleted."""

    audience = WorkspaceForeignKey(Audience, models.CASCADE, related_name="named")
    segment = WorkspaceForeignKey(Segment, models.PROTECT, related_name="uses")

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "audience", "segment"], name="named_once")
        ]

    def __str__(self):
        return f"{self.segment_id} in {self.audience_id}"
