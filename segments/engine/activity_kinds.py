"""Kinds of activity that rules may ask about. Features register theirs (segments.activity); nothing here knows them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from segments.engine.later_options import LaterOptions
from segments.rules.fields import ACTIVITY, Field

GROUPS = {"self": "Activity", "partner": "Activity at the partner"}


@dataclass(frozen=True)
class Kind:
    """Something that contacts do. `label` reads as a condition: Viewed a tab, at least 3 times.

    `whats` answers with what it can be done to, as values and names: the tabs.
    """

    key: str
    label: str
    whats: Callable[[], Collection[tuple[str, str]]] | None = None

    def field(self, of: str, *, options: bool) -> Field:
        known = LaterOptions(self.whats) if self.whats and options else ()
        return Field(f"did:{self.key}", of, self.key, self.label, ACTIVITY, known, group=GROUPS[of])


KINDS: dict[str, Kind] = {}
