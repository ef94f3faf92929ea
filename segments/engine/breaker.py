"""The circuit breaker: a sync that takes too many out of a segment at once is stopped, and the team decides.

How many may leave is handed out as tickets (ADR 10). A writer takes tickets that no other writer holds, so writers
of one segment do not wait for each other, and what a rolled-back one had taken is there again by itself. Who finds
none left counts anew, from the log of changes, under the lock of the segment's window: whom syncs took out within the
last minutes, against the size at the first. If that is too many, a Hold is opened, and from then on nothing is
counted: whom a sync would take out is held until somebody decides (segments.engine.holding).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.utils import timezone

from segments.models import BreakerTicket, BreakerWindow, Hold
from workspaces import jobs, statements
from workspaces.actors import Actor
from workspaces.tenancy import current_workspace_id

SYNCS = frozenset({"crm", "import"})  # kinds of actors that change many records at once, unseen
PERCENT = 30  # of the members: so many may leave …
LEAST = 20  # … or this many where that is more
WITHIN = timedelta(minutes=10)
TICKETS = 256  # up to so many leavings each has a ticket of its own; above, a ticket stands for several

TAKE = """
    WITH wanted AS (
        SELECT w.segment_id, w.wanted, coalesce(b.share, 1) AS share
        FROM unnest(%(segments)s::uuid[], %(wanted)s::int[]) AS w (segment_id, wanted)
        LEFT JOIN segments_breakerwindow b ON b.segment_id = w.segment_id
    ), locked AS MATERIALIZED (
        SELECT w.segment_id, w.wanted, t.id, t.remaining
        FROM wanted w CROSS JOIN LATERAL (
            SELECT id, remaining FROM segments_breakerticket
            WHERE workspace_id = %(workspace)s::uuid AND segment_id = w.segment_id
              AND remaining > 0 AND valid_until > %(now)s::timestamptz
            LIMIT (w.wanted + w.share - 1) / w.share FOR UPDATE SKIP LOCKED
        ) t
    ), spent AS (
        SELECT id, least(remaining, wanted - coalesce(sum(remaining) OVER (
            PARTITION BY segment_id ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)) AS spent
        FROM locked
    )
    UPDATE segments_breakerticket t SET remaining = t.remaining - s.spent
    FROM spent s WHERE t.id = s.id AND s.spent > 0 RETURNING t.segment_id, s.spent"""
# Those that other writers hold stay, and count as used.
WITHDRAW = """
    DELETE FROM segments_breakerticket WHERE id IN (
        SELECT id FROM segments_breakerticket WHERE workspace_id = %s AND segment_id = %s
        FOR UPDATE SKIP LOCKED)"""
# One statement, so one moment: a writer that commits meanwhile is in the log or still has its tickets, never both.
# People count, not leavings: who was in when the window began, is out now, and was taken out by a sync.
COUNT = """
    WITH recent AS (
        SELECT subject_id, at, joined, NOT joined AND cause->'by'->>'kind' = ANY (%(syncs)s)
               AND cause->>'why' NOT IN ('exception', 'released') AS by_sync
        FROM segments_membershipchange
        WHERE workspace_id = %(workspace)s AND segment_id = %(segment)s AND at > %(since)s
    ), first AS (SELECT min(at) AS at FROM recent WHERE by_sync
    ), people AS (
        SELECT subject_id FROM recent GROUP BY subject_id
        HAVING sum(CASE WHEN joined THEN 1 ELSE -1 END) < 0 AND bool_or(by_sync)
    )
    SELECT (SELECT count(*) FROM people),
           (SELECT coalesce(sum(remaining), 0) FROM segments_breakerticket WHERE segment_id = %(segment)s),
           (SELECT member_count FROM segments_segment WHERE id = %(segment)s)
           + (SELECT coalesce(sum(delta), 0) FROM segments_countdelta WHERE segment_id = %(segment)s)
           + count(*) FILTER (WHERE NOT joined AND recent.at >= first.at)
           - count(*) FILTER (WHERE joined AND recent.at >= first.at)
    FROM recent, first"""


class Room(NamedTuple):
    """How many more may leave now, of how many at the first leaving, after how many."""

    more: int
    size: int
    left: int


def is_sync(cause: dict | None) -> bool:
    """Whether a cause, as it is stored, is the doing of a sync."""
    return cause is not None and cause.get("by", {}).get("kind") in SYNCS


def allowed(size: int) -> int:
    """The next one crosses both limits."""
    return max(LEAST, size * PERCENT // 100)


def admit(wanted: Mapping[UUID, int], *, by: Actor) -> dict[UUID, int]:
    """How many of those whom a sync would take out of each segment may leave; the others are to be held."""
    admitted = _take_tickets(wanted)
    for segment_id in sorted(wanted):
        missing = wanted[segment_id] - admitted.get(segment_id, 0)
        if missing and not _open(segment_id):
            taken = admitted.get(segment_id, 0)
            admitted[segment_id] = taken + _count_anew(segment_id, missing, taken, by=by)
    return admitted


def _take_tickets(wanted: Mapping[UUID, int]) -> dict[UUID, int]:
    params = {
        "workspace": current_workspace_id(),
        "segments": list(wanted),
        "wanted": list(wanted.values()),
        "now": timezone.now(),
    }
    taken: dict[UUID, int] = {}
    for segment_id, spent in statements.run(TAKE, params):
        taken[segment_id] = taken.get(segment_id, 0) + spent
    return taken


def _open(segment_id: UUID) -> bool:
    """Shared, so that who decides waits for those who are just adding to what is held, and not they for each other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM segments_hold WHERE workspace_id = %s AND segment_id = %s AND state = 'open' FOR SHARE",
            [current_workspace_id(), segment_id],
        )
        return cursor.fetchone() is not None


