"""A rule becomes a list, and a snapshot is taken again."""

from django.db import connection
from django.utils import timezone

from segments import checks
from segments.engine import dependents, lists, publishing
from segments.models import Build, Segment
from workspaces.actors import Actor
from workspaces.tenancy import current_workspace_id

# Who is in at this moment, whatever brought them in: rule, exception, or kept in for now.
KEEP = """
    INSERT INTO segments_staticmember (id, workspace_id, segment_id, subject_id, added_by, added_at)
    SELECT gen_random_uuid(), s.workspace_id, %(segment)s, s.{level}_id, %(by)s, %(at)s
    FROM segments_{level}state s
    WHERE s.workspace_id = %(workspace)s AND s.builds @> ARRAY[%(build)s]::int[]"""


class NotNow(ValueError):
    """The segment cannot change its kind as it stands."""


def freeze(segment: Segment, *, by: Actor) -> Build:
    """Today's members become a hand-picked list; nobody joins or leaves by it."""
    if segment.kind == Segment.Kind.STATIC:
        raise NotNow("It is a static list already.")
    if segment.archived_at is not None or segment.live_build is None:
        raise NotNow("Its members are not counted. Restore it, or wait until they are.")
    publishing.hold(segment.level, dependents.following(segment))
    segment.static_members.all().delete()
    params = {
        "workspace": current_workspace_id(),
        "segment": segment.pk,
        "build": segment.live_build,
        "by": by.label,
        "at": timezone.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(KEEP.format(level=segment.level), params)
    segment.kind = Segment.Kind.STATIC
    _touch(segment, by)
    return publishing.publish(segment, tree=None, by=by)


def refresh_snapshot(segment: Segment, *, by: Actor) -> Build:
    """Asks the rule of the snapshot once more; who fits now is in, and stays. Raises segments.checks.ChecksFail."""
    latest = segment.builds.filter(tree__isnull=False).order_by("-version").first()
    if segment.kind != Segment.Kind.SNAPSHOT or latest is None or latest.tree is None:
        raise NotNow("Only a snapshot is taken again.")
    if segment.archived_at is not None:
        raise NotNow("It is archived. Restoring it takes it again.")
    publishing.hold(segment.level, dependents.following(segment))
    lists.take_snapshot(segment, latest.tree, by=by)
    found = set(lists.members(segment))
    checks.hold_or_raise(segment, kind=segment.kind, tree=None, members=found, by=by)
    _touch(segment, by)
    return publishing.publish(segment, tree=latest.tree, by=by)


def _touch(segment: Segment, by: Actor) -> None:
    segment.updated_at, segment.updated_by = timezone.now(), by.label
    segment.save(update_fields=["kind", "updated_at", "updated_by"])
