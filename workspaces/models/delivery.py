from django.db import models

from workspaces.models.property import Property
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel


class PropertyDelivery(WorkspaceModel):
    """How far a value that was edited here has come on its way to the CRM. The CRM side writes it, pages show it."""

    class State(models.TextChoices):
        SAVED = "saved", "Saved"
        ON_ITS_WAY = "on_its_way", "On its way to the CRM"
        IN_CRM = "in_crm", "In the CRM"
        REFUSED = "refused", "Refused by the CRM"

    record_id = models.UUIDField()
    prop = WorkspaceForeignKey(Property, models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=12, choices=State)
    crm = models.CharField(max_length=12, blank=True)  # the property source's name of the CRM
    message = models.TextField(blank=True)  # the CRM's own words, where it refused
    at = models.DateTimeField()

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "record_id", "prop"], name="one_delivery_per_value")
        ]

    def __str__(self):
        return f"{self.prop}: {self.get_state_display()}"
