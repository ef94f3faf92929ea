from django.db import models
from django.utils import timezone

from segments.models.segment import Segment
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel


class MemberFile(WorkspaceModel):
    """A list of names or addresses that was read into a static segment, and what became of each line."""

    segment = WorkspaceForeignKey(Segment, models.CASCADE, related_name="member_files")
    name = models.CharField(max_length=200, blank=True)  # of the file; blank where it was pasted
    line_count = models.IntegerField(default=0)
    added = models.IntegerField(default=0)
    already = models.IntegerField(default=0)
    # Lines that fit nobody: [{"line": 12, "text": "…", "why": "nobody"}]
    unmatched = models.JSONField(default=list)
    made_by = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField(default=timezone.now)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        indexes = [models.Index(fields=["workspace", "segment", "-made_at"], name="member_file_by_segment")]

    def __str__(self):
        return self.name or "Pasted lines"
