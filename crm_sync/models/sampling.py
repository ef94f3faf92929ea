from django.db import models
from django.utils import timezone

from crm_sync.models.connection import Connection
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel


class Sampling(WorkspaceModel):
    """Some real records of the CRM, as last looked at for the mapping: values beside each row, and what fits.

    Kept behind the walls and not in the cache: they are people's data. Forgotten after a day (tidying.py).
    """

    connection = WorkspaceForeignKey(Connection, models.CASCADE, related_name="samplings")
    object_type = models.CharField(max_length=12)
    records = models.JSONField(default=list)  # [{"id", "name", "values": {field: the CRM's string}}]
    message = models.TextField(blank=True)  # why there are none
    at = models.DateTimeField(default=timezone.now)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "connection", "object_type"], name="one_sampling_per_object_type"
            )
        ]

    def __str__(self):
        return f"{self.object_type}: {len(self.records)}"
