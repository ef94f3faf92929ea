from django.db import models


class Due(models.Model):
    """Work waits in a queue of a workspace. Rows are only added and, once the work is done, deleted: no row
    is ever shared by two transactions, so leaving work never waits."""

    workspace = models.ForeignKey(
        "workspaces.Workspace", models.CASCADE, related_name="+", db_constraint=False
    )
    queue = models.CharField(max_length=40)
    due_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["workspace", "queue", "due_at"], name="due_by_queue")]

    def __str__(self):
        return f"{self.queue} at {self.due_at}"
