"""What a contact may do beside seeing: invite colleagues, and how much of its partner's records it is shown.

Deny beats allow; the narrower scope wins; where no segment says anything, the workspace's default holds. Both
fail closed: a segment that narrows and is not counted yet narrows for everybody.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import models
from django.db.models import Q

from segments import live
from segments.models import Permission, Segment
from segments.viewer import Viewer
from workspaces.models import Workspace
from workspaces.tenancy import current_workspace_id

Invite = Permission.Invite
# Fixed text, a part of the statement that asks for the records: no page pays a query for it.
RESTRICTED = """(EXISTS (SELECT 1 FROM workspaces_workspace w WHERE w.id = %s AND w.collaboration_restricted)
    OR EXISTS (SELECT 1 FROM segments_permission p JOIN segments_segment s ON s.id = p.segment_id
               WHERE p.workspace_id = %s AND p.restricted AND s.archived_at IS NULL
                 AND (p.segment_id = ANY(%s) OR s.live_build IS NULL)))"""


class Narrows(Exception):
    """Without the segment its members could do or see more, so it does not go just like that."""


class IsRestricted(models.Func):
    """A condition: the viewer is shown only what it collaborates on."""

    output_field = models.BooleanField()

    def __init__(self, viewer: Viewer):
        super().__init__()
        workspace_id = current_workspace_id()
        self.asked = [workspace_id, workspace_id, list(viewer.segment_ids)]

    def as_sql(self, compiler, connection, **_):  # type: ignore[override]
        return RESTRICTED, list(self.asked)


@dataclass(frozen=True)
class Effective:
    """One permission of one contact: what holds, which segments decided it, and which were overruled."""

    holds: bool
    decided_by: tuple[Segment, ...] = ()  # none: the workspace's default
    overruled: tuple[Segment, ...] = ()
    default: bool = False

    @property
    def by_default(self) -> bool:
        return not self.decided_by

    @property
    def default_overruled(self) -> bool:
        return bool(self.decided_by) and self.default != self.holds

    @property
    def uncounted(self) -> tuple[Segment, ...]:
        """Those that decide only because nobody knows yet who is in them."""
        return tuple(segment for segment in self.decided_by if segment.live_build is None)


@dataclass(frozen=True)
class Permissions:
    invite: Effective
    restricted: Effective


def permissions_of(viewer: Viewer, workspace: Workspace) -> Permissions:
    """What holds for the viewer now: one query."""
    mine = Q(segment__in=viewer.segment_ids)
    uncounted = Q(segment__archived_at=None, segment__live_build=None)
    narrowing = Q(restricted=True) | Q(invite=Invite.DENY)
    said = Permission.objects.filter(mine | uncounted & narrowing).select_related("segment")
    rows = sorted(said, key=lambda row: row.segment.name.casefold())
    return Permissions(_invite(rows, workspace), _restricted(rows, workspace))


def may_invite(viewer: Viewer, workspace: Workspace) -> bool:
    return permissions_of(viewer, workspace).invite.holds


def _invite(rows: list[Permission], workspace: Workspace) -> Effective:
    denying = tuple(row.segment for row in rows if row.invite == Invite.DENY)
    # Of a segment that is not counted yet only what narrows may count.
    allowing = tuple(r.segment for r in rows if r.invite == Invite.ALLOW and r.segment.live_build is not None)
    default = workspace.contacts_invite
    if denying:
        return Effective(False, denying, allowing, default)
    return Effective(bool(allowing) or default, allowing, (), default)


def _restricted(rows: list[Permission], workspace: Workspace) -> Effective:
    default = workspace.collaboration_restricted
    if default:
        return Effective(True, (), (), default)
    restricting = tuple(row.segment for row in rows if row.restricted)
    return Effective(bool(restricting), restricting, (), default)


def invites(rows: Iterable[Permission], segment_ids: Collection[UUID], workspace: Workspace) -> bool:
    """The same for somebody in these segments; `rows` are those of live ones."""
    return _invite([row for row in rows if row.segment_id in segment_ids], workspace).holds


def restricts(rows: Iterable[Permission], segment_ids: Collection[UUID], workspace: Workspace) -> bool:
    return _restricted([row for row in rows if row.segment_id in segment_ids], workspace).holds


def set_permissions(segment: Segment, *, invite: str, restricted: bool) -> bool:
    """Says whether anything differed. Open pages look again."""
    row = Permission.objects.filter(segment=segment).first() or Permission(segment=segment)
    if (row.invite, row.restricted) == (invite, restricted):
        return False
    row.invite, row.restricted = invite, restricted
    row.save()
    live.announce_to_all()
    return True


def copy(segment: Segment, *, to: Segment) -> None:
    """What a duplicate's members may do is what the original's may."""
    found = Permission.objects.filter(segment=segment).first()
    if found is not None:
        set_permissions(to, invite=found.invite, restricted=found.restricted)


def in_words(permission: Permission | None) -> list[str]:
    """For lists: what it says, in a few words; nothing where it leaves things as they are."""
    words = []
    if permission is not None and permission.invite != Invite.INHERIT:
        words.append(
            "May invite colleagues" if permission.invite == Invite.ALLOW else "May not invite colleagues"
        )
    if permission is not None and permission.restricted:
        words.append("Sees only what they collaborate on")
    return words


def must_not_narrow(segment: Segment) -> None:
    """Before a segment goes: raises Narrows where its members would gain by that."""
    row = Permission.objects.filter(segment=segment).first()
    if row is not None and row.narrows:
        raise Narrows
