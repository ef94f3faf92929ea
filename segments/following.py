"""What follows from joining and leaving: the log is drained in transactions of its own, within a few seconds.

Every row carries a mark of its own, so that nothing is passed over which was written earlier and committed
later. Followers run in the transaction that sets the marks: they follow once, or not at all and then again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from segments.engine.history import FOLLOW
from workspaces import jobs
from workspaces.tenancy import current_workspace_id

MOST_PASSES = 500
SINGLE, WHOLE = 500, 2  # rows a pass: of single changes, and of whole builds with a chunk of people each
CLAIM_SINGLE = """
    UPDATE segments_membershipchange SET handled_at = now() WHERE id IN (
        SELECT id FROM segments_membershipchange WHERE workspace_id = %s AND handled_at IS NULL
        ORDER BY at, id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING id, segment_id, level, at, cause ->> 'why',
              CASE WHEN joined THEN ARRAY[subject_id] ELSE '{}'::uuid[] END,
              CASE WHEN joined THEN '{}'::uuid[] ELSE ARRAY[subject_id] END"""
CLAIM_WHOLE = """
    UPDATE segments_buildchange c SET handled_at = now() FROM segments_segment s, segments_build b
    WHERE s.id = c.segment_id AND b.id = c.build_id AND c.id IN (
        SELECT id FROM segments_buildchange WHERE workspace_id = %s AND handled_at IS NULL
        ORDER BY at, id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING c.id, c.segment_id, s.level, c.at, coalesce(c.cause ->> 'why',
              CASE WHEN b.version = 1 THEN 'made' ELSE 'rule' END), c.joined, c.left"""


@dataclass(frozen=True)
class Move:
    """Some joined a segment and some left it, for one reason at one moment."""

    key: UUID
    segment_id: UUID
    level: str
    at: datetime
    why: str
    joined: list[UUID]
    left: list[UUID]


FOLLOWERS: list[Callable[[list[Move]], None]] = []


def follows(follower: Callable[[list[Move]], None]) -> Callable[[list[Move]], None]:
    """Registers what is to be done about moves: called with some of them, inside a transaction."""
    FOLLOWERS.append(follower)
    return follower


@jobs.queue(FOLLOW)
def drain() -> None:
    for _ in range(MOST_PASSES):
        if not _next_batch():
            return
    with jobs.job_transaction():
        jobs.leave_work(FOLLOW)


def _next_batch() -> bool:
    with jobs.job_transaction():
        moves = _claim(CLAIM_SINGLE, SINGLE) or _claim(CLAIM_WHOLE, WHOLE)
        if moves:
            for follower in FOLLOWERS:
                follower(moves)
        return bool(moves)


def _claim(statement: str, most: int) -> list[Move]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [current_workspace_id(), most])
        return [Move(*row) for row in cursor.fetchall()]
