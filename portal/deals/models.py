"""Deals and leads: records that are attributed to a partner, and who of the partner works on them."""

import datetime as dt
from decimal import Decimal
from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from segments.audience import Owned, OwnedQuerySet
from workspaces.display import money_text
from workspaces.models.document import Documented
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel

TEXTS = {"name", "stage"}


class AttributedQuerySet(OwnedQuerySet):
    def live(self):
        return self.filter(archived_at=None)

    def visible_to(self, viewer):
        """As for everything owned; what is archived is not there."""
        return super().visible_to(viewer).live()

    def for_member(self, member):
        """Those that a team member finds: a partner manager only those of their own partners."""
        if member.access != "manager":
            return self
        return self.filter(Q(partner__owner=member) | Q(distributor__owner=member))

    def matching(self, text, *, partners=False):
        found = Q(name__icontains=text)
        if partners:
            found |= Q(partner__name__icontains=text) | Q(distributor__name__icontains=text)
        return self.filter(found)


class AttributedRecord(Documented, Owned):
    """A deal or a lead. Deals and leads share everything but their properties (docs/adr/0014).

    `partner` sells, and is whom the record counts for; `distributor`, where there is one, stands between the
    vendor and that partner. The people of both see it.
    """

    class Level(models.TextChoices):
        DEAL = "deal", "Deal"
        LEAD = "lead", "Lead"

    class Outcome(models.TextChoices):
        OPEN = "open", "Open"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    columns = {
        "name": "name",
        "stage": "stage",
        "amount": "amount",
        "close_date": "close_date",
        "owner": "owner_id",
    }

    level = models.CharField(max_length=10, choices=Level, editable=False)
    distributor = WorkspaceForeignKey("workspaces.Partner", models.SET_NULL, null=True, related_name="+")
    # The values of built-in properties once more, for lists, sums and searches.
    name = models.CharField(max_length=200, editable=False)
    stage = models.CharField(max_length=60, editable=False)
    outcome = models.CharField(max_length=4, choices=Outcome, default=Outcome.OPEN, editable=False)
    amount = models.DecimalField(max_digits=26, decimal_places=9, null=True, editable=False)
    currency = models.CharField(max_length=3, editable=False)
    close_date = models.DateField(null=True, editable=False)
    owner = WorkspaceForeignKey(
        "workspaces.TeamMember", models.SET_NULL, null=True, related_name="+", editable=False
    )
    stage_at = models.DateTimeField(default=timezone.now, editable=False)  # in this stage since then
    closed_at = models.DateTimeField(null=True, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(null=True, editable=False)
    # The same record in a CRM, for the link that opens it there.
    crm = models.CharField(max_length=12, editable=False)
    crm_id = models.CharField(max_length=64, editable=False)
    crm_url = models.URLField(max_length=500, editable=False)

    objects = WorkspaceManager.from_queryset(AttributedQuerySet)()

    class Meta(Owned.Meta):
        ordering = ["-changed_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="open", closed_at=None)
                | Q(outcome__in=["won", "lost"], closed_at__isnull=False),
                name="closed_records_say_when",
            ),
            models.CheckConstraint(
                condition=Q(amount=None, currency="") | Q(amount__isnull=False) & ~Q(currency=""),
                name="amounts_have_a_currency",
            ),
            models.CheckConstraint(
                condition=~Q(partner=models.F("distributor")), name="distributor_is_another_partner"
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "partner", "level"], name="attributed_by_partner"),
            models.Index(fields=["workspace", "distributor", "level"], name="attributed_by_distributor"),
            models.Index(fields=["workspace", "level", "-changed_at"], name="attributed_by_change"),
        ]

    def __str__(self):
        return self.name

    @classmethod
    def belonging_to(cls, viewer):
        return Q(partner=viewer.partner_id) | Q(distributor=viewer.partner_id)

    @classmethod
    def collaborated_by(cls, viewer):
        if viewer.contact is None:
            return Q(pk__in=[])
        return Q(Exists(Collaborator.objects.filter(record=OuterRef("pk"), contact=viewer.contact)))

    @property
    def is_open(self):
        return self.outcome == self.Outcome.OPEN

    @property
    def amount_text(self):
        return money_text(self.amount.normalize(), self.currency) if self.amount is not None else ""

    @property
    def partner_ids(self):
        """Whose people see it."""
        return [pk for pk in (self.partner_id, self.distributor_id) if pk]

    def keep(self, prop, raw, *, at):
        self.changed_at = at
        if prop.key in TEXTS:
            setattr(self, prop.key, raw or "")
        if prop.key == "stage":
            self._enter(prop, raw, at)
        elif prop.key == "amount":
            self.amount = Decimal(raw["amount"]) if raw else None
            self.currency = raw["currency"] if raw else ""
        elif prop.key == "close_date":
            self.close_date = dt.date.fromisoformat(raw) if raw else None
        elif prop.key == "owner":
            self.owner_id = UUID(raw) if raw else None

    def _enter(self, prop, stage, at):
        self.stage_at, self.outcome = at, outcome_of(prop, stage)
        self.closed_at = None if self.is_open else self.closed_at or at


def outcome_of(prop, stage):
    """What being in a stage means: its option says so; without a word it is open."""
    said = next((option.get("outcome", "") for option in prop.options if option["value"] == stage), "")
    return said if said in AttributedRecord.Outcome.values else AttributedRecord.Outcome.OPEN.value


class Collaborator(WorkspaceModel):
    """Somebody of a partner who works on a deal or lead; where the CRM says so, it alone takes them off again."""

    record = WorkspaceForeignKey(AttributedRecord, models.CASCADE, related_name="collaborators")
    contact = WorkspaceForeignKey("workspaces.Contact", models.CASCADE, related_name="+")
    from_crm = models.BooleanField(default=False, editable=False)
    added_by = models.CharField(max_length=200, editable=False)
    added_at = models.DateTimeField(auto_now_add=True)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "record", "contact"], name="once_per_record_collaborating"
            )
        ]
        indexes = [models.Index(fields=["workspace", "contact"], name="collaborating_by_contact")]

    def __str__(self):
        return f"{self.contact_id} on {self.record_id}"


class Sharing(WorkspaceModel):
    """Which properties of deals, or of leads, partners are shown, in their order. Without one, the usual ones."""

    level = models.CharField(max_length=10, choices=AttributedRecord.Level)
    numbers = models.JSONField(default=list)  # of properties

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [models.UniqueConstraint(fields=["workspace", "level"], name="one_sharing_per_level")]

    def __str__(self):
        return f"{self.get_level_display()}s"
