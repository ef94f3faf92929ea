"""What is kept about people's access: who invited whom, and when the team looked through somebody's eyes."""

from datetime import timedelta

from django.db import models
from django.utils import timezone

from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel

LONGEST = timedelta(minutes=30)


class Invitation(WorkspaceModel):
    """A mail by which one contact asked a colleague in; also what is counted to bound them."""

    partner = WorkspaceForeignKey("workspaces.Partner", models.CASCADE, related_name="+")
    contact = WorkspaceForeignKey("workspaces.Contact", models.CASCADE, related_name="+")
    by = WorkspaceForeignKey("workspaces.Contact", models.SET_NULL, null=True, related_name="+")
    by_label = models.CharField(max_length=200)
    sent_at = models.DateTimeField(default=timezone.now)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        indexes = [models.Index(fields=["workspace", "partner", "-sent_at"], name="invitation_by_partner")]

    def __str__(self):
        return f"{self.by_label} → {self.contact_id}"


class ViewingQuerySet(models.QuerySet):
    def open(self):
        """Those that may still be read through."""
        return self.filter(ended_at=None, ends_at__gt=timezone.now())


class Viewing(WorkspaceModel):
    """A member of the team sees the portal as a contact does: why, and for how long."""

    contact = WorkspaceForeignKey("workspaces.Contact", models.CASCADE, related_name="+")
    member = WorkspaceForeignKey("workspaces.TeamMember", models.SET_NULL, null=True, related_name="+")
    member_label = models.CharField(max_length=200)
    reason = models.CharField(max_length=300)
    started_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = WorkspaceManager.from_queryset(ViewingQuerySet)()

    class Meta(WorkspaceModel.Meta):
        indexes = [models.Index(fields=["workspace", "contact", "-started_at"], name="viewing_by_contact")]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="viewings_have_a_reason"),
            models.CheckConstraint(
                condition=models.Q(ends_at__lte=models.F("started_at") + LONGEST),
                name="viewings_last_half_an_hour_at_most",
            ),
        ]

    def __str__(self):
        return f"{self.member_label} as {self.contact_id}"
