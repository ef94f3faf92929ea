"""Who was in a segment at a moment: today's members, with everything that happened since taken back.

Joining counts one up and leaving one down. Taken back from where somebody stands today, the sum of what came
after the moment says where they stood, whatever the order in which two changes of one instant were written.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from segments.models import Build, Segment
from workspaces.tenancy import current_workspace_id

# The level and the names of tables are fixed text; everything else is a parameter.
MOVED = """
    SELECT subject_id, sum(step) AS net FROM (
        SELECT subject_id, CASE WHEN joined THEN 1 ELSE -1 END AS step FROM segments_membershipchange
        WHERE workspace_id = %(workspace)s AND segment_id = %(segment)s AND at > %(at)s
        UNION ALL
        SELECT unnest(joined), 1 FROM segments_buildchange
        WHERE workspace_id = %(workspace)s AND segment_id = %(segment)s AND at > %(at)s
        UNION ALL
        SELECT unnest("left"), -1 FROM segments_buildchange
        WHERE workspace_id = %(workspace)s AND segment_id = %(segment)s AND at > %(at)s
    ) later GROUP BY subject_id"""
INSIDE = """
    WITH moved AS MATERIALIZED ({moved})
    SELECT s.{level}_id AS id FROM segments_{level}state s
    WHERE s.workspace_id = %(workspace)s AND s.builds @> ARRAY[%(build)s]::int[]
      AND NOT EXISTS (SELECT 1 FROM moved WHERE moved.subject_id = s.{level}_id AND moved.net > 0)
    UNION
    SELECT subject_id FROM moved WHERE net < 0"""
GONE = """
    SELECT id FROM ({inside}) was
    WHERE NOT EXISTS (SELECT 1 FROM workspaces_{level} r WHERE r.id = was.id) ORDER BY id"""


@dataclass(frozen=True)
class AsOf:
    """The members of a segment at a moment. `at` None is now."""

    segment: Segment
    at: datetime | None = None

    def records(self, records: QuerySet) -> QuerySet:
        """Those of the records who were in. Who has been deleted since is in `gone`."""
        if self.at is None:
            build = self._build
            return (
                records.none() if build is None else records.filter(segment_state__builds__contains=[build])
            )
        return records.filter(pk__in=RawSQL(*_positional(self._inside, self._params)))  # noqa: S611

    def gone(self) -> list[UUID]:
        """Those who were in and whose record has been deleted since."""
        if self.at is None:
            return []
        with connection.cursor() as cursor:
            cursor.execute(GONE.format(inside=self._inside, level=self.segment.level), self._params)
            return [row[0] for row in cursor.fetchall()]

    def version(self) -> Build | None:
        """The version that decided at the moment."""
        if self.at is None:
            return None
        made = self.segment.builds.filter(live_at__lte=self.at)
        return made.order_by("-live_at", "-version").first()

    @property
    def _build(self) -> int | None:
        return None if self.segment.archived_at else self.segment.live_build

    @property
    def _inside(self) -> str:
        return INSIDE.format(moved=MOVED, level=self.segment.level)

    @property
    def _params(self) -> dict:
        workspace = current_workspace_id()
        return {"workspace": workspace, "segment": self.segment.pk, "at": self.at, "build": self._build}


def _positional(sql: str, params: dict) -> tuple[str, list]:
    """RawSQL takes parameters by place."""
    order: list = []

    class Places(dict):
        def __missing__(self, name):
            raise KeyError(name)

        def __getitem__(self, name):
            order.append(super().__getitem__(name))
            return ""

    sql % Places(params)
    for name in params:
        sql = sql.replace(f"%({name})s", "%s")
    return sql, order


@dataclass(frozen=True)
class Asked:
    """What stands in the address as `as_of`: a day, or a day and a time, of the workspace's clock."""

    text: str
    at: datetime | None
    error: str = ""

    @classmethod
    def read(cls, text: str, zone: ZoneInfo) -> "Asked":
        text = text.strip()
        if not text:
            return cls("", None)
        try:
            day = len(text) == 10
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                # A day alone means the members at its end.
                moment = datetime.combine(moment, time.max, zone) if day else moment.replace(tzinfo=zone)
            moment = moment.astimezone(UTC)  # where that is beyond all calendars, it is no moment
        except (ValueError, OverflowError):
            return cls(text[:40], None, "Write a date and a time, such as 2026-03-01T14:30.")
        return cls(text, moment if moment < timezone.now() else None)
