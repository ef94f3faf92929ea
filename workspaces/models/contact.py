from django.db import models
from django.db.models.functions import Lower

from workspaces.models.document import Record
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager


class ContactQuerySet(models.QuerySet):
    def active(self):
        return self.filter(status=Contact.Status.ACTIVE)

    def for_member(self, member):
        """The contacts that a team member may change: a partner manager only those of their own partners."""
        return self.filter(partner__owner=member) if member.access == "manager" else self


class Contact(Record):
    """A person at one partner. The same person at two partners is two contacts."""

    class Status(models.TextChoices):
        INVITED = "invited", "Invited"
        ACTIVE = "active", "Active"
        SUSPENDED = "suspended", "Suspended"

    level = "contact"
    columns = {"name": "name", "email": "email"}

    partner = WorkspaceForeignKey("workspaces.Partner", models.CASCADE, related_name="contacts")
    # Bound only after the person proved the address by a code; a changed address unbinds (workspaces/people.py).
    user = models.ForeignKey(
        "workspaces.User", models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    name = models.CharField(max_length=200, editable=False)
    email = models.EmailField(editable=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.INVITED, editable=False)
    last_seen_at = models.DateTimeField(null=True, editable=False)

    objects = WorkspaceManager.from_queryset(ContactQuerySet)()

    class Meta(Record.Meta):
        constraints = [
            models.UniqueConstraint(
                "workspace", "partner", Lower("email"), name="one_contact_per_address_and_partner"
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "partner", "name"], name="contact_by_partner"),
            models.Index(fields=["workspace", "name", "id"], name="contact_by_name"),
            models.Index("workspace", Lower("email"), name="contact_by_address"),
            models.Index(fields=["workspace", "user"], name="contact_by_user"),
            models.Index(fields=["workspace", "chunk"], name="contact_by_chunk"),
        ]

    def __str__(self):
        return self.name or self.email

    def keep(self, prop, raw, *, at):
        super().keep(prop, raw, at=at)
        if prop.key == "email":
            self.user_id = None  # an address that nobody proved binds nobody
