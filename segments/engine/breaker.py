"""The circuit breaker: a sync that takes too many out of a segment at once is stopped, and the team decides.

How many may leave is handed out as tickets (ADR 10). A writer takes tickets that no other writer holds, so writers
of one segment do not wait for each other, and what a rolled-back one had taken is there again by itself. Who finds
none left counts anew, from the log of changes, under the lock of the segment's window: whom syncs took out within the
last minutes, against the size at the first. If that is too many, a Hold is opened, and from then on nothing is
counted: whom a sync would take out is held until somebody decides (segments.engine.holding).
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from segments.models import Hold
from workspaces import jobs, statements
from workspaces.actors import Actor
from workspaces.statements import array
from workspaces.tenancy import current_workspace_id

SYNCS = frozenset({"crm", "import"})  # kinds of actors that change many records at once, unseen
PERCENT = 30  # of the members: so many may leave …
LEAST = 20  # … or this many where that is more
WITHIN = timedelta(minutes=10)
# More than there are workers at once. Up to so many leavings each has a ticket; above, one stands for several.
TICKETS = 64

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
MAKE_WINDOWS = """
    INSERT INTO segments_breakerwindow (id, workspace_id, segment_id, share)
    SELECT uuidv7(), %s::uuid, segment_id, 1 FROM unnest(%s::uuid[]) AS s (segment_id) ON CONFLICT DO NOTHING"""
LOCK_WINDOWS = """
    SELECT segment_id, share FROM segments_breakerwindow
    WHERE workspace_id = %s::uuid AND segment_id = ANY (%s::uuid[]) ORDER BY segment_id FOR UPDATE"""
# Shared, so that who decides waits for those who are just adding to what is held, and not they for each other.
OPEN = """
    SELECT segment_id FROM segments_hold
    WHERE workspace_id = %s::uuid AND segment_id = ANY (%s::uuid[]) AND state = 'open'
    ORDER BY segment_id FOR SHARE"""
# Those that other writers hold stay, and count as used.
WITHDRAW = """
    DELETE FROM segments_breakerticket WHERE id IN (
        SELECT id FROM segments_breakerticket WHERE workspace_id = %s::uuid AND segment_id = ANY (%s::uuid[])
        FOR UPDATE SKIP LOCKED)"""
# One statement, so one moment: a writer that commits meanwhile is in the log or still has its tickets, never both.
# People count, not leavings: who was in when the window began, is out now, and was taken out by a sync.
COUNT = """
    SELECT asked.segment_id, counted.* FROM unnest(%(segments)s::uuid[]) AS asked (segment_id) CROSS JOIN LATERAL (
        WITH recent AS (
            SELECT subject_id, at, joined, NOT joined AND cause->'by'->>'kind' = ANY (%(syncs)s::text[])
                   AND cause->>'why' NOT IN ('exception', 'released') AS by_sync
            FROM segments_membershipchange
            WHERE workspace_id = %(workspace)s::uuid AND segment_id = asked.segment_id
              AND at > greatest(%(since)s::timestamptz, (
                  SELECT max(decided_at) FROM segments_hold h
                  WHERE h.workspace_id = %(workspace)s::uuid AND h.segment_id = asked.segment_id))
        ), first AS (SELECT min(at) AS at FROM recent WHERE by_sync
        ), people AS (
            SELECT subject_id FROM recent GROUP BY subject_id
            HAVING sum(CASE WHEN joined THEN 1 ELSE -1 END) < 0 AND bool_or(by_sync)
        )
        SELECT (SELECT count(*) FROM people),
               (SELECT coalesce(sum(remaining), 0) FROM segments_breakerticket
                WHERE workspace_id = %(workspace)s::uuid AND segment_id = asked.segment_id),
               (SELECT member_count FROM segments_segment WHERE id = asked.segment_id)
               + (SELECT coalesce(sum(delta), 0) FROM segments_countdelta
                  WHERE workspace_id = %(workspace)s::uuid AND segment_id = asked.segment_id)
               + count(*) FILTER (WHERE NOT joined AND recent.at >= first.at)
               - count(*) FILTER (WHERE joined AND recent.at >= first.at)
        FROM recent, first) counted"""
# A share each, and one more for the first `over`.
ISSUE = """
    WITH made AS (
        SELECT * FROM unnest(%(segments)s::uuid[], %(counts)s::int[], %(shares)s::int[], %(overs)s::int[])
             AS m (segment_id, count, share, over)
    ), shared AS (
        UPDATE segments_breakerwindow w SET share = made.share FROM made
        WHERE w.workspace_id = %(workspace)s::uuid AND w.segment_id = made.segment_id AND w.share <> made.share)
    INSERT INTO segments_breakerticket (id, workspace_id, segment_id, remaining, valid_until)
    SELECT uuidv7(), %(workspace)s::uuid, made.segment_id, made.share + CASE WHEN n <= made.over THEN 1 ELSE 0 END,
           %(until)s::timestamptz
    FROM made CROSS JOIN LATERAL generate_series(1, made.count) AS n"""


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
    missing = {pk: count - admitted.get(pk, 0) for pk, count in wanted.items() if count > admitted.get(pk, 0)}
    closed = sorted(missing.keys() - _open(missing))
    if closed:
        more = _count_anew({pk: missing[pk] for pk in closed}, admitted, by=by)
        admitted |= {pk: admitted.get(pk, 0) + count for pk, count in more.items()}
    return admitted


def _take_tickets(wanted: Mapping[UUID, int]) -> dict[UUID, int]:
    params = {
        "workspace": current_workspace_id(),
        "segments": array(wanted),
        "wanted": array(wanted.values()),
        "now": timezone.now(),
    }
    taken: dict[UUID, int] = {}
    for segment_id, spent in statements.run(TAKE, params):
        taken[segment_id] = taken.get(segment_id, 0) + spent
    return taken


def _open(segment_ids: Collection[UUID]) -> set[UUID]:
    """Those of which something is held already."""
    if not segment_ids:
        return set()
    return {row[0] for row in statements.run(OPEN, [current_workspace_id(), array(segment_ids)])}


def _count_anew(missing: dict[UUID, int], taken: Mapping[UUID, int], *, by: Actor) -> dict[UUID, int]:
    """How many more may leave. `missing` is sorted, as those who lock several windows have to be."""
    keys = [current_workspace_id(), array(missing)]
    statements.run(MAKE_WINDOWS, keys)
    statements.run(LOCK_WINDOWS, keys)
    open_by_now = _open(missing)  # somebody else found out while we waited
    asked = [pk for pk in missing if pk not in open_by_now]
    may_leave, left_over = {}, {}
    for segment_id, room in _rooms(asked, taken).items() if asked else ():
        may_leave[segment_id] = count = min(missing[segment_id], max(room.more, 0))
        if count < missing[segment_id]:
            left = room.left + count
            Hold.objects.create(segment_id=segment_id, size=room.size, left=left, caused_by=by.label)
            jobs.leave_work("segments.holds")
        elif room.more > count:
            left_over[segment_id] = room.more - count
    _issue(left_over)
    return may_leave


def _rooms(segment_ids: Collection[UUID], taken: Mapping[UUID, int]) -> dict[UUID, Room]:
    """Old tickets are taken back first; those that are left then are in the hands of others."""
    statements.run(WITHDRAW, [current_workspace_id(), array(segment_ids)])
    params = {
        "workspace": current_workspace_id(),
        "segments": array(segment_ids),
        "since": timezone.now() - WITHIN,
        "syncs": array(SYNCS),
    }
    rooms = {}
    for segment_id, by_syncs, in_use, size in statements.run(COUNT, params):
        left = by_syncs + in_use + taken.get(segment_id, 0)
        rooms[segment_id] = Room(allowed(size) - left, size, left)
    return rooms


def _issue(leavings: Mapping[UUID, int]) -> None:
    if not leavings:
        return
    counts = [min(count, TICKETS) for count in leavings.values()]
    parts = [divmod(total, count) for total, count in zip(leavings.values(), counts, strict=True)]
    params = {
        "workspace": current_workspace_id(),
        "segments": array(leavings),
        "counts": array(counts),
        "shares": array(share for share, _ in parts),
        "overs": array(over for _, over in parts),
        "until": timezone.now() + WITHIN,
    }
    statements.run(ISSUE, params)
