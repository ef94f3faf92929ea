from django.db import models

from workspaces.keys import uuid7


class HookRoute(models.Model):
    """Which workspace a CRM account's webhooks belong to: found before any wall can be opened."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.CharField(max_length=12)
    account = models.CharField(max_length=64)
    app = models.CharField(max_length=64)
    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "account"], name="one_workspace_per_account")
        ]

    def __str__(self):
        return f"{self.provider} {self.account}"
