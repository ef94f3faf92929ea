"""All lines of one process: looks every few seconds which there should be."""

import logging
import time
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import InterfaceError, OperationalError

from crm_sync.streams import leases
from workspaces.keys import uuid7

if TYPE_CHECKING:
    from crm_sync.streams.line import Line

log = logging.getLogger(__name__)
PATIENCE = 8.0  # seconds for what is being stored when the process is asked to stop


class Listener:
    def __init__(self) -> None:
        self.id = uuid7()
        self.lines: dict[UUID, Line] = {}

    def look(self) -> None:
        try:
            self._look()
        except (OperationalError, InterfaceError) as error:
            log.warning("The database is away: %s", error)
        finally:
            leases.let_database_go()

    def stop(self) -> None:
        """What was heard is stored to its end; then somebody else may listen, at once."""
        for line in self.lines.values():
            line.stop()
        until = time.monotonic() + PATIENCE
        for line in self.lines.values():
            line.thread.join(max(0.0, until - time.monotonic()))
            leases.give_back(line.tenure)
        self.lines.clear()

    def _look(self) -> None:
        for stream_id, line in list(self.lines.items()):
            if not line.thread.is_alive():
                del self.lines[stream_id]
                leases.give_back(line.tenure)
            elif leases.renew(line.tenure, is_open=line.is_open):
                line.check()
            else:
                line.stop()
        for tenure in leases.free_streams(self.id):
            if tenure.stream_id not in self.lines and leases.take(tenure):
                self._open(tenure)

    def _open(self, tenure: leases.Tenure) -> None:
        from crm_sync.streams.line import Line  # with it gRPC: not before somebody wants it

        self.lines[tenure.stream_id] = line = Line(tenure)
        line.thread.start()
