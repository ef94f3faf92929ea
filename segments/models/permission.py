from django.db import models

from segments.models.segment import Segment
from workspaces.tenancy import WorkspaceManager, WorkspaceModel, WorkspaceOneToOneField


class Permission(WorkspaceModel):
    """What being in a segment allows or restricts. A segment without one leaves everything as it is."""

    class Invite(models.TextChoices):
        INHERIT = "inherit", "As everywhere else"
        ALLOW = "allow", "Allow"
        DENY = "deny", "Deny"

    segment = WorkspaceOneToOneField(Segment, models.CASCADE, related_name="permission")
    # Whether members may bring colleagues of their partner into the portal.
    invite = models.CharField(max_length=10, choices=Invite, default=Invite.INHERIT)
    # Whether members see only the records of their partner that they collaborate on.
    restricted = models.BooleanField(default=False)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        indexes = [
            models.Index(
                fields=["workspace", "segment"],
                condition=models.Q(restricted=True),
                name="permission_restricted",
            )
        ]

    def __str__(self):
        return f"Permissions of {self.segment_id}"

    @property
    def narrows(self):
        """Whether members could do or see more without it."""
        return self.restricted or self.invite == self.Invite.DENY
