"""Puts the lines of a file, or pasted ones, onto a hand-picked list, and keeps what became of each."""

from collections.abc import Iterable, Iterator

from segments import checks
from segments.engine import lists
from segments.engine.matching import WHY, Entry, match
from segments.models import MemberFile, Segment
from workspaces.actors import Actor


def add(segment: Segment, entries: Iterable[Entry], *, by: Actor, name: str = "") -> MemberFile:
    """Raises segments.checks.ChecksFail where somebody would be on the list who must not be."""
    entries = list(entries)
    matched = match(segment.level, entries)
    members = {*lists.members(segment), *matched.found}
    checks.hold_or_raise(segment, kind=segment.kind, tree=None, members=members, by=by)
    added = lists.add_members(segment, matched.found, by=by)
    return MemberFile.objects.create(
        segment=segment,
        name=name[:200],
        line_count=len(entries),
        added=added,
        already=len(matched.found) - added,
        unmatched=[{"line": one.line, "text": one.text, "why": one.why} for one in matched.unmatched],
        made_by=by.label,
    )


def explained(file: MemberFile) -> Iterator[tuple[int, str, str]]:
    """The lines that fit nobody: where, what, and why."""
    level = file.segment.level
    for one in file.unmatched:
        yield one["line"], one["text"], WHY[one["why"]][level]
