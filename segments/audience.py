"""The same question everywhere: who may see this, or do it.

What is outside the audience does not exist for the viewer. A model is gated (published by the team for an
audience) or owned (belongs to a partner), never both.
"""

from collections.abc import Sequence

from django.db import models
from django.utils import timezone

from segments.audience_form import AudienceForm
from segments.models import Audience
from segments.permissions import IsRestricted
from segments.viewer import Viewer
from workspaces.tenancy import (
    WorkspaceForeignKey,
    WorkspaceModel,
    WorkspaceOneToOneField,
    current_workspace_id,
)

__all__ = [
    "AudienceForm",
    "Gated",
    "GatedQuerySet",
    "OpenTo",
    "Owned",
    "OwnedQuerySet",
    "allows",
    "gate",
    "open_to",
]
# Fixed text in one piece: as nested querysets the same question took Django longer to write than PostgreSQL to
# answer; and with one subquery only, since PostgreSQL plans each anew, row-level security and all. A viewer's
# segments are live ones only; a segment that decides nothing any more closes "except". What names none is closed.
OPEN = """FROM segments_audience a
    WHERE a.id IN ({audiences}) AND a.workspace_id = %s AND (a.mode = 'everyone' OR (
        a.mode IN ('only', 'except') AND (
            SELECT CASE a.mode WHEN 'only' THEN bool_or(live AND mine) ELSE bool_and(live AND NOT mine) END
            FROM (SELECT s.archived_at IS NULL AND s.live_build IS NOT NULL AS live,
                         n.segment_id = ANY(%s){lately} AS mine
                  FROM segments_audiencesegment n JOIN segments_segment s ON s.id = n.segment_id
                  WHERE n.audience_id = a.id) named)))"""
# Who left a named segment within the days of grace counts as still in it.
LATELY = """ OR (a.grace_days > 0 AND (
            EXISTS (SELECT 1 FROM segments_membershipchange m WHERE m.segment_id = n.segment_id
                    AND m.subject_id = ANY(%s) AND NOT m.joined
                    AND m.at > %s::timestamptz - make_interval(days => a.grace_days))
            OR EXISTS (SELECT 1 FROM segments_buildchange b WHERE b.segment_id = n.segment_id
                       AND b.left && %s AND b.at > %s::timestamptz - make_interval(days => a.grace_days))))"""


def gate(audiences: Sequence[str], viewer: Viewer) -> tuple[str, list]:
    """The condition as SQL with its parameters: the audiences in these columns let the viewer in, every one."""
    now, subjects = timezone.now(), viewer.subject_ids
    lately = [subjects, now, subjects, now] if viewer.grace_anywhere else []
    passed = OPEN.format(audiences=", ".join(audiences), lately=LATELY if lately else "")
    count = len(audiences)
    sql = f"EXISTS (SELECT 1 {passed})" if count == 1 else f"{count} = (SELECT count(*) {passed})"
    return sql, [current_workspace_id(), list(viewer.segment_ids), *lately]


class OpenTo(models.Func):
    """A condition for querysets: the audiences that the expressions name let the viewer in, every one of them."""

    output_field = models.BooleanField()

    def __init__(self, *audiences, viewer: Viewer):
        super().__init__(*audiences)
        self.viewer = viewer

    def as_sql(self, compiler, connection, **_):  # type: ignore[override]
        compiled = [compiler.compile(audience) for audience in self.source_expressions]
        sql, asked = gate([name for name, _ in compiled], self.viewer)
        return sql, [*(param for _, params in compiled for param in params), *asked]


def open_to(viewer: Viewer) -> OpenTo:
    """A condition on audiences: those that let this viewer in."""
    return OpenTo(models.F("pk"), viewer=viewer)


def allows(audience: Audience, viewer: Viewer) -> bool:
    """For a single gate, such as creating quotes."""
    return Audience.objects.filter(open_to(viewer), pk=audience.pk).exists()


class GatedQuerySet(models.QuerySet):
    def visible_to(self, viewer: Viewer):
        """Those whose audience lets the viewer in."""
        return self.filter(OpenTo(models.F("audience"), viewer=viewer))

    def visible_inside(self, outer: str, viewer: Viewer):
        """Those whose audience and whose `outer`'s audience, such as the tab's, both let the viewer in."""
        both = models.F("audience"), models.F(f"{outer}__audience")
        return self.filter(OpenTo(*both, viewer=viewer))


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
        """Those of the viewer's partner; for who is restricted, those that they collaborate on."""
        scope = ~models.Q(IsRestricted(viewer)) | self.model.collaborated_by(viewer)  # type: ignore[attr-defined]
        return self.filter(scope, self.model.belonging_to(viewer))  # type: ignore[attr-defined]


class Owned(WorkspaceModel):
    """Belongs to a partner, and is seen by its people."""

    partner = WorkspaceForeignKey("workspaces.Partner", models.CASCADE, related_name="+")

    class Meta(WorkspaceModel.Meta):
        abstract = True

    @classmethod
    def belonging_to(cls, viewer: Viewer) -> models.Q:
        """A condition: those of the viewer's partner."""
        return models.Q(partner=viewer.partner_id)

    @classmethod
    def collaborated_by(cls, viewer: Viewer) -> models.Q:
        """A condition: what a restricted person still sees. A model that does not say shows them nothing."""
        return models.Q(pk__in=[])
