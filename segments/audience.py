"""The same question everywhere: who may see this, or do it.

What is outside the audience does not exist for the viewer. A model is gated (published by the team for an
audience) or owned (belongs to a partner), never both.
"""

from datetime import timedelta

from django.db import models
from django.db.models import DateTimeField, DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, Value
from django.utils import timezone

from segments.audience_form import AudienceForm
from segments.models import Audience, AudienceSegment, BuildChange, MembershipChange
from segments.viewer import Viewer
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceModel, WorkspaceOneToOneField

__all__ = ["AudienceForm", "Gated", "GatedQuerySet", "Owned", "OwnedQuerySet", "allows", "open_to"]
DEAD = Q(segment__archived_at__isnull=False) | Q(segment__live_build=None)


def open_to(viewer: Viewer) -> Q:
    """A condition on audiences: those that let this viewer in. Segments without a live build let nobody in."""
    named = AudienceSegment.objects.filter(audience=OuterRef("pk"))
    mine = Q(Exists(named.filter(segment__in=list(viewer.segment_ids)).exclude(DEAD))) | _left_lately(viewer)
    only = Q(mode=Audience.Mode.ONLY) & mine
    others = Q(mode=Audience.Mode.EXCEPT) & Exists(named) & ~mine & ~Exists(named.filter(DEAD))
    return Q(mode=Audience.Mode.EVERYONE) | only | others


def _left_lately(viewer: Viewer) -> Q:
    """Who left a named segment within the days of grace counts as still in it."""
    if not viewer.subject_ids:
        return Q(pk__in=[])
    named = AudienceSegment.objects.filter(audience=OuterRef("pk")).exclude(DEAD).annotate(since=_since())
    one_by_one = MembershipChange.objects.filter(
        segment=OuterRef("segment"), subject_id__in=viewer.subject_ids, joined=False, at__gt=OuterRef("since")
    )
    by_rule = BuildChange.objects.filter(
        segment=OuterRef("segment"), left__overlap=viewer.subject_ids, at__gt=OuterRef("since")
    )
    return Q(grace_days__gt=0) & Q(Exists(named.filter(Exists(one_by_one) | Exists(by_rule))))


def _since() -> ExpressionWrapper:
    grace = ExpressionWrapper(
        F("audience__grace_days") * Value(timedelta(days=1)), output_field=DurationField()
    )
    now = Value(timezone.now(), output_field=DateTimeField())
    return ExpressionWrapper(now - grace, output_field=DateTimeField())


def allows(audience: Audience, viewer: Viewer) -> bool:
    """For a single gate, such as creating quotes."""
    return Audience.objects.filter(pk=audience.pk).filter(open_to(viewer)).exists()


class GatedQuerySet(models.QuerySet):
    def visible_to(self, viewer: Viewer):
        """Those whose audience lets the viewer in."""
        audience = Audience.objects.filter(pk=OuterRef("audience"))
        return self.filter(Exists(audience.filter(open_to(viewer))))


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
