"""What the rules of a level read of a subject: one mapping with a key for everything that they ask about.

The keys are those of segments.rules.expressions.Column.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from segments.engine import verdicts


@dataclass(slots=True)
class Side:
    """A subject, or a contact's partner, with all that is known about it."""

    id: UUID | None = None
    norm: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)
    set_at: Mapping[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    builds: Collection[int] = ()
    held: Collection[int] = ()
    exceptions: Mapping[str, dict] = field(default_factory=dict)

    def document(self, keys: Collection[str], at: datetime) -> Mapping[str, Any]:
        """`keys`: what is asked beside the values of the properties."""
        if not keys:
            return self.norm
        found = dict(self.norm)
        for key in keys:
            value = _READ[key[0]](self, key, at)
            if value is not None:
                found[key] = value
        return found

    def _exception(self, key: str, at: datetime) -> bool | None:
        exception = self.exceptions.get(key[1:])
        return exception["in"] if exception and verdicts.holds(exception, at) else None


_READ = {
    "r": lambda side, key, at: side.raw.get(key[1:]),
    "t": lambda side, key, at: side.set_at.get(key[1:]),
    "f": lambda side, key, at: side.facts.get(key),
    "u": lambda side, key, at: side.facts.get(key),
    "b": lambda side, key, at: int(key[1:]) in side.builds or None,
    "h": lambda side, key, at: int(key[1:]) in side.held or None,
    "x": Side._exception,
    "i": lambda side, key, at: str(side.id),
}
