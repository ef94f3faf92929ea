"""Why a membership changed, as the history keeps it and as people read it."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from segments.rules.fields import Field, Fields
from segments.rules.tree import Place
from segments.rules.words import value_words
from workspaces.actors import SYSTEM, Actor
from workspaces.signals import RecordChange

MOST_NAMED = 3
WORDS = {
    "created": "was added",
    "moved": "moved to another partner",
    "deleted": "was deleted",
    "time": "the date came",
    "rule": "the rule was changed",
    "list": "the list was changed",
    "frozen": "was a member when the list was made",
    "released": "a held leaving was released",
    "records": "its related records changed",
    "activity": "did something",
    "recomputed": "was looked at once more",
}


@dataclass(frozen=True, eq=False)
class Cause:
    """`changes` maps (side, property number) to the raw values before and after. Each is its own: not equal."""

    why: str
    by: Actor = SYSTEM
    changes: tuple[tuple[Place, object, object], ...] = ()
    reason: str = ""  # of an exception, in the words of its author
    ended: bool = False  # an exception that is over is the cause

    def as_json(self, asked: Collection[Place]) -> dict:
        """Of several changed properties only those that the rule asks about are a reason."""
        found: dict = {
            "why": self.why,
            "by": {"kind": self.by.kind, "id": self.by.id, "label": self.by.label},
        }
        changes = [
            {"of": of, "p": number, "old": old, "new": new}
            for (of, number), old, new in self.changes
            if (of, number) in asked
        ]
        more: dict = {"changes": changes, "reason": self.reason, "ended": self.ended}
        return found | {name: value for name, value in more.items() if value}

    def seen_from_below(self) -> "Cause":
        """The same change of a partner as its contacts see it."""
        changes = tuple((("partner", place[1]), old, new) for place, old, new in self.changes)
        return replace(self, changes=changes)

    def followed_by(self, later: "Cause") -> "Cause":
        """Both in one, for those whom neither has reached yet: from where the first began to where the later ended.
        What a sync has part in is a sync's, since those may take only so many out."""
        changes = {place: (old, new) for place, old, new in self.changes}
        for place, old, new in later.changes:
            changes[place] = (changes[place][0] if place in changes else old, new)
        by = self.by if self.by.kind in ("crm", "import") else later.by
        by = replace(by, label=_both(self.by.label, later.by.label))
        both = tuple((place, old, new) for place, (old, new) in changes.items())
        return replace(later, by=by, changes=both)

    @classmethod
    def from_json(cls, stored: dict) -> "Cause":
        by = stored.get("by", {})
        changes = tuple(((c["of"], c["p"]), c["old"], c["new"]) for c in stored.get("changes", ()))
        by = Actor(**by) if by else SYSTEM
        ended = stored.get("ended", False)
        return cls(stored.get("why", "property"), by, changes, stored.get("reason", ""), ended)

    @classmethod
    def of_change(cls, change: RecordChange, *, side: str = "self") -> "Cause":
        if change.created:
            return cls("created", change.by)
        if change.old_partner_id:
            return cls("moved", change.by)
        changes = tuple(((side, number), old, new) for number, (old, new) in change.values.items())
        return cls("property", change.by, changes)


def _both(label: str, later: str) -> str:
    """Whoever had a part in it, the first first."""
    names = [name for name in label.split(" and ") if name]
    return label if later in names or not later else " and ".join([*names, later][-MOST_NAMED:])


def in_words(cause: dict, fields: Fields) -> str:
    """Tier went from Silver to Gold, by Ada."""
    changes = [words for change in cause.get("changes", ()) if (words := _change(change, fields))]
    text = (
        "; ".join(changes)
        or _exception(cause)
        or _beside(cause)
        or WORDS.get(cause.get("why", ""), "changed")
    )
    who = cause.get("by", {})
    by = f", by {who['label']}" if who.get("label") and who.get("kind") != "system" else ""
    return f"{text[:1].upper()}{text[1:]}{by}"


def _exception(cause: dict) -> str:
    if cause.get("why") != "exception":
        return ""
    reason = f": {cause['reason']}" if cause.get("reason") else ""
    return f"an exception ended{reason}" if cause.get("ended") else f"exception{reason}"


def _beside(cause: dict) -> str:
    """What changed are records, or what was done: the reason says which."""
    reason = cause.get("reason")
    if not reason or cause.get("why") not in ("records", "activity"):
        return ""
    return f"its {reason} changed" if cause["why"] == "records" else reason


def _change(change: dict, fields: Fields) -> str:
    field = fields.get(change["of"], change["p"])
    if field is None:
        return ""
    name = (
        f"the partner’s {field.label}" if field.of == "partner" and fields.level == "contact" else field.label
    )
    return f"{name} went from {raw_words(field, change['old'])} to {raw_words(field, change['new'])}"


def raw_words(field: Field, raw: object) -> str:
    if field.type == "money" and isinstance(raw, dict):
        return f"{raw['amount']} {raw['currency']}"
    if field.type == "number" and raw is not None:
        return str(raw)
    return value_words(field, raw)
