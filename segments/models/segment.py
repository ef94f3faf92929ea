import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from workspaces.keys import uuid7
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel


class SegmentQuerySet(models.QuerySet):
    def present(self):
        """Not archived."""
        return self.filter(archived_at=None)

    def live(self):
        """Those that decide: not archived, with members counted once."""
        return self.present().exclude(live_build=None)


class Segment(WorkspaceModel):
    """A group of partners or of contacts, and so of those who see and may do what names it."""

    class Level(models.TextChoices):
        PARTNER = "partner", "Partner"
        CONTACT = "contact", "Contact"

    class Kind(models.TextChoices):
        DYNAMIC = "dynamic", "Dynamic"
        STATIC = "static", "Static"
        SNAPSHOT = "snapshot", "Snapshot"

    # Small, for arrays, documents and exceptions; never given out again.
    number = models.IntegerField(editable=False)
    level = models.CharField(max_length=10, choices=Level)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.DYNAMIC)
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=300, blank=True)
    # What the product keeps itself, such as "role:sales_rep"; nobody edits those.
    built_in_key = models.CharField(max_length=140, null=True, blank=True, editable=False)
    # The number of the build that gates look at: the only bridge between gates and the engine.
    live_build = models.IntegerField(null=True, editable=False)
    # Members when last folded; the exact count adds the deltas that wait (segments.engine.counting).
    member_count = models.IntegerField(default=0, editable=False)
    archived_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_by = models.CharField(max_length=200, blank=True, editable=False)

    objects = WorkspaceManager.from_queryset(SegmentQuerySet)()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(
                "workspace",
                Lower("name"),
                condition=Q(archived_at=None, built_in_key=None),
                name="one_present_segment_per_name",
            ),
            models.UniqueConstraint(fields=["workspace", "built_in_key"], name="one_segment_per_built_in"),
            models.UniqueConstraint(fields=["workspace", "live_build"], name="one_segment_per_live_build"),
            models.UniqueConstraint(fields=["workspace", "number"], name="one_segment_per_number"),
        ]
        indexes = [models.Index(fields=["workspace", "archived_at", "name"], name="segment_by_name")]

    def __str__(self):
        return self.name

    @property
    def built_in(self):
        return self.built_in_key is not None

    @property
    def by_rule(self):
        return self.kind == self.Kind.DYNAMIC


class Build(WorkspaceModel):
    """One version of who belongs to a segment. Membership arrays hold the numbers of builds."""

    class State(models.TextChoices):
        BUILDING = "building", "Building"
        LIVE = "live", "Live"
        RETIRED = "retired", "Retired"
        FAILED = "failed", "Failed"

    segment = WorkspaceForeignKey(Segment, models.CASCADE, related_name="builds")
    number = models.IntegerField(editable=False)
    version = models.IntegerField(editable=False)
    kind = models.CharField(max_length=10, choices=Segment.Kind)
    # The rule in canonical form. A snapshot keeps it to say what was asked; a static list has none.
    tree = models.JSONField(null=True, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.BUILDING)
    done = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    error = models.TextField(blank=True)
    # Builds that only make sense together go live together: a rule, and the rules that ask for its segment.
    batch = models.UUIDField(default=uuid7, editable=False)
    # Whether every trace of the number has left the membership arrays.
    swept = models.BooleanField(default=False)
    made_by = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now)
    live_at = models.DateTimeField(null=True)
    # How many members it had when it went live.
    members = models.IntegerField(null=True, editable=False)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="one_build_per_number"),
            models.UniqueConstraint(fields=["workspace", "segment", "version"], name="one_build_per_version"),
        ]
        indexes = [models.Index(fields=["workspace", "state"], name="build_by_state")]

    def __str__(self):
        return f"{self.segment}, version {self.version}"

    @property
    def by_rule(self):
        return self.kind == Segment.Kind.DYNAMIC

    @property
    def share_done(self):
        return round(100 * self.done / self.total) if self.total else 0


class Definitions(WorkspaceModel):
    """Which definitions a workspace evaluates by. The token is new with every change of them.

    It is random, not counted: a number that was rolled back would be given out twice, and a process would
    keep the wrong compiled rules for it.
    """

    token = models.UUIDField(default=uuid.uuid4)
    # The highest number that a segment was ever given.
    last_number = models.IntegerField(default=0)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [models.UniqueConstraint(fields=["workspace"], name="one_definitions_per_workspace")]

    def __str__(self):
        return str(self.token)


class StaticMember(WorkspaceModel):
    """Somebody on a hand-picked list."""

    segment = WorkspaceForeignKey(Segment, models.CASCADE, related_name="static_members")
    subject_id = models.UUIDField()
    added_by = models.CharField(max_length=200, blank=True)
    added_at = models.DateTimeField(default=timezone.now)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "segment", "subject_id"], name="once_per_static_segment"
            )
        ]
        indexes = [models.Index(fields=["workspace", "subject_id"], name="static_member_by_subject")]

    def __str__(self):
        return str(self.subject_id)
