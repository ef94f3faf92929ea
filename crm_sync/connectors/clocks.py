"""How far a CRM's clock is from ours, as its answers tell."""

import time
from email.utils import parsedate_to_datetime


def clock_ahead(date: str) -> float | None:
    """Seconds, as sharp as a Date header is; None without one."""
    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except (TypeError, ValueError):
        return None
