"""One form for every line of every process's log."""

import logging
import re

# PostgreSQL names the values that it could not take: "Key (workspace_id, email)=(…, pat@example.com) exists".
VALUES = re.compile(r"\n(?:DETAIL|CONTEXT|HINT):[^\n]*")
# Whoever knows the address that Salesforce calls may call it.
HOOK = re.compile(r"(/hooks/salesforce/)[^/\s\"']+")


class Line(logging.Formatter):
    """Without what is nobody's business who reads logs: people's values, and secret parts of addresses."""

    def format(self, record: logging.LogRecord) -> str:
        return HOOK.sub(r"\1…", VALUES.sub("", super().format(record)))
