from django.db import models
from django.db.models import Q

from crm_sync.models.connection import Connection
from workspaces.models import Contact, Partner
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel


class ExternalRecord(WorkspaceModel):
    """A partner or contact, and the record of the CRM that is the same.

    `agreed` is the base of every decision: field → {"crm": the CRM's string, "ours": our raw value} at the last
    moment when both sides held the same. An echo of our own write differs from it in nothing.
    """

    connection = WorkspaceForeignKey(Connection, models.CASCADE, related_name="records")
    object_type = models.CharField(max_length=12)
    external_id = models.CharField(max_length=40)
    partner = WorkspaceForeignKey(Partner, models.CASCADE, null=True, related_name="+")
    contact = WorkspaceForeignKey(Contact, models.CASCADE, null=True, related_name="+")
    agreed = models.JSONField(default=dict)
    external_updated_at = models.DateTimeField(null=True)  # the CRM's clock; never compared with ours
    synced_at = models.DateTimeField(null=True)
    reading_until = models.DateTimeField(null=True)  # leases: one worker reads, one writes
    writing_until = models.DateTimeField(null=True)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "connection", "object_type", "external_id"],
                name="one_link_per_crm_record",
            ),
            models.UniqueConstraint(
                fields=["workspace", "connection", "partner"], name="one_link_per_partner"
            ),
            models.UniqueConstraint(
                fields=["workspace", "connection", "contact"], name="one_link_per_contact"
            ),
            models.CheckConstraint(
                condition=Q(object_type="company", partner__isnull=False, contact=None)
                | Q(object_type="contact", contact__isnull=False, partner=None),
                name="companies_are_partners_and_contacts_contacts",
            ),
        ]

    def __str__(self):
        return f"{self.get_noun()} {self.external_id}"

    def get_noun(self):
        return self.object_type.capitalize()

    @property
    def record(self):
        return self.partner if self.partner_id else self.contact
