"""Who goes first when a CRM's allowance is short, and what its answers tell about it. Plain Python, no Django."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from crm_sync.connectors.failures import Failure


class Priority(IntEnum):
    """Who goes first when the CRM's allowance is short."""

    PERSON = 0  # somebody waits for it: an edit on its way, a page that was asked for
    EVENT = 1  # the CRM told us of a change
    SWEEP = 2
    BACKFILL = 3


@dataclass(frozen=True)
class Usage:
    """What an answer told about allowances. None: it told nothing."""

    burst_most: int | None = None  # requests in an interval
    burst_left: int | None = None
    interval: float | None = None  # seconds
    daily_most: int | None = None
    daily_used: int | None = None
    clock_ahead: float | None = None  # seconds that the CRM's clock is ahead of ours


# Given a token that was refused: another one to try, or CrmError. Called once for a request at most.
Renew = Callable[[str], str]


class Throttle(Protocol):
    """Asked before each request and told after it; shared by all workers (crm_sync/limits/)."""

    def before(self, lane: str) -> None:
        """Raises CrmError with BUDGET when a request of this lane ("burst", "search") must wait."""
        ...

    def after(self, usage: Usage) -> None: ...

    def refused(self, failure: Failure) -> None:
        """The CRM said no for lack of allowance."""
        ...


class Unthrottled:
    """No limits but the CRM's own: for tests, and for trying keys out."""

    def before(self, lane: str) -> None:
        pass

    def after(self, usage: Usage) -> None:
        pass

    def refused(self, failure: Failure) -> None:
        pass
