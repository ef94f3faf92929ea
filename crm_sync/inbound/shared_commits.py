"""Group commit: what arrives while one transaction is being committed shares the next one.

A commit costs the same for one event as for fifty, and webhooks come in bursts.
"""

import threading
from collections.abc import Callable


class SharedCommits[Item]:
    """`store` runs in whichever thread comes first, for all that wait; each gets its own answer."""

    def __init__(self, store: Callable[[list[Item]], None]):
        self._store = store
        self._turn = threading.Lock()
        self._list_lock = threading.Lock()
        self._waiting: list[_Waiter[Item]] = []

    def add(self, item: Item) -> None:
        """Returns when the item is committed; raises what kept it from that."""
        mine = _Waiter(item)
        with self._list_lock:
            self._waiting.append(mine)
        with self._turn:
            if not mine.settled:
                with self._list_lock:
                    group, self._waiting = self._waiting, []
                self._settle(group)
        if mine.error is not None:
            raise mine.error

    def _settle(self, group: list["_Waiter[Item]"]) -> None:
        error: BaseException | None = None
        try:
            self._store([waiter.item for waiter in group])
        except BaseException as raised:
            error = raised
        for waiter in group:
            waiter.error, waiter.settled = error, True


class _Waiter[Item]:
    def __init__(self, item: Item):
        self.item = item
        self.settled = False
        self.error: BaseException | None = None
