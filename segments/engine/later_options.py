"""Options that are asked for when somebody looks at them: most pages never do."""

from collections.abc import Callable, Collection, Sequence
from functools import cached_property


class LaterOptions(Sequence):
    """Values and labels, like any other options."""

    def __init__(self, find: Callable[[], Collection[tuple[str, str]]]):
        self._find = find

    @cached_property
    def _found(self) -> tuple[tuple[str, str], ...]:
        return tuple(self._find())

    def __getitem__(self, index):
        return self._found[index]

    def __len__(self) -> int:
        return len(self._found)