def _count_anew(segment_id: UUID, missing: int, taken: int, *, by: Actor) -> int:
    window = _lock_window(segment_id)
    if _open(segment_id):
        return 0  # somebody else found out while we waited
    room = _room(segment_id, taken)
    may_leave = min(missing, max(room.more, 0))
    if may_leave < missing:
        left = room.left + may_leave
        Hold.objects.create(segment_id=segment_id, size=room.size, left=left, caused_by=by.label)
        jobs.leave_work("segments.holds")
    else:
        _issue(window, room.more - may_leave)
    return may_leave


def _lock_window(segment_id: UUID) -> BreakerWindow:
    BreakerWindow.objects.bulk_create([BreakerWindow(segment_id=segment_id)], ignore_conflicts=True)
    return BreakerWindow.objects.select_for_update().get(segment_id=segment_id)


def _room(segment_id: UUID, taken: int) -> Room:
    """Old tickets are taken back first; those that are left then are in the hands of others."""
    now, workspace_id = timezone.now(), current_workspace_id()
    decided = Hold.objects.filter(segment_id=segment_id).exclude(decided_at=None).order_by("-decided_at")
    last = decided.values_list("decided_at", flat=True).first()
    params = {
        "workspace": workspace_id,
        "segment": segment_id,
        "since": max(now - WITHIN, last) if last else now - WITHIN,
        "syncs": list(SYNCS),
    }
    with connection.cursor() as cursor:
        cursor.execute(WITHDRAW, [workspace_id, segment_id])
        cursor.execute(COUNT, params)
        by_syncs, in_use, size = cursor.fetchone()
    left = by_syncs + in_use + taken
    return Room(allowed(size) - left, size, left)


def _issue(window: BreakerWindow, leavings: int) -> None:
    if leavings <= 0:
        return
    count = min(leavings, TICKETS)
    share, more = divmod(leavings, count)
    until = timezone.now() + WITHIN
    tickets = [
        BreakerTicket(segment_id=window.segment_id, remaining=share + (n < more), valid_until=until)
        for n in range(count)
    ]
    BreakerTicket.objects.bulk_create(tickets)
    if window.share != share:
        window.share = share
        window.save(update_fields=["share"])
