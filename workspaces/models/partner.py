from django.db import models

from workspaces.models.document import Record
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager


class PartnerQuerySet(models.QuerySet):
    def for_member(self, member):
        """The partners that a team member may change: a partner manager only their own."""
        return self.filter(owner=member) if member.access == "manager" else self


class Partner(Record):
    """A company that sells for the vendor."""

    level = "partner"
    columns = {"name": "name"}

    name = models.CharField(max_length=200, editable=False)
    owner = WorkspaceForeignKey(
        "workspaces.TeamMember", models.SET_NULL, null=True, blank=True, related_name="partners"
    )
    logo = models.ImageField(upload_to="logos/", null=True, blank=True, editable=False)

    objects = WorkspaceManager.from_queryset(PartnerQuerySet)()

    class Meta(Record.Meta):
        indexes = [
            models.Index(fields=["workspace", "name", "id"], name="partner_by_name"),
            models.Index(fields=["workspace", "owner"], name="partner_by_owner"),
            models.Index(fields=["workspace", "chunk"], name="partner_by_chunk"),
        ]

    def __str__(self):
        return self.name
