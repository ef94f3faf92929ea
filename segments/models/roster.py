from django.contrib.postgres.fields import ArrayField
from django.db import models

from segments.models.segment import Segment
from workspaces.tenancy import WorkspaceManager, WorkspaceModel, WorkspaceOneToOneField


class Roster(WorkspaceModel):
    """Who was in a smaller segment of a large workspace, for the pages of its members (segments.engine.rosters)."""

    segment = WorkspaceOneToOneField(Segment, models.CASCADE, related_name="roster")
    # The build that decided then.
    build = models.IntegerField()
    taken_at = models.DateTimeField()
    members = ArrayField(models.UUIDField(), default=list)

    objects = WorkspaceManager()

    def __str__(self):
        return f"{self.segment}, {self.taken_at}"
