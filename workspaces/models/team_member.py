from django.db import models

from workspaces.permissions import OF_ACCESS
from workspaces.tenancy import WorkspaceManager, WorkspaceModel


class TeamMember(WorkspaceModel):
    """A person who works for the vendor."""

    class Access(models.TextChoices):
        OWNER = "owner", "Owner"
        ADMIN = "admin", "Admin"
        MANAGER = "manager", "Partner manager"
        VIEWER = "viewer", "Viewer"

    user = models.ForeignKey("workspaces.User", models.CASCADE, related_name="+")
    access = models.CharField(max_length=10, choices=Access)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="one_membership_per_person")
        ]

    def __str__(self):
        return str(self.user)

    def may(self, permission):
        return permission in OF_ACCESS[self.access]
