"""Whether somebody else saved the segment after this form was drawn, and what they changed."""

from dataclasses import dataclass
from datetime import datetime

from segments.models import Build, Segment
from segments.rules.fields import Fields
from segments.versions import diff


@dataclass(frozen=True)
class Seen:
    """What a form was drawn from. It travels with the form: the moment of the last save, and the rule's version."""

    at: datetime
    version: int

    @classmethod
    def of(cls, segment: Segment, latest: Build | None) -> "Seen":
        return cls(segment.updated_at, latest.version if latest else 0)

    @classmethod
    def read(cls, text: str) -> "Seen | None":
        """None for what this class never wrote; such a form is taken for one that is out of date."""
        moment, _, version = text.partition(" ")
        try:
            at = datetime.fromisoformat(moment)
            return cls(at, int(version)) if at.tzinfo else None
        except ValueError:
            return None

    def __str__(self):
        return f"{self.at.isoformat()} {self.version}"


@dataclass(frozen=True)
class Overtaken:
    by: str
    at: datetime
    rule: list[str]  # what became of the rule since, in words
    untouched: bool  # whether the rule in the form is still the one it was drawn with


def since(
    seen: Seen | None, *, segment: Segment, latest: Build | None, typed: dict, fields: Fields
) -> Overtaken:
    version = seen.version if seen else 0
    base = segment.builds.filter(version=version).first()
    theirs = latest.tree if latest else None
    words = diff.in_words(diff.compare(base.tree, theirs, fields)) if base else []
    untouched = bool(base and base.tree and typed["root"] == base.tree["root"])
    return Overtaken(segment.updated_by, segment.updated_at, words, untouched)
