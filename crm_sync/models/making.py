from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm_sync.models.connection import Connection
from crm_sync.models.queues import QueueQuerySet
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel


class OutboxRecord(WorkspaceModel):
    """A record that was made here and has to be made in the CRM: once, whatever becomes of the answer.

    `key` is its value in the CRM's unique field, by which every further attempt looks for it first.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        INFLIGHT = "inflight", "On its way"
        DONE = "done", "Done"
        PARKED = "parked", "Refused"
        DEAD = "dead", "Failed"
        DISCARDED = "discarded", "Discarded"

    connection = WorkspaceForeignKey(Connection, models.CASCADE, related_name="making")
    object_type = models.CharField(max_length=12)
    record_id = models.UUIDField()
    name = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=320)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    message = models.TextField(blank=True)
    tries = models.SmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True)
    made_by = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects = WorkspaceManager.from_queryset(QueueQuerySet)()

    class Meta(WorkspaceModel.Meta):
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "connection", "record_id"],
                condition=~Q(state__in=["done", "discarded"]),
                name="made_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["workspace", "next_at"],
                condition=Q(state__in=["pending", "inflight"]),
                name="records_waiting",
            )
        ]

    def __str__(self):
        return f"{self.object_type} {self.name}"
