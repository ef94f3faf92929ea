from django.db import models
from django.db.models import Q

from crm_sync.models.connection import Connection
from portal.deals.models import AttributedRecord
from workspaces.models import Contact, Partner
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel

# The references to the record of ours: one of them is set.
LINKS = ("partner", "contact", "attributed")
TIES = "~companies"  # in `agreed`: whom it belongs to over there, where both sides are to differ about that
OF_LINKS = tuple(f"link__{name}" for name in LINKS)


class ExternalRecordQuerySet(models.QuerySet):
    def linked(self):
        return self.filter(state=ExternalRecord.State.LINKED)


class ExternalRecord(WorkspaceModel):
    """A partner, contact, deal or lead, and the record of the CRM that is the same.

    `agreed` is the base of every decision: field → {"crm": the CRM's string, "ours": our raw value} at the last
    moment when both sides held the same. An echo of our own write differs from it in nothing. `sent` is what may
    have been written since, though nobody noted it yet: field → the CRM's strings.
    """

    class State(models.TextChoices):
        NEW = "new", "Being looked at"  # the CRM told us of it; nobody is linked to it yet
        LINKED = "linked", "Linked"
        ARCHIVED = "archived", "Deleted in the CRM"
        MERGED = "merged", "Merged into another record"

    connection = WorkspaceForeignKey(Connection, models.CASCADE, related_name="records")
    object_type = models.CharField(max_length=12)
    external_id = models.CharField(max_length=40)
    partner = WorkspaceForeignKey(Partner, models.CASCADE, null=True, related_name="+")
    contact = WorkspaceForeignKey(Contact, models.CASCADE, null=True, related_name="+")
    attributed = WorkspaceForeignKey(AttributedRecord, models.CASCADE, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=State, default=State.LINKED)
    state_at = models.DateTimeField(null=True)
    # What was put aside with it, to come back with it: contacts that may not come in, a deal that is archived.
    suspended = models.JSONField(default=list)
    agreed = models.JSONField(default=dict)
    sent = models.JSONField(default=dict)
    # By the CRM's clock, which is never compared with ours: the latest copy that we saw a part of, and the one
    # whose mapped fields were all taken in.
    external_updated_at = models.DateTimeField(null=True)
    complete_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)  # when a list of all records last held it
    synced_at = models.DateTimeField(null=True)
    reading_until = models.DateTimeField(null=True)  # leases: one worker reads, one writes
    writing_until = models.DateTimeField(null=True)

    objects = WorkspaceManager.from_queryset(ExternalRecordQuerySet)()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "connection", "object_type", "external_id"],
                name="one_link_per_crm_record",
            ),
            models.UniqueConstraint(
                fields=["workspace", "connection", "partner"],
                condition=~Q(state="merged"),
                name="one_link_per_partner",
            ),
            models.UniqueConstraint(
                fields=["workspace", "connection", "contact"],
                condition=~Q(state="merged"),
                name="one_link_per_contact",
            ),
            models.UniqueConstraint(
                fields=["workspace", "connection", "attributed"],
                condition=~Q(state="merged"),
                name="one_link_per_deal_or_lead",
            ),
            models.CheckConstraint(
                condition=Q(state="new", partner=None, contact=None, attributed=None)
                | Q(object_type="company", partner__isnull=False, contact=None, attributed=None)
                | Q(object_type="contact", contact__isnull=False, partner=None, attributed=None)
                | Q(
                    object_type__in=["deal", "lead"],
                    attributed__isnull=False,
                    partner=None,
                    contact=None,
                ),
                name="links_point_to_what_they_are",
            ),
        ]

    def __str__(self):
        return f"{self.get_noun()} {self.external_id}"

    def get_noun(self):
        return self.object_type.capitalize()

    @property
    def record(self):
        return self.partner or self.contact or self.attributed

    @property
    def record_id(self):
        return self.partner_id or self.contact_id or self.attributed_id

    def agree(self, field, *, crm, ours, over=None):
        """Both sides hold the same now, in either's form. What may have been written before does not matter.

        `over`: what a write of ours took the place of, and between which moments of the CRM's: {base, from, to}.
        """
        self.agreed[field] = {"crm": crm, "ours": ours} | ({"over": over} if over else {})
        self.sent.pop(field, None)


class FormerId(WorkspaceModel):
    """An id that a record had before it was merged into another: events and writes for it mean the survivor."""

    connection = WorkspaceForeignKey(Connection, models.CASCADE, related_name="former_ids")
    object_type = models.CharField(max_length=12)
    external_id = models.CharField(max_length=40)
    survivor = models.CharField(max_length=40)
    at = models.DateTimeField(auto_now_add=True)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "connection", "object_type", "external_id"],
                name="one_survivor_per_former_id",
            )
        ]

    def __str__(self):
        return f"{self.external_id} → {self.survivor}"


class Tombstone(WorkspaceModel):
    """A person was erased in the CRM for privacy: the digest of its id, so that it never comes in again."""

    connection = WorkspaceForeignKey(Connection, models.CASCADE, related_name="tombstones")
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "connection", "digest"], name="one_tombstone_per_person"
            )
        ]

    def __str__(self):
        return self.digest[:12]
