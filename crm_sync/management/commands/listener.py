"""Listens to the CRMs that stream their changes: Salesforce's Change Data Capture.

One process is enough, and it may be missing where nobody has switched it on. A second one takes over when the first
one dies: whoever listens holds a lease.
"""

import logging
import signal
import time

import psycopg
from django.core.management.base import BaseCommand
from django.db import connection

from crm_sync.streams.listener import Listener
from crm_sync.streams.switching import BELL

log = logging.getLogger(__name__)
LOOK_EVERY = 5.0
TICK = 1.0  # seconds, at most, until a signal is heard


class Command(BaseCommand):
    help = "Listens to CRMs that stream their changes."

    def handle(self, **options):
        self.stopping = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        listener = Listener()
        while not self.stopping:
            try:
                self._run(listener)
            except psycopg.OperationalError as error:
                log.warning("The database is away: %s", error)
                time.sleep(TICK)
        listener.stop()

    def _run(self, listener):
        parameters = connection.get_connection_params()
        for ours in ("pool", "cursor_factory", "context", "prepare_threshold"):
            parameters.pop(ours, None)
        with psycopg.connect(**parameters, autocommit=True) as bell:
            bell.execute(f"LISTEN {BELL}")
            looked_at = -LOOK_EVERY
            while not self.stopping:
                if time.monotonic() - looked_at >= LOOK_EVERY:
                    listener.look()
                    looked_at = time.monotonic()
                if list(bell.notifies(timeout=TICK, stop_after=1)):
                    looked_at = -LOOK_EVERY

    def _stop(self, *_):
        self.stopping = True
