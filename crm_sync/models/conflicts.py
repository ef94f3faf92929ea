from django.db import models

from crm_sync.models.connection import Connection, FieldMapping
from crm_sync.models.records import ExternalRecord
from portal.deals.models import AttributedRecord
from workspaces.models import Contact, Partner
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel


class ConflictQuerySet(models.QuerySet):
    def open(self):
        """Those that wait for a person."""
        return self.filter(settled_at=None)


class Conflict(WorkspaceModel):
    """Where the two sides could not both be right: decided by the mapping's policy, or left to a person."""

    class Kind(models.TextChoices):
        BOTH = "both", "Changed on both sides"
        PING_PONG = "ping_pong", "Rewritten again and again"
        MATCH = "match", "Perhaps the same"
        DUPLICATE = "duplicate", "Two of ours, one in the CRM"
        TYPE = "type", "Another type in the CRM"

    class Kept(models.TextChoices):
        CRM = "crm", "The CRM's value"
        PORTAL = "portal", "The portal's value"
        NEITHER = "", "Not decided"

    connection = WorkspaceForeignKey(Connection, models.CASCADE, related_name="conflicts")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.BOTH)
    link = WorkspaceForeignKey(ExternalRecord, models.CASCADE, null=True, related_name="conflicts")
    mapping = WorkspaceForeignKey(FieldMapping, models.CASCADE, null=True, related_name="conflicts")
    theirs = models.JSONField(null=True)  # both as the portal holds values
    ours = models.JSONField(null=True)
    kept = models.CharField(max_length=6, choices=Kept, blank=True, default="")
    object_type = models.CharField(max_length=12, blank=True)  # of a record that is linked to nobody
    external_id = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=200, blank=True)  # what the CRM calls that record
    partner = WorkspaceForeignKey(Partner, models.CASCADE, null=True, related_name="+")
    contact = WorkspaceForeignKey(Contact, models.CASCADE, null=True, related_name="+")
    attributed = WorkspaceForeignKey(AttributedRecord, models.CASCADE, null=True, related_name="+")
    message = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=200, blank=True)

    objects = WorkspaceManager.from_queryset(ConflictQuerySet)()

    class Meta(WorkspaceModel.Meta):
        indexes = [models.Index(fields=["workspace", "connection", "-at"], name="conflicts_by_age")]

    def __str__(self):
        return f"{self.get_kind_display()}: {self.mapping or self.name}"

    @property
    def ours_record(self):
        """Who of ours may be the same as a record of the CRM."""
        return self.partner or self.contact or self.attributed
