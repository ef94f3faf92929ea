from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from crm_sync.models.connection import Connection
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel

NOBODY_LISTENS = (
    "No listener runs on the server. Until one does, changes are found by asking every quarter of an hour."
)
EVERYTHING = "/data/ChangeEvents"  # of all objects that are selected in the CRM
CHANNEL = RegexValidator(
    r"^/data/(ChangeEvents|[A-Za-z]\w*(ChangeEvent|__chn))\Z",
    "A channel looks like /data/ChangeEvents or /data/Partners__chn.",
)


class ChangeStreamQuerySet(models.QuerySet):
    def listenable(self):
        """A paused connection is listened to: what happens meanwhile waits here."""
        states = [Connection.Status.ACTIVE, Connection.Status.PAUSED]
        return self.filter(enabled=True, connection__status__in=states)


class ChangeStream(WorkspaceModel):
    """A line that we keep open to a CRM, on which it tells of every change; and how far we have heard.

    One process listens at a time: it holds the lease. The place moves in the transaction that stores what came before
    it, so nothing is heard twice or never.
    """

    connection = WorkspaceForeignKey(Connection, models.CASCADE, related_name="streams")
    enabled = models.BooleanField(default=True)
    channel = models.CharField(max_length=100, default=EVERYTHING, validators=[CHANNEL])
    place = models.BinaryField(null=True)  # the CRM's, opaque; None: from now on
    from_earliest = models.BooleanField(
        default=False
    )  # the place was lost: from as far back as the CRM knows
    listener = models.UUIDField(null=True)  # who holds the lease
    leased_until = models.DateTimeField(null=True)
    listening_since = models.DateTimeField(null=True)  # None: the line is not open
    heard_at = models.DateTimeField(null=True)  # a sign of life, with or without an event
    event_at = models.DateTimeField(null=True)  # when the last event came
    saved_at = models.DateTimeField(null=True)  # when the CRM had saved what it told of, by its clock
    message = models.TextField(blank=True)  # why the line is not open
    tries = models.SmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    lost_at = models.DateTimeField(null=True)  # when the CRM last did not know our place any more
    told_at = models.DateTimeField(null=True)  # when admins were mailed that it is silent
    switched_at = models.DateTimeField(default=timezone.now)
    switched_by = models.CharField(max_length=200, blank=True)

    objects = WorkspaceManager.from_queryset(ChangeStreamQuerySet)()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "connection"], name="one_change_stream_per_connection"
            )
        ]

    def __str__(self):
        return self.channel
