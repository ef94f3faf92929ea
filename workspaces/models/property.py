from django.core.validators import RegexValidator
from django.db import models

from workspaces.tenancy import WorkspaceForeignKey, WorkspaceLog, WorkspaceManager, WorkspaceModel


class PropertyQuerySet(models.QuerySet):
    def live(self):
        return self.filter(archived_at=None)


class Property(WorkspaceModel):
    """A typed field of partners, contacts, deals or leads."""

    class Level(models.TextChoices):
        PARTNER = "partner", "Partner"
        CONTACT = "contact", "Contact"
        DEAL = "deal", "Deal"
        LEAD = "lead", "Lead"

    class Type(models.TextChoices):
        TEXT = "text", "Text"
        LONG_TEXT = "long_text", "Long text"
        NUMBER = "number", "Number"
        MONEY = "money", "Money"
        BOOLEAN = "boolean", "Yes or no"
        DATE = "date", "Date"
        DATETIME = "datetime", "Date and time"
        CHOICE = "choice", "Choice"
        MULTI_CHOICE = "multi_choice", "Several choices"
        URL = "url", "Web address"
        EMAIL = "email", "E-mail"
        PHONE = "phone", "Phone"
        USER = "user", "Team member"

    class Source(models.TextChoices):
        PORTAL = "portal", "Portal"
        HUBSPOT = "hubspot", "HubSpot"
        SALESFORCE = "salesforce", "Salesforce"

    level = models.CharField(max_length=10, choices=Level)
    number = models.IntegerField(editable=False)
    key = models.CharField(
        max_length=60,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]*\Z", "Use small letters, digits and underscores.")],
    )
    label = models.CharField(max_length=80)
    help_text = models.CharField(max_length=200, blank=True)
    type = models.CharField(max_length=12, choices=Type)
    options = models.JSONField(
        default=list, blank=True
    )  # [{"value": "gold", "label": "Gold"}], in their order
    source = models.CharField(max_length=12, choices=Source, default=Source.PORTAL)
    read_only = models.BooleanField(default=False, help_text="Partners can never edit it.")
    built_in = models.BooleanField(default=False, editable=False)
    position = models.IntegerField(default=0)
    archived_at = models.DateTimeField(null=True, editable=False)

    objects = WorkspaceManager.from_queryset(PropertyQuerySet)()

    class Meta(WorkspaceModel.Meta):
        ordering = ["level", "position", "number"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="one_property_per_number"),
            models.UniqueConstraint(fields=["workspace", "level", "key"], name="one_property_per_key"),
        ]

    def __str__(self):
        return self.label

    @property
    def has_options(self):
        return self.type in {self.Type.CHOICE, self.Type.MULTI_CHOICE}

    def option_label(self, value):
        """The words for an option's value; the value itself where the option is gone."""
        return next((o["label"] for o in self.options if o["value"] == value), value)


class PropertyChange(WorkspaceLog):
    """One value that changed: the only log of it."""

    level = models.CharField(max_length=10, choices=Property.Level)
    record_id = models.UUIDField()
    prop = WorkspaceForeignKey(Property, models.CASCADE, related_name="changes")
    old = models.JSONField(null=True)
    new = models.JSONField(null=True)
    # The same as rules compare them, for conditions on what a property has been.
    old_norm = models.JSONField(null=True)
    new_norm = models.JSONField(null=True)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_label = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        indexes = [models.Index(fields=["workspace", "record_id", "-at"], name="change_by_record")]

    def __str__(self):
        return f"{self.prop}: {self.old} → {self.new}"
