from datetime import timedelta

from django.db import models
from django.utils import timezone

from crm_sync import vault
from crm_sync.models.connection import Connection
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel

SKEW = timedelta(minutes=5)  # renewed before it ends, so that nobody has to wait for a new one


class Credential(WorkspaceModel):
    """What a connection signs in with. Sealed; the generation says which of several writers was first."""

    connection = WorkspaceForeignKey(Connection, models.CASCADE, related_name="credentials")
    access_sealed = models.TextField(blank=True, editable=False)
    refresh_sealed = models.TextField(blank=True, editable=False)
    client_secret_sealed = models.TextField(blank=True, editable=False)
    expires_at = models.DateTimeField(null=True)  # of the access token; None: it does not end by itself
    generation = models.IntegerField(default=1)
    refreshing_until = models.DateTimeField(null=True)  # a lease: one worker asks for new tokens
    scopes = models.JSONField(default=list)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "connection"], name="one_credential_per_connection")
        ]

    def __str__(self):
        return f"Credential of {self.connection_id}"

    @property
    def access(self):
        return vault.opened(self.access_sealed) if self.access_sealed else ""

    @access.setter
    def access(self, value):
        self.access_sealed = vault.sealed(value) if value else ""

    @property
    def refresh(self):
        return vault.opened(self.refresh_sealed) if self.refresh_sealed else ""

    @refresh.setter
    def refresh(self, value):
        self.refresh_sealed = vault.sealed(value) if value else ""

    @property
    def client_secret(self):
        return vault.opened(self.client_secret_sealed) if self.client_secret_sealed else ""

    @client_secret.setter
    def client_secret(self, value):
        self.client_secret_sealed = vault.sealed(value) if value else ""

    def is_fresh(self, *, at=None):
        """Good for a while yet."""
        at = at or timezone.now()
        return bool(self.access_sealed) and (self.expires_at is None or self.expires_at > at + SKEW)

    def is_usable(self, *, at=None):
        at = at or timezone.now()
        return bool(self.access_sealed) and (self.expires_at is None or self.expires_at > at)
