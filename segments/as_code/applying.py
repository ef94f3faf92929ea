"""What a file would change, in words; and the change itself, once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from segments import checks, editing, notifications, permissions
from segments.as_code import documents
from segments.as_code.reading import read
from segments.as_code.wishes import Fault, Understanding, Wish, in_order
from segments.engine import lists
from segments.models import Permission, Segment, SegmentCheck
from segments.rules.tree import Node, is_group
from segments.versions.diff import compare, in_words
from workspaces.actors import Actor
from workspaces.guard import guarded


class NotUnderstood(ValueError):
    def __init__(self, faults: list[Fault]):
        self.faults = faults
        super().__init__("\n".join(map(str, faults)))


@dataclass
class Change:
    """What becomes of one segment. `verb` is "create", "change", "archive" or "keep"."""

    verb: str
    name: str
    words: list[str] = field(default_factory=list)
    wish: Wish | None = None
    segment: Segment | None = None

    def __str__(self) -> str:
        lines = {
            "create": "+ Create",
            "change": "~ Change",
            "archive": "- Archive",
            "keep": "? Not in the file:",
        }
        return "\n".join([f"{lines[self.verb]} “{self.name}”", *(f"    {words}" for words in self.words)])


def plan(text: str, *, archive_missing: bool = False) -> list[Change]:
    """Raises segments.as_code.reading.Unreadable and NotUnderstood."""
    understood = Understanding(read(text))
    if understood.faults:
        raise NotUnderstood(understood.faults)
    found = []
    for wish in in_order(understood.wishes):
        words = list(_differences(wish, understood))
        if wish.existing is None or words:
            verb = "change" if wish.existing else "create"
            found.append(Change(verb, wish.name, words, wish, wish.existing))
    verb = "archive" if archive_missing else "keep"
    return found + [Change(verb, segment.name, segment=segment) for segment in understood.missing]


def differs(changes: list[Change]) -> bool:
    return any(change.verb != "keep" for change in changes)


def _differences(wish: Wish, understood: Understanding) -> Iterator[str]:
    segment = wish.existing
    fields = understood.fields(wish.level)
    if segment is None:
        yield from in_words(compare(None, wish.tree, fields))
        return
    for label, old, new in (
        ("Name", segment.name, wish.name),
        ("Description", segment.description, wish.description),
        ("Kind", segment.kind, wish.kind),
        ("Permissions", documents.permissions_of(segment), wish.permissions),
        ("Notifications", documents.notifications_of(segment), wish.notifications),
        ("Checks", checks_of(segment), {str(pk): must for pk, must in wish.checks.items()}),
    ):
        if old != new:
            yield (
                f"{label}: {_said(old)} → {_said(new)}"
                if label != "Checks"
                else f"Checks: {len(old)} → {len(new)}"
            )
    before = documents.tree_of(segment)
    if before != wish.tree:
        yield from in_words(compare(before, wish.tree, fields)) or ["The rule in another order"]


def _said(value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_said(one)}" for key, one in value.items()) or "as everywhere else"
    return {True: "yes", False: "no", "": "nothing"}.get(value, str(value))


def checks_of(segment: Segment) -> dict[str, bool]:
    rows = SegmentCheck.objects.filter(segment=segment)
    return {str(row.contact_id or row.partner_id): row.must_be_in for row in rows}


def apply(
    changes: list[Change], *, by: Actor, despite_checks: bool = False, locking_out: bool = False
) -> None:
    """In the order of the plan, inside the transaction of whoever calls. Raises segments.checks.ChecksFail, and
    workspaces.guard.WouldLock where the last people who may do something would lose that; `locking_out` means it.
    """
    made: dict[str, str] = {}
    with guarded(confirmed=locking_out):
        for change in changes:
            if change.wish is not None:
                _make(change.wish, made, by, despite_checks)
            elif change.verb == "archive" and change.segment is not None:
                permissions.must_not_narrow(change.segment)
                editing.archive(change.segment, by=by)


def _make(wish: Wish, made: dict[str, str], by: Actor, despite_checks: bool) -> None:
    tree = {**wish.tree, "root": _renamed(wish.tree["root"], made)} if wish.tree else None
    what: dict[str, Any] = {"name": wish.name, "description": wish.description, "kind": wish.kind}
    if wish.existing is None:
        segment = editing.create(level=wish.level, tree=tree, by=by, **what)
        made[wish.id] = str(segment.pk)
    else:
        segment = wish.existing
    _set_parts(segment, wish, by)
    frozen = wish.kind == Segment.Kind.STATIC != segment.kind
    members = _members_now(segment) if frozen else None
    if wish.existing is None:
        checks.hold_or_raise(
            segment, kind=wish.kind, tree=tree, members=members, by=by, despite=despite_checks
        )
    else:
        editing.save(segment, tree=tree, members=members, by=by, despite_checks=despite_checks, **what)


def _renamed(node: Node, made: dict[str, str]) -> Node:
    """With the ids that segments have been given meanwhile."""
    if is_group(node):
        return {**node, "items": [_renamed(item, made) for item in node["items"]]}
    if node.get("p") != "segments":
        return node
    return {**node, "v": sorted(made.get(one, one) for one in node["v"])}


def _members_now(segment: Segment) -> list:
    records = lists.MODELS[segment.level].objects
    return list(
        records.filter(segment_state__builds__contains=[segment.live_build]).values_list("pk", flat=True)
    )


def _set_parts(segment: Segment, wish: Wish, by: Actor) -> None:
    said = wish.permissions
    permissions.set_permissions(
        segment,
        invite=said.get("invite", Permission.Invite.INHERIT),
        restricted=said.get("restricted", False),
    )
    wanted = {
        (kind, ch): level for kind, levels in wish.notifications.items() for ch, level in levels.items()
    }
    there = segment.notifications.values_list("kind", "channel")
    notifications.set_levels(segment, {pair: None for pair in there if pair not in wanted} | wanted)
    if checks_of(segment) != {str(pk): must for pk, must in wish.checks.items()}:
        segment.checks.all().delete()
        key = f"{segment.level}_id"
        SegmentCheck.objects.bulk_create(
            [
                SegmentCheck(segment=segment, must_be_in=must, made_by=by.label, **{key: pk})
                for pk, must in wish.checks.items()
            ]
        )
