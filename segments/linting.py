"""What looks wrong with segments: their rules, and what becomes of them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from segments.engine import counting, definitions
from segments.models import AudienceSegment, Build, Permission, Segment, SegmentNotification
from segments.rules.fields import Fields
from segments.rules.lint import Finding, lint
from segments.rules.tree import Node, as_bytes
from segments.rules.validate import segments_asked
from workspaces.models import Workspace
from workspaces.tenancy import current_workspace_id

LONG = timedelta(days=90)


def of_segments(
    segments: Iterable[Segment], *, at: datetime, fields: Mapping[str, Fields] | None = None
) -> dict[UUID, list[Finding]]:
    """By segment; an archived or built-in one is left alone. `fields`: those of both levels, where they are read."""
    segments = list(segments)
    asked = [one for one in segments if one.archived_at is None and not one.built_in]
    fields = fields or {level: definitions.fields_of(level) for level in Segment.Level.values}
    looking = _Looking(at, fields) if asked else None
    return {one.pk: looking.at(one) if looking and one in asked else [] for one in segments}


def of_rule(tree: Node, fields: Fields) -> list[Finding]:
    """Of a valid rule that is being written."""
    return lint(tree, fields, Workspace.objects.get(pk=current_workspace_id()).time_zone)


class _Looking:
    """Reads once what all segments are compared with."""

    def __init__(self, at: datetime, fields: Mapping[str, Fields]):
        self._at, self._fields = at, fields
        self._zone = Workspace.objects.get(pk=current_workspace_id()).time_zone
        live = Build.objects.filter(
            state=Build.State.LIVE, kind=Segment.Kind.DYNAMIC, segment__archived_at=None
        )
        self._trees: dict[UUID, Node] = {}
        self._same: dict[bytes, list[Segment]] = {}
        for build in live.select_related("segment").order_by("segment__name"):
            self._trees[build.segment_id] = build.tree or {}
            self._same.setdefault(as_bytes(build.tree or {}), []).append(build.segment)
        self._members = dict(counting.with_members(Segment.objects.present()).values_list("pk", "members"))
        self._used = self._whatever_uses()

    def _whatever_uses(self) -> set[UUID]:
        used = set(AudienceSegment.objects.values_list("segment_id", flat=True))
        used |= set(SegmentNotification.objects.values_list("segment_id", flat=True))
        said = Permission.objects.exclude(invite=Permission.Invite.INHERIT, restricted=False)
        used |= set(said.values_list("segment_id", flat=True))
        return used | {UUID(one) for tree in self._trees.values() if tree for one in segments_asked(tree)}

    def at(self, segment: Segment) -> list[Finding]:
        tree = self._trees.get(segment.pk)
        found = lint(tree, self._fields[segment.level], self._zone) if tree else []
        return [*found, *self._references(segment, tree), *self._around(segment, tree, found)]

    def _references(self, segment: Segment, tree) -> list[Finding]:
        there = self._fields[segment.level].segments
        asked = segments_asked(tree) if tree else []
        dead = [there[one] for one in asked if one in there and there[one].build is None]
        text = "Asks for “{}”, which is not counted yet and so has nobody in it."
        return [Finding("dead", text.format(one.name)) for one in dead]

    def _around(self, segment: Segment, tree, found: list[Finding]) -> list[Finding]:
        """Worth a look, and no mistake as such."""
        notes = []
        twins = [one for one in self._same.get(as_bytes(tree), ()) if one.pk != segment.pk] if tree else []
        if twins:
            notes.append(Finding("twin", f"“{twins[0].name}” has the same rule.", severe=False))
        if segment.live_build is not None and not self._members.get(segment.pk) and not found:
            notes.append(Finding("empty", "Nobody is in it.", severe=False))
        if segment.pk not in self._used and segment.updated_at < self._at - LONG:
            notes.append(Finding("unused", "Nothing has named it for more than 90 days.", severe=False))
        return notes
