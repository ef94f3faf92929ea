"""News for open pages: who changed, never what. The message leaves with the commit."""

from collections.abc import Collection
from uuid import UUID

from workspaces import statements
from workspaces.tenancy import current_workspace_id

CHANNEL = "live"
EVERYONE = "*"
FEW = 1000  # more than this many at once are told as one: everyone, look again


def announce(subject_ids: Collection[UUID]) -> None:
    if subject_ids:
        _tell(notes(subject_ids))


def announce_to_all() -> None:
    """A gate changed, or a segment that gates name: every open page looks again."""
    _tell([f"{current_workspace_id()}:{EVERYONE}"])


def notes(subject_ids: Collection[UUID]) -> list[str]:
    """`<workspace>:<contact or partner>` for each, or `<workspace>:*`; for who sends them along with something else."""
    whom = subject_ids if len(subject_ids) <= FEW else [EVERYONE]
    return [f"{current_workspace_id()}:{one}" for one in whom]


def _tell(news: list[str]) -> None:
    tell = "SELECT pg_notify(%s::text, note) FROM unnest(%s::text[]) AS note"
    statements.run(tell, [CHANNEL, statements.array(news)])
