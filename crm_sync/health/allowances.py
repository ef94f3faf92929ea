"""How much may still be asked of an account today and at once, and who asks."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from crm_sync.connectors.throttling import Priority
from crm_sync.limits.budgets import DAY
from crm_sync.limits.retries import midnight, today_of
from crm_sync.models import Allowance, Connection

WORDS = {
    Priority.PERSON: "Changes on their way out",
    Priority.EVENT: "Changes the CRM told of",
    Priority.SWEEP: "Sweeps",
    Priority.BACKFILL: "Imports and comparisons",
}
LANES = {"burst": "Everything", "search": "Search"}
LATELY = timedelta(hours=1)


@dataclass(frozen=True)
class Asker:
    """One kind of work: how often it asked today, and up to which part of the day it may."""

    words: str
    asked: int
    stops_at: int  # percent of the day's allowance
    stopped: bool


@dataclass(frozen=True)
class Lane:
    words: str
    left: int
    most: int
    seconds: float
    paused_until: datetime | None


@dataclass
class Budget:
    """`used` and `most` are the CRM's own words about the day; None: it tells nothing."""

    used: int | None = None
    most: int | None = None
    told_at: datetime | None = None
    resets_at: datetime | None = None  # None: hour by hour, as old calls are forgotten
    asked: int = 0
    askers: list[Asker] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)

    @property
    def percent(self) -> int | None:
        return None if self.used is None or not self.most else min(100, round(self.used * 100 / self.most))

    @property
    def left_percent(self) -> int | None:
        return None if self.percent is None else 100 - self.percent

    @property
    def left(self) -> int:
        return max(0, (self.most or 0) - (self.used or 0))

    @property
    def tone(self) -> str:
        if self.percent is None or self.percent < DAY[Priority.BACKFILL] * 100:
            return "positive"
        return "critical" if self.percent >= DAY[Priority.EVENT] * 100 else "warning"


def budget_of(connection: Connection) -> Budget:
    rows = list(Allowance.objects.filter(connection=connection).order_by("lane"))
    today, budget = today_of(connection), Budget()
    for row in rows:
        if row.daily_most:
            budget.used, budget.most, budget.told_at = row.daily_used, row.daily_most, row.told_at
        budget.lanes.append(_lane(row))
    if connection.provider == Connection.Provider.HUBSPOT:
        budget.resets_at = midnight(connection, timezone.now())
    counts = {p: sum(_asked(row, p) for row in rows if row.day == today) for p in Priority}
    budget.asked = sum(counts.values())
    spent = (budget.used or 0) / budget.most if budget.most else 0.0
    budget.askers = [Asker(WORDS[p], counts[p], round(DAY[p] * 100), spent >= DAY[p]) for p in Priority]
    return budget


def _asked(row: Allowance, priority: Priority) -> int:
    return int(row.asked.get(str(int(priority)), 0))


def _lane(row: Allowance) -> Lane:
    """As full as it is now: it fills by itself."""
    now = timezone.now()
    left = min(row.most, row.left + (now - row.filled_at).total_seconds() * row.most / row.seconds)
    paused = row.paused_until if row.paused_until and row.paused_until > now else None
    return Lane(LANES.get(row.lane, row.lane), 0 if paused else int(left), int(row.most), row.seconds, paused)
