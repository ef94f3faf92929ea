from django.db import models
from django.db.models import Case, When
from django.db.models.functions import Lower

from workspaces.permissions import OF_ACCESS
from workspaces.tenancy import WorkspaceManager, WorkspaceModel


def shown_name(path=""):
    """What a member is called where lists are put in order; `path` leads to the member, as in "owner__"."""
    invited = When(**{f"{path}joined_at": None}, then=f"{path}user__email")
    return Lower(Case(invited, default=f"{path}user__name"))


class TeamMemberQuerySet(models.QuerySet):
    def by_name(self):
        return self.select_related("user").order_by(shown_name(), "user__email")


class TeamMember(WorkspaceModel):
    """A person who works for the vendor, or was invited to."""

    class Access(models.TextChoices):
        OWNER = "owner", "Owner"
        ADMIN = "admin", "Admin"
        MANAGER = "manager", "Partner manager"
        VIEWER = "viewer", "Viewer"

    user = models.ForeignKey("workspaces.User", models.CASCADE, related_name="+")
    access = models.CharField(max_length=10, choices=Access)
    created_at = models.DateTimeField(auto_now_add=True)
    # The first visit after the invitation. Until then the team learns nothing about the person but the address.
    joined_at = models.DateTimeField(null=True, editable=False)

    objects = WorkspaceManager.from_queryset(TeamMemberQuerySet)()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="one_membership_per_person")
        ]

    def __str__(self):
        return str(self.user) if self.joined_at else self.user.email

    def may(self, permission):
        return permission in OF_ACCESS[self.access]
