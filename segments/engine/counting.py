"""How many members a segment has: a number that is folded now and then, plus the deltas since."""

from django.db import connection
from django.db.models import F, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from segments.models import CountDelta, Segment
from workspaces.tenancy import current_workspace_id

# Segments that somebody is saving right now are left for the next time: waiting for them could go in a circle.
FOLD = """
    WITH ready AS (
        SELECT s.id FROM segments_segment s
        WHERE s.workspace_id = %s AND EXISTS (SELECT 1 FROM segments_countdelta d WHERE d.segment_id = s.id)
        FOR UPDATE SKIP LOCKED
    ), folded AS (
        DELETE FROM segments_countdelta WHERE segment_id IN (SELECT id FROM ready) RETURNING segment_id, delta
    ), totals AS (
        SELECT segment_id, sum(delta) AS delta FROM folded GROUP BY segment_id
    )
    UPDATE segments_segment s SET member_count = s.member_count + t.delta
    FROM totals t WHERE s.id = t.segment_id AND s.workspace_id = %s"""


def with_members(segments: QuerySet) -> QuerySet:
    """Annotates `members`, exact in this transaction."""
    waiting = CountDelta.objects.filter(segment=OuterRef("pk")).order_by().values("segment")
    sums = waiting.annotate(total=Sum("delta")).values("total")
    total = F("member_count") + Coalesce(Subquery(sums, output_field=IntegerField()), 0)
    return segments.annotate(members=total)


def fold() -> None:
    workspace_id = current_workspace_id()
    with connection.cursor() as cursor:
        cursor.execute(FOLD, [workspace_id, workspace_id])


def reset(segment: Segment, members: int) -> None:
    """Under the exclusive lock of the definitions: the count was just taken."""
    CountDelta.objects.filter(segment=segment).delete()
    segment.member_count = members
