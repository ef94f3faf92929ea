"""Who is in the smaller segments of a large workspace, kept as lists: so that a page of their members need not look
at everybody to find a few (ADR 18).

A roster names whom its segment had at a moment; who has joined since stands in the log. Together they name every
member, and some who have left again: the states say who is in, a roster only says whom to ask about.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from math import isqrt
from typing import Any

from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from segments.engine import counting, definitions
from segments.models import Roster, Segment
from workspaces import jobs
from workspaces.models import Contact, Partner
from workspaces.tenancy import current_workspace_id

QUEUE = "segments.rosters"
LARGE = 5000  # of a level; below, looking at everybody is as quick
PAGE = 50
PERCENT, LONGEST = 3, 10_000  # of everybody, and at most: with more a page is soon found among everybody
AT_ONCE = 4_000_000  # members whose ids are gathered in one statement
PICKED = 2000  # a list of so many picked members is its own roster
DAILY = timedelta(hours=20)
MARGIN = timedelta(minutes=1)  # by which the clocks of two machines may differ
FEW = 8  # builds that are quicker found by comparing arrays than by taking them apart
MODELS: dict[str, Any] = {"contact": Contact, "partner": Partner}

TAKE = """
    INSERT INTO segments_roster (id, workspace_id, segment_id, build, taken_at, members)
    SELECT uuidv7(), %(workspace)s, w.segment, w.build, %(at)s, coalesce(m.ids, '{{}}')
    FROM unnest(%(segments)s::uuid[], %(builds)s::int[]) AS w (segment, build)
    LEFT JOIN ({members}) m ON m.number = w.build
    ON CONFLICT (segment_id)
    DO UPDATE SET build = excluded.build, taken_at = excluded.taken_at, members = excluded.members"""
MEMBERS = """
    SELECT b.number, array_agg(s.{level}_id) AS ids
    FROM segments_{level}state s CROSS JOIN LATERAL unnest(s.builds) AS b (number)
    JOIN unnest(%(builds)s::int[]) AS wanted (number) ON wanted.number = b.number
    WHERE s.workspace_id = %(workspace)s {few} GROUP BY 1"""
# Whom to ask about: a query for ids, without parameters of its own beside these.
NAMED = """
    SELECT unnest(members) FROM segments_roster WHERE workspace_id = %(workspace)s AND segment_id = %(segment)s
    UNION
    SELECT subject_id FROM segments_membershipchange
    WHERE workspace_id = %(workspace)s AND segment_id = %(segment)s AND joined AND at >= %(since)s"""
PICKED_ONES = """
    SELECT subject_id FROM segments_staticmember
    WHERE workspace_id = %(workspace)s AND segment_id = %(segment)s"""


def smaller(total: int) -> int:
    """Up to so many members a roster is quicker than asking about everybody by name until a page is full."""
    return max(isqrt(PAGE * total), min(total * PERCENT // 100, LONGEST))


def named(segment: Segment, *, members: int, roster: datetime | None) -> tuple[str, dict] | None:
    """A query for those who may be in the segment, all who are among them; None where there is no shorter list.
    `roster` is when that of the live build was taken.
    """
    about = {"workspace": current_workspace_id(), "segment": segment.pk}
    if segment.kind != Segment.Kind.DYNAMIC:
        return (PICKED_ONES, about) if members <= PICKED else None
    return (NAMED, about | {"since": roster - MARGIN}) if roster else None


@jobs.queue(QUEUE)
def drain() -> None:
    """After a build went live those that have none; each night all of them, so that the log since stays short."""
    for level in MODELS:
        with jobs.job_transaction():
            wanted = _wanted(level)
        if not wanted:
            continue
        with jobs.job_transaction():
            # Whoever changes a membership holds these until the commit: what was noted before this is there by now.
            definitions.lock_exclusive()
            at = timezone.now()
        for some in _batches(wanted):
            with jobs.job_transaction():
                take(level, some, at)


def _batches(wanted: Collection[tuple[Any, Any, int]]) -> Iterator[list[tuple[Any, Any]]]:
    """As few as possible, since everybody is looked at for each."""
    some: list[tuple[Any, Any]] = []
    room = AT_ONCE
    for segment, build, members in wanted:
        if some and members > room:
            yield some
            some, room = [], AT_ONCE
        some.append((segment, build))
        room -= members
    yield some


def _wanted(level: str) -> list[tuple[Any, Any, int]]:
    """Ids, builds and sizes of segments whose roster is missing, or a day old."""
    total = MODELS[level].objects.count()
    live = Segment.objects.live().filter(level=level, kind=Segment.Kind.DYNAMIC)
    small = counting.with_members(live).filter(members__lte=smaller(total) if total > LARGE else -1)
    rosters = Roster.objects.filter(segment__level=level)
    rosters.exclude(segment__in=small.values("pk")).delete()
    current = rosters.filter(build=F("segment__live_build"), taken_at__gt=timezone.now() - DAILY)
    return list(small.exclude(Q(pk__in=current.values("segment"))).values_list("pk", "live_build", "members"))


def take(level: str, wanted: Collection[tuple[Any, Any]], at: datetime) -> None:
    segments, builds = (list(column) for column in zip(*wanted, strict=True))
    few = "AND s.builds && %(builds)s::int[]" if len(builds) <= FEW else ""
    members = MEMBERS.format(level=level, few=few)
    params = {"workspace": current_workspace_id(), "segments": segments, "builds": builds, "at": at}
    with connection.cursor() as cursor:
        cursor.execute(TAKE.format(members=members), params)
