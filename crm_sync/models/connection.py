from dataclasses import asdict
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm_sync import vault
from workspaces.actors import Actor
from workspaces.models import Property
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel

# The CRM's object → our level.
OBJECT_TYPES = {"company": "partner", "contact": "contact", "deal": "deal", "lead": "lead"}


def remembered(field) -> dict:
    """A field of the CRM as `Connection.fields_known` keeps it."""
    always = {name: getattr(field, name) for name in ("name", "label", "type", "widget", "read_only")}
    kept = {name: value for name, value in asdict(field).items() if value not in ("", None, False, ())}
    options = {"options": [_filled(option) for option in kept["options"]]} if "options" in kept else {}
    return kept | always | options


def _filled(option: dict) -> dict:
    return {name: part for name, part in option.items() if part or name in ("value", "label")}


class ConnectionQuerySet(models.QuerySet):
    def working(self):
        """Those that may be spoken to now."""
        rested = Q(resting_until=None) | Q(resting_until__lte=timezone.now())
        return self.filter(rested, status=Connection.Status.ACTIVE)


class Connection(WorkspaceModel):
    """An account of a CRM that this workspace works with."""

    class Provider(models.TextChoices):
        HUBSPOT = "hubspot", "HubSpot"
        SALESFORCE = "salesforce", "Salesforce"

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        NEEDS_AUTH = "needs_auth", "Needs a new sign-in"
        DISCONNECTED = "disconnected", "Disconnected"

    class Way(models.TextChoices):
        """How we sign in, and so whether the CRM can call us."""

        STATIC = "static", "Access token of a project app"
        SERVICE_KEY = "service_key", "Service key"
        OAUTH = "oauth", "Sign-in with an app"
        CREDENTIALS = "credentials", "Client credentials"

    provider = models.CharField(max_length=12, choices=Provider)
    account = models.CharField(max_length=64)
    app = models.CharField(max_length=64)
    way = models.CharField(max_length=12, choices=Way, default=Way.STATIC)
    client_id = models.CharField(max_length=255, blank=True)
    address = models.CharField(max_length=255, blank=True)  # where its API is, for a CRM that tells us so
    account_name = models.CharField(max_length=200, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)  # the account's; its days end there
    # HubSpot signs with it; for Salesforce, who may call stands in the address, and this is that part of it.
    secret_sealed = models.TextField(blank=True, editable=False)
    status = models.CharField(max_length=12, choices=Status, default=Status.ACTIVE)
    message = models.TextField(blank=True)  # why it is not active, or what the CRM does not let us do
    resting_until = models.DateTimeField(null=True)  # the CRM asked us to wait
    missing_scopes = models.JSONField(default=list)  # what the CRM says our sign-in may not do
    subscriptions = models.JSONField(
        default=list
    )  # "company.name": what the app's project files ask to be told
    # The CRM's fields as last read: object → [{"name", "label", "type", "widget", "read_only"}]
    fields_known = models.JSONField(default=dict, editable=False)
    clock_ahead = models.FloatField(default=0.0)  # seconds that the CRM's clock is ahead of ours, as measured
    fields_read_at = models.DateTimeField(null=True)
    # A change of more records than this part of them within an hour is held; 0: none is (crm_sync/breaker/).
    mass_percent = models.PositiveSmallIntegerField(default=30, db_default=30)
    connected_by = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    status_at = models.DateTimeField(default=timezone.now)

    objects = WorkspaceManager.from_queryset(ConnectionQuerySet)()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "provider", "account", "app"], name="one_connection_per_account"
            )
        ]

    def __str__(self):
        return self.get_provider_display()

    @property
    def actor(self):
        """The author of what comes in from it."""
        return Actor("crm", str(self.pk), str(self))

    @property
    def calls_us(self):
        """Whether the CRM tells us of changes; else it is asked."""
        return self.way != self.Way.SERVICE_KEY

    @property
    def signs_in(self):
        """Whether a new sign-in mends it, rather than new keys."""
        return self.way == self.Way.OAUTH

    @property
    def secret(self):
        return vault.opened(self.secret_sealed) if self.secret_sealed else ""

    @secret.setter
    def secret(self, value):
        self.secret_sealed = vault.sealed(value) if value else ""


class FieldMappingQuerySet(models.QuerySet):
    def inward(self):
        return self.filter(direction__in=["in", "both"], broken="")

    def outward(self):
        return self.filter(direction__in=["out", "both"], broken="")


class FieldMapping(WorkspaceModel):
    """One of our properties and the CRM's field that holds the same."""

    class Direction(models.TextChoices):
        IN = "in", "From the CRM"
        OUT = "out", "To the CRM"
        BOTH = "both", "Both ways"

    class Policy(models.TextChoices):
        CRM = "crm", "The CRM's value"
        PORTAL = "portal", "The portal's value"
        LATEST = "latest", "The later value"

    connection = WorkspaceForeignKey(Connection, models.CASCADE, related_name="mappings")
    object_type = models.CharField(max_length=12)
    field = models.CharField(max_length=200)
    label = models.CharField(max_length=200)
    prop = WorkspaceForeignKey(Property, models.CASCADE, related_name="+")
    direction = models.CharField(max_length=4, choices=Direction)
    policy = models.CharField(max_length=6, choices=Policy, default=Policy.CRM)  # where both sides changed
    type_known = models.CharField(max_length=40, blank=True)  # the CRM's type when a person last agreed to it
    read_only = models.BooleanField(default=False)  # in the CRM; such a field can only come in
    broken = models.TextField(blank=True)  # why it does not work at the moment
    # The CRM's option → ours, where they are called differently; "": it is not taken over.
    options = models.JSONField(default=dict)

    # Who of the team is whom in the CRM, for properties that hold people (mapping.codec.prepare).
    people: Any = None

    objects = WorkspaceManager.from_queryset(FieldMappingQuerySet)()

    class Meta(WorkspaceModel.Meta):
        ordering = ["object_type", "prop__position", "prop__number"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "connection", "object_type", "field"], name="one_mapping_per_field"
            ),
            models.UniqueConstraint(
                fields=["workspace", "connection", "prop"], name="one_mapping_per_property"
            ),
            models.CheckConstraint(
                condition=Q(read_only=False) | Q(direction="in"), name="read_only_fields_come_in"
            ),
        ]

    def __str__(self):
        return f"{self.prop} ⇄ {self.label}"

    @property
    def holds_moments(self):
        """Whether the CRM keeps a moment where we keep a day: a deal's close date in HubSpot."""
        return self.type_known == "datetime" and self.prop.type == "date"
