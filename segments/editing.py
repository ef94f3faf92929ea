"""What the team does to segments: create, save, archive, restore, duplicate, delete."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from segments import checks, live, notifications, permissions, uses
from segments.engine import definitions, dependents, exceptions, lists, publishing, switching
from segments.models import Build, Segment, StaticMember
from segments.rules.validate import validate
from workspaces.actors import Actor


class Overtaken(Exception):
    """Somebody else saved the segment after the caller looked at it. Nothing was saved."""


class InUse(Exception):
    """The segment decides something, so it cannot be deleted. `uses` says what."""

    def __init__(self, found: list):
        self.uses = found
        super().__init__(f"Used in {len(found)} places")


def create(
    *,
    level: str,
    kind: str,
    name: str,
    by: Actor,
    description: str = "",
    tree: dict | None = None,
    members: Collection[UUID] = (),
    built_in_key: str | None = None,
) -> Segment:
    """`tree` for dynamic segments and snapshots, `members` for static ones."""
    if tree is not None:
        tree = validate(tree, definitions.fields_of(level))
    publishing.hold(level, tree=tree)  # before the definitions, as every build takes them
    segment = Segment.objects.create(
        number=definitions.next_number(),
        level=level,
        kind=kind,
        name=name,
        description=description,
        built_in_key=built_in_key,
        updated_by=by.label,
    )
    _publish(segment, tree=tree, members=members, by=by)
    return segment


def save(
    segment: Segment,
    *,
    name: str,
    description: str,
    kind: str,
    by: Actor,
    tree: dict | None = None,
    members: Collection[UUID] | None = None,
    despite_checks: bool = False,
    seen_at: datetime | None = None,
) -> Build | None:
    """Saves what changed. A new build is made only where who belongs may differ. Raises segments.checks.ChecksFail,
    and Overtaken where `seen_at` is given and is not the moment of the last save any more.
    """
    if tree is not None:
        tree = _valid(segment, tree)
    publishing.hold(segment.level, dependents.following(segment), tree)
    checks.hold_or_raise(segment, kind=kind, tree=tree, members=members, by=by, despite=despite_checks)
    was = segment.kind
    segment.name, segment.description, segment.kind = name, description, kind
    touch(segment, by=by, seen_at=seen_at)
    segment.save(update_fields=["name", "description", "kind"])
    if kind == was == Segment.Kind.STATIC:
        lists.set_members(segment, members if members is not None else lists.members(segment), by=by)
        return None
    if kind == was and not _differs(segment, tree):
        return None
    return _publish(segment, tree=tree, members=members or (), by=by)


def touch(segment: Segment, *, by: Actor, seen_at: datetime | None = None) -> None:
    """Notes who saved last and when. Of two who looked at the same moment, one statement lets only the first pass."""
    same = Segment.objects.filter(pk=segment.pk, **({"updated_at": seen_at} if seen_at else {}))
    segment.updated_at, segment.updated_by = timezone.now(), by.label
    if not same.update(updated_at=segment.updated_at, updated_by=segment.updated_by):
        raise Overtaken


def _differs(segment: Segment, tree: dict | None) -> bool:
    latest = segment.builds.exclude(state=Build.State.RETIRED).order_by("-version").first()
    if latest is None or latest.state == Build.State.FAILED:
        return True
    return latest.tree != _valid(segment, tree)


def _valid(segment: Segment, tree: dict | None) -> dict:
    return validate(tree, definitions.fields_of(segment.level), of_segment=str(segment.pk))


def _publish(segment: Segment, *, tree: dict | None, members: Iterable[UUID], by: Actor) -> Build:
    if segment.kind == Segment.Kind.STATIC:
        lists.replace(segment, members, by=by)
        return publishing.publish(segment, tree=None, by=by)
    tree = _valid(segment, tree)
    if segment.kind == Segment.Kind.SNAPSHOT:
        lists.take_snapshot(segment, tree, by=by)
    else:
        StaticMember.objects.filter(segment=segment).delete()
    return publishing.publish(segment, tree=tree, by=by)


def archive(segment: Segment, *, by: Actor) -> None:
    """Closes every gate that names it. Its members are no longer evaluated."""
    segment.archived_at = segment.updated_at = timezone.now()
    segment.updated_by = by.label
    switching.let_go(segment, by=by)
    segment.save(update_fields=["archived_at", "updated_at", "updated_by"])
    definitions.change()
    publishing.follow(segment, by=by)
    live.announce_to_all()


def restore(segment: Segment, *, by: Actor) -> None:
    """Opens again once the membership of today is built; until then the gates stay closed."""
    latest = segment.builds.exclude(state=Build.State.FAILED).order_by("-version").first()
    publishing.hold(segment.level, dependents.following(segment), latest.tree if latest else None)
    segment.archived_at, segment.live_build = None, None
    segment.updated_at, segment.updated_by = timezone.now(), by.label
    segment.save(update_fields=["archived_at", "live_build", "updated_at", "updated_by"])
    publishing.publish(segment, tree=latest.tree if latest else None, by=by)


def duplicate(segment: Segment, *, by: Actor) -> Segment:
    latest = segment.builds.exclude(state=Build.State.FAILED).order_by("-version").first()
    name = _free_name(f"{segment.name[:90]} (copy)")
    static = segment.kind != Segment.Kind.DYNAMIC
    copy = create(
        level=segment.level,
        kind=Segment.Kind.STATIC if static else Segment.Kind.DYNAMIC,
        name=name,
        description=segment.description,
        tree=latest.tree if latest and not static else None,
        members=lists.members(segment) if static else (),
        by=by,
    )
    notifications.copy_levels(segment, to=copy)
    permissions.copy(segment, to=copy)
    return copy


def _free_name(wanted: str) -> str:
    taken = {name.lower() for name in Segment.objects.present().values_list("name", flat=True)}
    names = [wanted, *(f"{wanted[:94]} {number}" for number in range(2, 1000))]
    return next(name for name in names if name.lower() not in taken)


def delete(segment: Segment) -> None:
    """Raises InUse while something names it."""
    found = uses.used_in(segment)
    if found or segment.uses.exists():
        raise InUse(found)
    level = segment.level
    publishing.lock(level, list(range(publishing.CHUNKS)))  # every state is written, in no order
    exceptions.forget(segment)
    switching.forget_facts_of(segment.builds.filter(state=Build.State.LIVE))
    segment.builds.update(state=Build.State.RETIRED)
    publishing.sweep_retired(level, list(range(publishing.CHUNKS)))
    segment.delete()
    definitions.change()
