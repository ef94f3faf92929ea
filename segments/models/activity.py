from django.contrib.postgres.fields import ArrayField
from django.db import models

from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel


class Activity(WorkspaceModel):
    """When a contact did something: the newest instants, newest first, as many as a rule can ask for; and the first.

    One row for each kind and what it was done to, rewritten every time: it never grows, and needs no tidying.
    """

    contact = WorkspaceForeignKey("workspaces.Contact", models.CASCADE, related_name="activity")
    kind = models.CharField(max_length=60)
    what = models.CharField(max_length=100, blank=True)
    times = ArrayField(models.DateTimeField())
    # None: as long ago as the oldest of the instants that are kept.
    first_at = models.DateTimeField(null=True)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "contact", "kind", "what"], name="one_row_per_activity"
            )
        ]

    def __str__(self):
        return f"{self.contact_id}: {self.kind} {self.what}"
