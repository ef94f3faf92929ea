"""How large a segment was, day by day, without reading its whole log.

Finished quarters of an hour are added up once (`settle`). The size of a day is today's exact number of
members with the later days taken back: some hundred rows of movements, and of the log only the last hour.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from segments.engine import counting
from segments.models import HistoryMark, Segment
from workspaces import jobs
from workspaces.tenancy import current_workspace_id

QUARTER = 900  # seconds
# A change is written under the moment at which its transaction began: a quarter is added up once nobody can
# still be writing into it.
PATIENCE = timedelta(hours=1)
A_WEEK = timedelta(days=7)

SETTLE = """
    INSERT INTO segments_movement (id, workspace_id, segment_id, quarter_at, joined, "left")
    SELECT gen_random_uuid(), s.workspace_id, s.id, date_bin('15 minutes', m.at, 'epoch'), sum(m.j), sum(m.l)
    FROM segments_segment s CROSS JOIN LATERAL (
        SELECT at, joined::int AS j, (NOT joined)::int AS l FROM segments_membershipchange
        WHERE workspace_id = s.workspace_id AND segment_id = s.id AND at >= %(since)s AND at < %(until)s
        UNION ALL
        SELECT at, joined_count, left_count FROM segments_buildchange
        WHERE workspace_id = s.workspace_id AND segment_id = s.id AND at >= %(since)s AND at < %(until)s
    ) m WHERE s.workspace_id = %(workspace)s
    GROUP BY s.workspace_id, s.id, 4"""
MOVES = """
    SELECT segment_id, (at AT TIME ZONE %(zone)s)::date, sum(j), sum(l) FROM (
        SELECT segment_id, quarter_at AS at, joined AS j, "left" AS l FROM segments_movement
        WHERE workspace_id = %(workspace)s AND segment_id = ANY (%(segments)s) AND quarter_at >= %(since)s
        UNION ALL
        SELECT segment_id, at, joined::int, (NOT joined)::int FROM segments_membershipchange
        WHERE workspace_id = %(workspace)s AND segment_id = ANY (%(segments)s) AND at >= %(live)s
        UNION ALL
        SELECT segment_id, at, joined_count, left_count FROM segments_buildchange
        WHERE workspace_id = %(workspace)s AND segment_id = ANY (%(segments)s) AND at >= %(live)s
    ) moves GROUP BY 1, 2"""


@dataclass(frozen=True)
class Day:
    """A day of a segment: its size at the end, and who came and went in it."""

    day: date
    size: int
    joined: int = 0
    left: int = 0


@dataclass(frozen=True)
class Trend:
    days: list[Day]
    # Against seven days ago; None for a segment that was made today.
    week: int | None

    @property
    def sizes(self) -> list[int]:
        return [day.size for day in self.days]

    @property
    def week_size(self) -> int:
        """Without its sign."""
        return abs(self.week or 0)

    @property
    def joined(self) -> int:
        return sum(day.joined for day in self.days)

    @property
    def left(self) -> int:
        return sum(day.left for day in self.days)


@jobs.queue("segments.history")
def add_up() -> None:
    with jobs.job_transaction():
        settle(timezone.now())


def settle(now: datetime) -> None:
    """Adds up the quarters that are over. One at a time: the mark is held."""
    until = datetime.fromtimestamp((now - PATIENCE).timestamp() // QUARTER * QUARTER, now.tzinfo)
    first = Segment.objects.order_by("created_at").values_list("created_at", flat=True).first()
    if first is None:
        return
    start = datetime.fromtimestamp(first.timestamp() // QUARTER * QUARTER, now.tzinfo)
    HistoryMark.objects.get_or_create(defaults={"settled_until": start}, workspace_id=current_workspace_id())
    mark = HistoryMark.objects.select_for_update().get()
    if mark.settled_until >= until:
        return
    params = {"workspace": current_workspace_id(), "since": mark.settled_until, "until": until}
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, params)
    mark.settled_until = until
    mark.save(update_fields=["settled_until"])


def trends(segments: Iterable[Segment], *, days: int, zone: ZoneInfo) -> dict[UUID, Trend]:
    """The last days of each, in two queries for them all. A segment begins on the day on which it was made."""
    segments = list(segments)
    today = timezone.now().astimezone(zone).date()
    first = today - timedelta(days=max(days, A_WEEK.days + 1))
    moves = _moves([segment.pk for segment in segments], first, zone) if segments else {}
    return {s.pk: _trend(s, moves.get(s.pk, {}), today, days, zone) for s in segments}


def _moves(segment_ids: list[UUID], first: date, zone: ZoneInfo) -> dict[UUID, dict]:
    since = datetime(first.year, first.month, first.day, tzinfo=zone)
    settled = HistoryMark.objects.values_list("settled_until", flat=True).first()
    params = {
        "workspace": current_workspace_id(),
        "segments": segment_ids,
        "zone": zone.key,
        "since": since,
        "live": max(settled, since) if settled else since,
    }
    found: dict[UUID, dict] = {}
    with connection.cursor() as cursor:
        cursor.execute(MOVES, params)
        for segment_id, day, joined, left in cursor.fetchall():
            found.setdefault(segment_id, {})[day] = (joined, left)
    return found


def _trend(segment: Segment, moves: dict[date, tuple[int, int]], today: date, count: int, zone) -> Trend:
    born = segment.created_at.astimezone(zone).date()
    first = max(born, today - timedelta(days=max(count, A_WEEK.days + 1) - 1))
    size, days = _members(segment), []
    day = today
    while day >= first:
        joined, left = moves.get(day, (0, 0))
        days.append(Day(day, size, joined, left))
        size -= joined - left
        day -= timedelta(days=1)
    days.reverse()
    a_week_ago = days[-1 - A_WEEK.days] if len(days) > A_WEEK.days else days[0]
    week = days[-1].size - a_week_ago.size if len(days) > 1 else None
    return Trend(days[-count:], week)


def _members(segment: Segment) -> int:
    """Exact: with the deltas that wait, where the queryset has not counted them already."""
    if segment.archived_at or segment.live_build is None:
        return 0
    counted: int | None = getattr(segment, "members", None)
    if counted is None:
        counted = counting.with_members(Segment.objects.filter(pk=segment.pk)).get().members
    return counted
