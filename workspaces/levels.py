"""What has typed properties, by level: partners and contacts here; features above register theirs when they start.

    levels.register(Level("deal", AttributedRecord, columns={"version": "bigint", "name": "text", …}, …))

From then on `workspaces.properties` sets, validates and logs their values like everybody's, and Settings → Properties
has a tab for them.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from workspaces.models import Contact, Partner


@dataclass(frozen=True)
class Level:
    key: str
    model: Any
    # What a change writes beside the documents, with its type in the database.
    columns: Mapping[str, str]
    required: frozenset[str] = frozenset()
    # The choice of which a new record has the default option, whichever way it comes.
    beginning: str = ""
    # The properties that every workspace has, as keyword arguments of Property.
    built_in: tuple[dict, ...] = ()
    # Around every change of such records, given its edits and `by`: takes the locks before their rows are locked.
    # Partners and contacts have locks of their own (workspaces/properties.py).
    changing: Callable[..., AbstractContextManager] | None = None

    @property
    def has_partner(self) -> bool:
        """Whether each belongs to a partner, and can come to belong to another."""
        return "partner_id" in self.columns


LEVELS: dict[str, Level] = {}


def register(level: Level) -> None:
    LEVELS[level.key] = level


def built_in() -> list[dict]:
    """The properties that come with the levels that features registered."""
    return [{**prop, "level": level.key} for level in LEVELS.values() for prop in level.built_in]


register(
    Level("partner", Partner, {"version": "bigint", "name": "text"}, required=frozenset({"name"})),
)
register(
    Level(
        "contact",
        Contact,
        {"version": "bigint", "name": "text", "email": "text", "partner_id": "uuid", "user_id": "uuid"},
        required=frozenset({"email"}),
        beginning="role",
    )
)
