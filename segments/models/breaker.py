from django.db import models
from django.db.models import Q
from django.utils import timezone

from segments.models.segment import Segment
from workspaces.tenancy import (
    WorkspaceForeignKey,
    WorkspaceManager,
    WorkspaceModel,
    WorkspaceOneToOneField,
)


class BreakerWindow(WorkspaceModel):
    """Locked by whoever counts anew how many a sync may still take out of a segment."""

    segment = WorkspaceOneToOneField(Segment, models.CASCADE, related_name="breaker_window")
    # How many leavings one ticket stands for.
    share = models.IntegerField(default=1)

    objects = WorkspaceManager()

    def __str__(self):
        return str(self.segment_id)


class BreakerTicket(WorkspaceModel):
    """So many may leave. A writer takes a ticket that no other holds, so that writers never wait for each other."""

    segment = WorkspaceForeignKey(Segment, models.CASCADE, related_name="breaker_tickets")
    remaining = models.IntegerField()
    valid_until = models.DateTimeField()

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        indexes = [
            models.Index(
                fields=["workspace", "segment"], condition=Q(remaining__gt=0), name="breaker_ticket_left"
            )
        ]

    def __str__(self):
        return f"{self.remaining} of {self.segment_id}"


class Hold(WorkspaceModel):
    """A sync wanted to take too many out of a segment at once. Until it is decided, they stay."""

    class State(models.TextChoices):
        OPEN = "open", "Held"
        RELEASING = "releasing", "Being released"
        KEEPING = "keeping", "Being kept"
        RELEASED = "released", "Released"
        KEPT = "kept", "Kept"
        SETTLED = "settled", "Settled by itself"

    segment = WorkspaceForeignKey(Segment, models.CASCADE, related_name="holds")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    # The size at the first leaving, and how many had left when the others began to be held.
    size = models.IntegerField()
    left = models.IntegerField()
    # Who did it: "Acme HubSpot".
    caused_by = models.CharField(max_length=200, blank=True)
    began_at = models.DateTimeField(default=timezone.now)
    mailed_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    # The actor who decided.
    decided_by = models.JSONField(null=True)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "segment"], condition=Q(state="open"), name="one_open_hold_per_segment"
            )
        ]
        indexes = [models.Index(fields=["workspace", "segment", "-began_at"], name="hold_by_segment")]

    def __str__(self):
        return f"{self.segment}: {self.get_state_display()}"
