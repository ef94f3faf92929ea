from django.db import models
from django.db.models import Q
from django.utils import timezone

from segments.models.segment import Segment
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel


class SegmentException(WorkspaceModel):
    """Somebody whom a dynamic segment always has, or never, whatever its rule says.

    The state of the partner or contact mirrors it, so that an evaluation needs no look here.
    """

    segment = WorkspaceForeignKey(Segment, models.CASCADE, related_name="exceptions")
    # Exactly one of the two, by the level of the segment.
    partner = WorkspaceForeignKey(
        "workspaces.Partner", models.CASCADE, null=True, related_name="segment_exceptions"
    )
    contact = WorkspaceForeignKey(
        "workspaces.Contact", models.CASCADE, null=True, related_name="segment_exceptions"
    )
    included = models.BooleanField()
    reason = models.CharField(max_length=300)
    until = models.DateTimeField(null=True)
    made_by = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField(default=timezone.now)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "segment", "partner"], name="one_exception_per_partner"
            ),
            models.UniqueConstraint(
                fields=["workspace", "segment", "contact"], name="one_exception_per_contact"
            ),
            models.CheckConstraint(
                condition=Q(partner=None, contact__isnull=False) | Q(partner__isnull=False, contact=None),
                name="exception_of_one_subject",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "partner"], name="exception_by_partner"),
            models.Index(fields=["workspace", "contact"], name="exception_by_contact"),
        ]

    def __str__(self):
        return f"{'Always' if self.included else 'Never'} {self.subject} in {self.segment}"

    @property
    def subject(self):
        return self.contact or self.partner
