"""Hands the database's news to the pages that are open in this process."""

import asyncio
import logging
import random
from collections import defaultdict

import psycopg
from django.db import connections

from segments.live import CHANNEL

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
# A publication concerns every open page. So many of them a second are told to look again, not all at once.
PAGES_A_SECOND = 500


class Line:
    """What one open page has yet to be told. Messages are names, so a second one of a name adds nothing,
    and a page that reads slowly costs no memory."""

    def __init__(self):
        self._names = set()
        self._rung = asyncio.Event()

    def add(self, name):
        self._names.add(name)
        self._rung.set()

    async def wait(self, *, seconds):
        """The names that came in; none when the time is up."""
        try:
            await asyncio.wait_for(self._rung.wait(), seconds)
        except TimeoutError:
            return frozenset()
        names, self._names = frozenset(self._names), set()
        self._rung.clear()
        return names


class Hub:
    """All lines of the process, by topic, and the one connection that listens for all of them."""

    def __init__(self):
        self._lines = defaultdict(set)
        self._listener = None

    def join(self, topics):
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._listen())
        line = Line()
        for topic in topics:
            self._lines[topic].add(line)
        return line

    def leave(self, line, topics):
        for topic in topics:
            self._lines[topic].discard(line)
            if not self._lines[topic]:
                del self._lines[topic]

    def count(self, topic):
        return len(self._lines.get(topic, ()))

    def tell(self, topic):
        """To the lines of one topic: `session:…` asks them to look who they are for, all else to look again."""
        lines = self._lines.get(topic, ())
        name = "session" if topic.startswith("session:") else "tabs"
        if topic.endswith(":*"):
            self._spread(lines)
        else:
            for line in lines:
                line.add(name)

    def tell_everyone(self):
        self._spread({line for lines in self._lines.values() for line in lines})

    def _spread(self, lines):
        loop, span = asyncio.get_running_loop(), len(lines) / PAGES_A_SECOND
        for line in lines:
            loop.call_later(random.random() * span, line.add, "tabs")  # noqa: S311 - only spreads the load

    async def _listen(self):
        pause = FIRST_PAUSE
        while True:
            try:
                async with await _connect() as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    # Whatever happened while nobody listened is lost, so every page looks again.
                    self.tell_everyone()
                    pause = FIRST_PAUSE
                    async for notice in connection.notifies():
                        self.tell(notice.payload)
            except psycopg.OperationalError as error:
                log.warning("The live connection broke, next try in %.1f s: %s", pause, error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


async def _connect():
    """A connection of its own, beside the pool: it stays open for as long as the process lives."""
    params = connections["default"].get_connection_params()
    for name in ("cursor_factory", "context"):
        params.pop(name, None)
    params |= {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "connect_timeout": 5}
    return await psycopg.AsyncConnection.connect(**params, autocommit=True, application_name="portal live")
