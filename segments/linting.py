"""What looks wrong with segments: their rules, and what becomes of them."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from segments import uses
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
    segments: Iterable[Segment],
    *,
    at: datetime,
    fields: Mapping[str, Fields] | None = None,
    asked: Collection[UUID] | None = None,
) -> dict[UUID, list[Finding]]:
    """By segment; an archived or built-in one is left alone. `fields`, `asked`: those of both levels, and the
    segments that rules name, where they are read already.
    """
    segments = list(segments)
    looked_at = [one for one in segments if one.archived_at is None and not one.built_in]
    if not looked_at:
        return {one.pk: [] for one in segments}
    asked = uses.asked_by_rules() if asked is None else asked
    looking = _Looking(at, fields or definitions.fields_of_levels(), looked_at, set(asked))
    return {one.pk: looking.at(one) if one in looked_at else [] for one in segments}


def of_rule(tree: Node, fields: Fields) -> list[Finding]:
    """Of a valid rule that is being written."""
    return lint(tree, fields, Workspace.objects.get(pk=current_workspace_id()).time_zone)


class _Looking:
    """Reads once what all segments are compared with."""

    def __init__(
        self, at: datetime, fields: Mapping[str, Fields], segments: Iterable[Segment], asked: set[UUID]
    ):
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
        self._members = _counted(segments)
        self._used = asked | _used_elsewhere()

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


def _counted(segments: Iterable[Segment]) -> dict[UUID, int]:
    known = {one.pk: getattr(one, "members", None) for one in segments}
    if None not in known.values():
        return known  # type: ignore[return-value]
    return dict(
        counting.with_members(Segment.objects.filter(pk__in=list(known))).values_list("pk", "members")
    )


def _used_elsewhere() -> set[UUID]:
    """Those that audiences, notifications and permissions name."""
    said = Permission.objects.exclude(invite=Permission.Invite.INHERIT, restricted=False)
    rows = (AudienceSegment.objects, SegmentNotification.objects, said)
    named, *others = [found.order_by().values_list("segment_id", flat=True) for found in rows]
    return set(named.union(*others))
