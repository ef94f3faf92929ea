"""One document per segment: what it is, its rule, what its members may do and hear, and who must be in it."""

from collections.abc import Iterable
from dataclasses import dataclass

from segments.as_code import rule_writing
from segments.as_code.rules import Names
from segments.engine import definitions
from segments.engine.matching import Entry, match
from segments.models import Build, Permission, Segment, SegmentNotification
from segments.rules.fields import Fields

KEYS = ("segment", "level", "kind", "description", "rule", "permissions", "notifications", "checks")


def names_of_present() -> Names:
    """What segments are called in files: their name; a built-in one whose name another has, its key."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    rows = Segment.objects.present().order_by("name").values_list("pk", "name", "built_in_key")
    for pk, name, key in sorted(rows, key=lambda row: row[2] or ""):
        plain = name if name.casefold() not in taken else key or str(pk)
        taken.add(plain.casefold())
        found[str(pk)] = plain
    return Names(found)


@dataclass
class Exported:
    """Everything about the present segments that documents need, read at once."""

    names: Names
    fields: dict[str, Fields]

    @classmethod
    def begin(cls) -> "Exported":
        fields = {level: definitions.fields_of(level) for level in Segment.Level.values}
        return cls(names_of_present(), fields)

    def documents(self, segments: Iterable[Segment] | None = None) -> list[dict]:
        wanted = segments if segments is not None else written_down()
        return [self.document(segment) for segment in wanted]

    def document(self, segment: Segment) -> dict:
        found: dict = {"segment": segment.name, "level": segment.level, "kind": segment.kind}
        if segment.description:
            found["description"] = segment.description
        tree = tree_of(segment)
        if tree is not None:
            found["rule"] = rule_writing.written(tree, self.fields[segment.level], self.names)
        parts = {
            "permissions": permissions_of(segment),
            "notifications": notifications_of(segment),
            "checks": checks_of(segment),
        }
        return found | {name: part for name, part in parts.items() if part}


def written_down() -> list[Segment]:
    """Those that files are about: the portal keeps the built-in ones itself."""
    return list(Segment.objects.present().filter(built_in_key=None).order_by("name", "pk"))


def tree_of(segment: Segment) -> dict | None:
    """The newest rule, also where it is still being counted."""
    builds = segment.builds.exclude(state=Build.State.FAILED).order_by("-version")
    return builds.values_list("tree", flat=True).first() if segment.kind != Segment.Kind.STATIC else None


def permissions_of(segment: Segment) -> dict:
    row = Permission.objects.filter(segment=segment).first()
    if row is None:
        return {}
    invite = {} if row.invite == Permission.Invite.INHERIT else {"invite": row.invite}
    return invite | ({"restricted": True} if row.restricted else {})


def notifications_of(segment: Segment) -> dict:
    found: dict[str, dict[str, str]] = {}
    for row in SegmentNotification.objects.filter(segment=segment).order_by("kind", "channel"):
        found.setdefault(row.kind, {})[row.channel] = row.level
    return found


def checks_of(segment: Segment) -> dict:
    """By e-mail or name of the partner, in their order; by id where that names several."""
    found: dict[str, list[str]] = {"in": [], "out": []}
    for check in segment.checks.select_related("contact", "partner"):
        called = check.contact.email if check.contact else str(check.partner)
        alone = match(segment.level, [Entry(0, called)]).found
        found["in" if check.must_be_in else "out"].append(called if alone else str(check.subject.pk))
    return {name: sorted(who) for name, who in found.items() if who}
