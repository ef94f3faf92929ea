from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from workspaces.tenancy import WorkspaceManager, WorkspaceModel, WorkspaceOneToOneField


class State(WorkspaceModel):
    """What a subject is in: the numbers of builds. Written by segments.engine."""

    id = None  # type: ignore[assignment]  # the subject's key is the state's
    chunk = models.SmallIntegerField()
    builds = ArrayField(models.IntegerField(), default=list)
    # Numbers of segments whose members would have left, kept in until somebody decides; see models.Hold.
    held = ArrayField(models.IntegerField(), default=list)
    # By the number of a segment: {"in": true, "until": "<UTC>", "reason": "…"}; mirrors models.SegmentException.
    exceptions = models.JSONField(default=dict)
    # What rules ask about the subject beside its documents, by key of the fact (segments.engine.facts).
    facts = models.JSONField(default=dict)
    # Raised on a partner when its contacts follow later; a contact whose number differs is behind.
    fanout = models.BigIntegerField(default=0)
    # When time alone may change something next.
    next_flip_at = models.DateTimeField(null=True)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        abstract = True


class ContactState(State):
    contact = WorkspaceOneToOneField(
        "workspaces.Contact", models.CASCADE, primary_key=True, related_name="segment_state"
    )

    class Meta(State.Meta):
        indexes = [
            models.Index(fields=["workspace", "chunk"], name="contact_state_by_chunk"),
            models.Index(
                fields=["workspace", "next_flip_at"],
                condition=Q(next_flip_at__isnull=False),
                name="contact_state_by_flip",
            ),
            models.Index(fields=["workspace"], condition=~Q(held=[]), name="contact_state_held"),
            models.Index(fields=["workspace"], condition=~Q(exceptions={}), name="contact_state_excepted"),
        ]

    def __str__(self):
        return str(self.contact_id)


class PartnerState(State):
    partner = WorkspaceOneToOneField(
        "workspaces.Partner", models.CASCADE, primary_key=True, related_name="segment_state"
    )
    # Whether contacts of this partner still have to follow.
    behind = models.BooleanField(default=False)
    # What they have to follow, for their history.
    fanout_cause = models.JSONField(null=True)

    class Meta(State.Meta):
        indexes = [
            models.Index(fields=["workspace", "chunk"], name="partner_state_by_chunk"),
            models.Index(
                fields=["workspace", "next_flip_at"],
                condition=Q(next_flip_at__isnull=False),
                name="partner_state_by_flip",
            ),
            models.Index(fields=["workspace"], condition=~Q(held=[]), name="partner_state_held"),
            models.Index(fields=["workspace"], condition=~Q(exceptions={}), name="partner_state_excepted"),
            models.Index(fields=["workspace"], condition=Q(behind=True), name="partner_state_behind"),
        ]

    def __str__(self):
        return str(self.partner_id)
