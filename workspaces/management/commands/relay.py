"""Listens for work that was left in the database and rings the workers for it.

One process. It is no source of truth: started late, killed or doubled, it only rings later or twice.
"""

import logging
import signal
import time

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from workspaces import jobs

log = logging.getLogger(__name__)
POLL_SECONDS = 1.0
BEGAN = "a worker began"
LEASE_SECONDS = settings.LEASE_SECONDS * 2 / 3  # a ring that led to nothing by then is repeated
WAITING = """
    SELECT workspace_id::text, queue, min(id), max(id) FROM workspaces_due
    WHERE due_at <= now() GROUP BY workspace_id, queue
"""


class Command(BaseCommand):
    help = "Rings the workers for work that waits in the database."

    def handle(self, **options):
        self.stopping = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        bell = Bell()
        while not self.stopping:
            try:
                self._listen(bell)
            except psycopg.OperationalError as error:
                log.warning("The database is away: %s", error)
                time.sleep(POLL_SECONDS)

    def _listen(self, bell):
        with direct() as listener:
            listener.execute(f"LISTEN {jobs.CHANNEL}")
            while not self.stopping:
                bell.ring_what_waits(listener.execute(WAITING).fetchall())
                for note in listener.notifies(timeout=POLL_SECONDS, stop_after=1):
                    if note.payload == BEGAN:
                        bell.forget()

    def _stop(self, *_):
        self.stopping = True


def direct():
    """A connection of its own, past every pool."""
    parameters = connection.get_connection_params()
    for ours in ("pool", "cursor_factory", "context", "prepare_threshold"):
        parameters.pop(ours, None)
    return psycopg.connect(**parameters, autocommit=True)


def announce_worker():
    """A worker begins: what an earlier one was rung for, and may have died with, is rung for again at once."""
    try:
        with direct() as database:
            database.execute("SELECT pg_notify(%s, %s)", [jobs.CHANNEL, BEGAN])
    except psycopg.OperationalError as error:
        log.warning("The relay was not told that a worker begins: %s", error)


class Bell:
    """Remembers what it rang for, so that a queue that is being worked is not rung again and again."""

    def __init__(self):
        self.rung = {}  # (workspace, queue) → (newest note at the time, when)

    def ring_what_waits(self, rows):
        now = time.monotonic()
        waiting = {}
        for workspace_id, queue, oldest, newest in rows:
            waiting[workspace_id, queue] = newest
            rung_for, rung_at = self.rung.get((workspace_id, queue), (-1, 0))
            # The notes of the last ring are gone: these are new. Else wait for the worker, but not for ever.
            if oldest > rung_for or now - rung_at > LEASE_SECONDS:
                self._ring(workspace_id, queue, newest, now)
        self.rung = {key: value for key, value in self.rung.items() if key in waiting}

    def forget(self):
        """Who was rung may be gone."""
        self.rung = {}

    def _ring(self, workspace_id, queue, newest, now):
        try:
            jobs.ring.apply_async(args=[workspace_id, queue])
        except jobs.ring.OperationalError as error:
            log.warning("The broker is away, ringing again in a second: %s", error)
        else:
            self.rung[workspace_id, queue] = (newest, now)
