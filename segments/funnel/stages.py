"""The numbers of a funnel: who is in a stage now, who ever was, how long they stay, who stays longest.

Both sources tell the same: stays, each with its begin and, where it is over, its end. Where the log begins in
the middle of a stay, its begin is unknown: it counts as reached, and not for the days.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Min
from django.utils import timezone

from segments.models import Segment
from workspaces.models import Property, PropertyChange
from workspaces.tenancy import current_workspace_id

STUCK = 5

# Each joining with what came next for the same person. A leaving without a joining before it began unseen.
OF_SEGMENTS = """
    WITH events AS (
        SELECT segment_id AS stage, subject_id, at, joined FROM segments_membershipchange
        WHERE workspace_id = %(workspace)s AND segment_id = ANY (%(stages)s::uuid[])
        UNION ALL
        SELECT segment_id, unnest(joined), at, true FROM segments_buildchange
        WHERE workspace_id = %(workspace)s AND segment_id = ANY (%(stages)s::uuid[])
        UNION ALL
        SELECT segment_id, unnest("left"), at, false FROM segments_buildchange
        WHERE workspace_id = %(workspace)s AND segment_id = ANY (%(stages)s::uuid[])
    ), stays AS (
        SELECT stage::text AS stage, subject_id, at AS begins, joined,
               lead(at) OVER (PARTITION BY stage, subject_id ORDER BY at, joined) AS ends
        FROM events
    ), known AS (
        SELECT stage, subject_id, CASE WHEN joined THEN begins END AS begins, ends, joined FROM stays
    ), inside AS (
        SELECT g.id::text AS stage, s.{level}_id AS subject_id FROM segments_segment g
        JOIN segments_{level}state s
          ON s.workspace_id = g.workspace_id AND s.builds @> ARRAY[g.live_build]::int[]
        WHERE g.workspace_id = %(workspace)s AND g.id = ANY (%(stages)s::uuid[]) AND g.archived_at IS NULL
    )"""
# A value that a record has now was set at a known moment; what it was before the log's first row is known too.
OF_PROPERTY = """
    WITH changes AS (
        SELECT record_id AS subject_id, at, old #>> '{{}}' AS old, new #>> '{{}}' AS new,
               row_number() OVER (PARTITION BY record_id ORDER BY at, id) AS n,
               lead(at) OVER (PARTITION BY record_id ORDER BY at, id) AS ends
        FROM workspaces_propertychange WHERE workspace_id = %(workspace)s AND prop_id = %(prop)s
    ), known AS (
        SELECT new AS stage, subject_id, at AS begins, ends, true AS joined FROM changes WHERE new IS NOT NULL
        UNION ALL
        SELECT old, subject_id, NULL, at, true FROM changes WHERE n = 1 AND old IS NOT NULL
    ), inside AS (
        SELECT r.raw ->> %(number)s AS stage, r.id AS subject_id FROM workspaces_{level} r
        WHERE r.workspace_id = %(workspace)s AND r.raw ? %(number)s
    )"""
NUMBERS = """
    SELECT stage, count(DISTINCT subject_id) FILTER (WHERE here),
           count(DISTINCT subject_id),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ends - begins))
               FILTER (WHERE joined AND begins IS NOT NULL AND ends IS NOT NULL),
           count(*) FILTER (WHERE joined AND begins IS NOT NULL AND ends IS NOT NULL)
    FROM (SELECT stage, subject_id, begins, ends, joined, false AS here FROM known
          UNION ALL SELECT stage, subject_id, NULL, NULL, false, true FROM inside) both_of
    GROUP BY stage"""
# Who is in a stage, by when the stay that goes on began.
LONGEST = """
    SELECT stage, subject_id, begins FROM (
        SELECT i.stage, i.subject_id, k.begins,
               row_number() OVER (PARTITION BY i.stage ORDER BY k.begins NULLS FIRST, i.subject_id) AS place
        FROM inside i LEFT JOIN known k
          ON k.stage = i.stage AND k.subject_id = i.subject_id AND k.joined AND k.ends IS NULL
    ) waiting WHERE place <= %(stuck)s ORDER BY stage, place"""


@dataclass(frozen=True)
class Numbers:
    now: int = 0
    ever: int = 0
    median_days: float | None = None
    # How many finished stays the median stands on.
    stays: int = 0


@dataclass(frozen=True)
class Waiting:
    subject_id: UUID
    since: datetime | None  # None: longer than the history knows


@dataclass(frozen=True)
class Counted:
    numbers: dict[str, Numbers]
    waiting: dict[str, list[Waiting]]
    begins: datetime | None


def of_segments(segments: list[Segment]) -> Counted:
    """All of one level. A segment that is archived holds nobody, and its past still counts."""
    stages = [segment.pk for segment in segments]
    params = {"workspace": current_workspace_id(), "stages": stages}
    begins = min((segment.created_at for segment in segments), default=None)
    return _counted(OF_SEGMENTS.format(level=segments[0].level), params, begins)


def of_property(prop: Property) -> Counted:
    params = {"workspace": current_workspace_id(), "prop": prop.pk, "number": str(prop.number)}
    begins = PropertyChange.objects.filter(prop=prop).aggregate(first=Min("at"))["first"]
    return _counted(OF_PROPERTY.format(level=prop.level), params, begins)


def _counted(source: str, params: dict, begins: datetime | None) -> Counted:
    with connection.cursor() as cursor:
        cursor.execute(source + NUMBERS, params)
        numbers = {stage: _numbers(*row) for stage, *row in cursor.fetchall()}
        cursor.execute(source + LONGEST, params | {"stuck": STUCK})
        waiting: dict[str, list[Waiting]] = {}
        for stage, subject_id, since in cursor.fetchall():
            waiting.setdefault(stage, []).append(Waiting(subject_id, since))
    return Counted(numbers, waiting, begins)


def _numbers(now: int, ever: int, seconds: float | None, stays: int) -> Numbers:
    return Numbers(now, ever, None if seconds is None else seconds / 86400, stays)


def days_since(moment: datetime) -> float:
    return (timezone.now() - moment).total_seconds() / 86400
