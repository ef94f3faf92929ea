"""How much may be asked of an account, shared by all workers, the urgent first.

A bucket in the database for each account and lane: one short statement before a request, and none after it unless
the CRM told something new. It fills with time to nine tenths of what the CRM allows, so that people and other apps
keep some. Work of a lower priority leaves a part of it to the others. Nobody sleeps: what must wait is told how long.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection as database
from django.db.models import Max, Q
from django.utils import timezone

from crm_sync.connectors.failures import CrmError, Failure, FailureKind
from crm_sync.connectors.throttling import Priority, Usage
from crm_sync.limits.retries import today_of
from crm_sync.models import Allowance, Connection
from workspaces.tenancy import workspace_transaction

OUR_PART = 0.9
# What each priority leaves in the bucket, and from which part of the day's allowance on it stops.
RESERVE = {Priority.PERSON: 0.0, Priority.EVENT: 0.1, Priority.SWEEP: 0.3, Priority.BACKFILL: 0.5}
DAY = {Priority.PERSON: 1.0, Priority.EVENT: 0.98, Priority.SWEEP: 0.9, Priority.BACKFILL: 0.8}
# Before the CRM told anything: (provider, lane) → requests in seconds.
FIRST = {
    ("hubspot", "burst"): (100.0, 10.0),
    ("hubspot", "search"): (4.0, 1.0),
    ("salesforce", "burst"): (200.0, 20.0),
}
CLOCKS_DIFFER = 2.0  # seconds
TELL_AGAIN = timedelta(seconds=10)
DAY_WAIT = 15 * 60.0
PAUSED = "{crm} asked us to wait."
EMPTY = "Waiting for its turn: more urgent work goes first."
SPENT = "Most of {crm}'s allowance for today is used; the rest is kept for changes."
TAKE = """
    UPDATE crm_sync_allowance SET filled_at = clock_timestamp(), "left" = {filled} - 1, day = %(today)s,
      asked = CASE WHEN day = %(today)s THEN asked ELSE '{}' END || jsonb_build_object(
        %(who)s::text, CASE WHEN day = %(today)s THEN coalesce((asked->>%(who)s)::int, 0) ELSE 0 END + 1)
    WHERE connection_id = %(connection)s AND lane = %(lane)s
      AND (paused_until IS NULL OR paused_until <= clock_timestamp())
      AND {filled} - 1 >= most * %(reserve)s
      AND (daily_most IS NULL OR daily_used IS NULL OR daily_used < daily_most * %(day)s
           OR told_at < clock_timestamp() - interval '15 minutes')
    RETURNING "left"
""".replace(
    "{filled}",
    'least(most, "left" + extract(epoch FROM clock_timestamp() - filled_at) * most / seconds)',
)


@dataclass
class Budget:
    """One connection's allowance for work of one priority (connectors.throttling.Throttle)."""

    connection: Connection
    priority: Priority = Priority.EVENT

    def __post_init__(self) -> None:
        self._told: tuple[int | None, float | None] | None = None
        self._told_at: datetime | None = None

    def before(self, lane: str) -> None:
        with workspace_transaction(self.connection.workspace_id):
            if self._takes(lane):
                return
            allowance = self._allowance(lane)
            if allowance is None:
                self._begin(lane)
                if self._takes(lane):
                    return
                allowance = self._allowance(lane)
        raise CrmError(self._why(allowance))

    def after(self, usage: Usage) -> None:
        """Written when it changes, and now and then: not for each answer."""
        now = timezone.now()
        told = (usage.burst_most, usage.interval)
        news: dict[str, object] = {}
        if usage.burst_most and usage.interval and told != self._told:
            news |= {"most": usage.burst_most * OUR_PART, "seconds": usage.interval}
        if usage.daily_most and (self._told_at is None or now - self._told_at > TELL_AGAIN):
            news |= {"daily_most": usage.daily_most, "daily_used": usage.daily_used, "told_at": now}
        self._note_clock(usage)
        if not news:
            return
        self._told, self._told_at = told, now
        with workspace_transaction(self.connection.workspace_id):
            self._rows("burst").update(**news)

    def _note_clock(self, usage: Usage) -> None:
        """Which of two edits was later is a question of both clocks; their answers tell theirs to the second."""
        ahead = usage.clock_ahead
        if ahead is None or abs(ahead - self.connection.clock_ahead) < CLOCKS_DIFFER:
            return
        self.connection.clock_ahead = ahead
        with workspace_transaction(self.connection.workspace_id):
            Connection.objects.filter(pk=self.connection.pk).update(clock_ahead=ahead)

    def refused(self, failure: Failure) -> None:
        """Too many requests: nobody asks until the CRM wants to be asked again."""
        if failure.retry_after and "RATE_LIMITS" in failure.codes:
            until = timezone.now() + timedelta(seconds=failure.retry_after)
            with workspace_transaction(self.connection.workspace_id):
                later = Q(paused_until=None) | Q(paused_until__lt=until)
                Allowance.objects.filter(later, connection=self.connection).update(paused_until=until, left=0)

    def _takes(self, lane: str) -> bool:
        asked: dict[str, str | float | date] = {
            "connection": str(self.connection.pk),
            "lane": lane,
            "reserve": RESERVE[self.priority],
            "day": DAY[self.priority],
            "who": str(int(self.priority)),
            "today": today_of(self.connection),
        }
        with database.cursor() as cursor:
            cursor.execute(TAKE, asked)
            return cursor.fetchone() is not None

    def _begin(self, lane: str) -> None:
        most, seconds = FIRST.get((self.connection.provider, lane), FIRST["hubspot", "burst"])
        first = Allowance(connection_id=self.connection.pk, lane=lane, most=most * OUR_PART, seconds=seconds)
        first.left = first.most
        others = Allowance.objects.filter(connection_id=self.connection.pk)
        first.paused_until = others.aggregate(latest=Max("paused_until"))["latest"]
        Allowance.objects.bulk_create([first], ignore_conflicts=True)

    def _why(self, allowance: Allowance | None) -> Failure:
        crm, now = str(self.connection), timezone.now()
        if allowance is None:
            return Failure(FailureKind.BUDGET, EMPTY, retry_after=1.0)
        if allowance.paused_until and allowance.paused_until > now:
            wait = (allowance.paused_until - now).total_seconds()
            return Failure(FailureKind.BUDGET, PAUSED.format(crm=crm), retry_after=wait)
        if self._day_is_spent(allowance):
            return Failure(FailureKind.BUDGET, SPENT.format(crm=crm), retry_after=DAY_WAIT)
        missing = allowance.most * RESERVE[self.priority] + 1 - allowance.left
        wait = max(0.05, missing * allowance.seconds / allowance.most)
        return Failure(FailureKind.BUDGET, EMPTY, retry_after=min(wait, allowance.seconds))

    def _day_is_spent(self, allowance: Allowance) -> bool:
        used, most = allowance.daily_used, allowance.daily_most
        return used is not None and bool(most) and used >= (most or 0) * DAY[self.priority]

    def _allowance(self, lane: str) -> Allowance | None:
        return self._rows(lane).first()

    def _rows(self, lane: str):
        return Allowance.objects.filter(connection_id=self.connection.pk, lane=lane)
