"""The same question everywhere: who may see this, or do it.

What is outside the audience does not exist for the viewer. A model is gated (published by the team for an
audience) or owned (belongs to a partner), never both.
"""

from django.db import models
from django.utils import timezone

from segments.audience_form import AudienceForm
from segments.models import Audience
from segments.viewer import Viewer
from workspaces.tenancy import (
    WorkspaceForeignKey,
    WorkspaceModel,
    WorkspaceOneToOneField,
    current_workspace_id,
)

__all__ = ["AudienceForm", "Gated", "GatedQuerySet", "Owned", "OwnedQuerySet", "allows", "open_to"]
# Fixed text in one piece: as nested querysets the same question took Django longer to write than PostgreSQL to
# answer. A viewer's segments are live ones only; a segment that decides nothing any more closes "except".
OPEN = """EXISTS (
    SELECT 1 FROM segments_audience a
    WHERE a.id = %(audience)s AND a.workspace_id = %%s AND (a.mode = 'everyone' OR (
        a.mode IN ('only', 'except') AND (a.mode = 'only') = {mine} AND (a.mode = 'only' OR (
            EXISTS (SELECT 1 FROM segments_audiencesegment n WHERE n.audience_id = a.id)
            AND NOT EXISTS (
                SELECT 1 FROM segments_audiencesegment n JOIN segments_segment s ON s.id = n.segment_id
                WHERE n.audience_id = a.id AND (s.archived_at IS NOT NULL OR s.live_build IS NULL)))))))"""
MINE = """EXISTS (
    SELECT 1 FROM segments_audiencesegment n JOIN segments_segment s ON s.id = n.segment_id
    WHERE n.audience_id = a.id AND s.archived_at IS NULL AND s.live_build IS NOT NULL
        AND (n.segment_id = ANY(%%s){lately}))"""
# Who left a named segment within the days of grace counts as still in it.
LATELY = """ OR (a.grace_days > 0 AND (
            EXISTS (SELECT 1 FROM segments_membershipchange m WHERE m.segment_id = n.segment_id
                    AND m.subject_id = ANY(%%s) AND NOT m.joined
                    AND m.at > %%s::timestamptz - make_interval(days => a.grace_days))
            OR EXISTS (SELECT 1 FROM segments_buildchange b WHERE b.segment_id = n.segment_id
                       AND b.left && %%s AND b.at > %%s::timestamptz - make_interval(days => a.grace_days))))"""


class OpenTo(models.Func):
    """A condition: the audience that an expression names lets the viewer in."""

    output_field = models.BooleanField()

    def __init__(self, audience, viewer: Viewer):
        super().__init__(audience)
        now, subjects = timezone.now(), viewer.subject_ids
        lately = [subjects, now, subjects, now] if viewer.grace_anywhere else []
        self.asked = [current_workspace_id(), list(viewer.segment_ids), *lately]
        self.sql = OPEN.format(mine=MINE.format(lately=LATELY if lately else ""))

    def as_sql(self, compiler, connection, **_):  # type: ignore[override]
        audience, params = compiler.compile(self.source_expressions[0])
        return self.sql % {"audience": audience}, [*params, *self.asked]


def open_to(viewer: Viewer) -> OpenTo:
    """A condition on audiences: those that let this viewer in."""
    return OpenTo(models.F("pk"), viewer)


def allows(audience: Audience, viewer: Viewer) -> bool:
    """For a single gate, such as creating quotes."""
    return Audience.objects.filter(open_to(viewer), pk=audience.pk).exists()


class GatedQuerySet(models.QuerySet):
    def visible_to(self, viewer: Viewer):
        """Those whose audience lets the viewer in."""
        return self.filter(OpenTo(models.F("audience"), viewer))


class Gated(WorkspaceModel):
    """Published by the team for an audience; for everyone until somebody narrows it."""

    audience = WorkspaceOneToOneField(Audience, models.PROTECT, related_name="+", editable=False)

    class Meta(WorkspaceModel.Meta):
        abstract = True

    def save(self, *args, **kwargs):
        if self.audience_id is None:
            self.audience = Audience.objects.create()
        super().save(*args, **kwargs)


class OwnedQuerySet(models.QuerySet):
    def visible_to(self, viewer: Viewer):
        """Those of the viewer's partner."""
        return self.filter(partner=viewer.partner_id)


class Owned(WorkspaceModel):
    """Belongs to a partner, and is seen by its people."""

    partner = WorkspaceForeignKey("workspaces.Partner", models.CASCADE, related_name="+")

    class Meta(WorkspaceModel.Meta):
        abstract = True
