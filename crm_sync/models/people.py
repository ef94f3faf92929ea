from django.db import models
from django.utils import timezone

from crm_sync.models.connection import Connection
from workspaces.models import TeamMember
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel


class CrmUser(WorkspaceModel):
    """A colleague as the CRM knows them, and the member of the team who is the same person.

    Found by e-mail address each time the CRM's people are read, unless somebody chose by hand.
    """

    connection = WorkspaceForeignKey(Connection, models.CASCADE, related_name="people")
    external_id = models.CharField(max_length=40)  # what a record's owner field holds
    email = models.CharField(max_length=254, blank=True)
    name = models.CharField(max_length=200, blank=True)
    active = models.BooleanField(default=True)  # may be given records
    member = WorkspaceForeignKey(TeamMember, models.SET_NULL, null=True, related_name="+")
    by_hand = models.BooleanField(default=False)
    seen_at = models.DateTimeField(default=timezone.now)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        ordering = ["-active", "name", "external_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "connection", "external_id"], name="one_row_per_crm_user"
            )
        ]

    def __str__(self):
        return self.name or self.email or self.external_id
