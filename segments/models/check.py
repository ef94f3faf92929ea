from django.db import models
from django.db.models import Q
from django.utils import timezone

from segments.models.segment import Segment
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel


class SegmentCheck(WorkspaceModel):
    """Somebody who must be in a segment, or must not be: asked before every change of its rule."""

    segment = WorkspaceForeignKey(Segment, models.CASCADE, related_name="checks")
    # Exactly one of the two, by the level of the segment.
    partner = WorkspaceForeignKey(
        "workspaces.Partner", models.CASCADE, null=True, related_name="segment_checks"
    )
    contact = WorkspaceForeignKey(
        "workspaces.Contact", models.CASCADE, null=True, related_name="segment_checks"
    )
    must_be_in = models.BooleanField()
    made_by = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField(default=timezone.now)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "segment", "partner"], name="one_check_per_partner"),
            models.UniqueConstraint(fields=["workspace", "segment", "contact"], name="one_check_per_contact"),
            models.CheckConstraint(
                condition=Q(partner=None, contact__isnull=False) | Q(partner__isnull=False, contact=None),
                name="check_of_one_subject",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "partner"], name="check_by_partner"),
            models.Index(fields=["workspace", "contact"], name="check_by_contact"),
        ]

    def __str__(self):
        return f"{self.subject} must {'' if self.must_be_in else 'not '}be in {self.segment}"

    @property
    def subject(self):
        return self.contact or self.partner


class CheckOverride(WorkspaceModel):
    """A change that was made although checks failed: by whom, and what they said."""

    segment = WorkspaceForeignKey(Segment, models.CASCADE, related_name="check_overrides")
    failures = models.JSONField(default=list)  # the sentences, as they were shown
    made_by = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField(default=timezone.now)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        indexes = [
            models.Index(fields=["workspace", "segment", "-made_at"], name="check_override_by_segment")
        ]

    def __str__(self):
        return f"{self.segment_id}: {len(self.failures)}"
