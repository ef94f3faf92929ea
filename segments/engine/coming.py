from typing import NamedTuple
from uuid import UUID


class Coming(NamedTuple):
    """A build that is being made: concerned by a change of its own number, or of that of the one it replaces."""

    build: UUID
    itself: bool
