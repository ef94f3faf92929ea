"""News for open pages: who changed, never what. The message leaves with the commit."""

from collections.abc import Collection
from uuid import UUID

from workspaces import statements
from workspaces.tenancy import current_workspace_id

CHANNEL = "live"
EVERYONE = "*"
FEW = 1000  # more than this many at once are told as one: everyone, look again


def announce(subject_ids: Collection[UUID]) -> None:
    """`<workspace>:<contact or partner>` for each, or `<workspace>:*`."""
    _tell([str(pk) for pk in subject_ids] if len(subject_ids) <= FEW else [EVERYONE])


def announce_to_all() -> None:
    """A gate changed, or a segment that gates name: every open page looks again."""
    _tell([EVERYONE])


def _tell(whom: list[str]) -> None:
    workspace_id = current_workspace_id()
    if whom:
        tell = "SELECT pg_notify(%s::text, note) FROM unnest(%s::text[]) AS note"
        statements.run(tell, [CHANNEL, statements.array(f"{workspace_id}:{one}" for one in whom)])
