from django.db import models
from django.utils import timezone

from crm_sync.models.connection import Connection
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel


class Allowance(WorkspaceModel):
    """How much may still be asked of an account, shared by all workers: a bucket that fills with time.

    The lanes of an account are counted apart by the CRM: HubSpot's search has an allowance of its own.
    """

    connection = WorkspaceForeignKey(Connection, models.CASCADE, related_name="allowances")
    lane = models.CharField(max_length=12)
    most = models.FloatField()  # requests in an interval
    seconds = models.FloatField()
    left = models.FloatField()
    filled_at = models.DateTimeField(default=timezone.now)
    paused_until = models.DateTimeField(null=True)  # the CRM said no
    daily_used = models.IntegerField(null=True)
    daily_most = models.IntegerField(null=True)
    # Who asked how often on `day`, the account's own: priority → requests.
    asked = models.JSONField(default=dict)
    day = models.DateField(null=True)
    told_at = models.DateTimeField(null=True)  # when the CRM last told how much of the day is used

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "connection", "lane"], name="one_allowance_per_lane")
        ]

    def __str__(self):
        return f"{self.lane}: {self.left:.0f} of {self.most:.0f}"
