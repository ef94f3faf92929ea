from django.db import models
from django.db.models import Q

from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel


class ExperienceQuerySet(models.QuerySet):
    def in_portal(self):
        """The one that partners see."""
        return self.filter(in_portal=True)


class Experience(WorkspaceModel):
    """A portal: its tabs, each a column of sections. The team changes a draft; partners see what is published."""

    name = models.CharField(max_length=80)
    in_portal = models.BooleanField(default=False, editable=False)
    # Counts the changes of the draft, so that nobody publishes what they have not seen.
    draft_number = models.PositiveIntegerField(default=0, editable=False)
    draft_changed_at = models.DateTimeField(null=True, editable=False)
    draft_changed_by = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WorkspaceManager.from_queryset(ExperienceQuerySet)()

    class Meta(WorkspaceModel.Meta):
        ordering = ["-in_portal", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace"], condition=Q(in_portal=True), name="one_experience_in_portal"
            ),
            models.UniqueConstraint(
                fields=["workspace", "name"],
                name="one_experience_per_name",
                violation_error_message="There is an experience with this name already.",
            ),
        ]

    def __str__(self):
        return self.name


class Publication(WorkspaceModel):
    """What was published when and by whom, kept so that it can be looked at and restored."""

    experience = WorkspaceForeignKey(Experience, models.CASCADE, related_name="publications")
    number = models.PositiveIntegerField()
    # See portal/experiences/content.py. Data, not rows: what is history opens nothing and holds no segment.
    content = models.JSONField()
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=200)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "experience", "number"], name="one_publication_per_number"
            )
        ]

    def __str__(self):
        return f"Version {self.number}"
