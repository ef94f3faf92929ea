"""Since when somebody is in a segment, and why."""

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from segments import live
from segments.engine.causes import in_words
from segments.models import Segment
from segments.rules.fields import Fields
from workspaces import statements
from workspaces.statements import array, texts
from workspaces.tenancy import current_workspace_id

# One by one, or with everybody who joined when a build went live.
LATEST = """
    SELECT DISTINCT ON (subject_id) subject_id, at, cause, version FROM (
        SELECT subject_id, at, cause, NULL::int AS version FROM segments_membershipchange
        WHERE workspace_id = %(workspace)s AND segment_id = %(segment)s AND joined
          AND subject_id = ANY (%(subjects)s) AND (%(until)s::timestamptz IS NULL OR at <= %(until)s)
        UNION ALL
        SELECT subject_id, c.at, jsonb_build_object('by', b.made_by) || c.cause, b.version
        FROM segments_buildchange c
        JOIN segments_build b ON b.id = c.build_id, unnest(c.joined) AS subject_id
        WHERE c.workspace_id = %(workspace)s AND c.segment_id = %(segment)s
          AND c.joined && %(subjects)s::uuid[] AND subject_id = ANY (%(subjects)s)
          AND (%(until)s::timestamptz IS NULL OR c.at <= %(until)s)
    ) joins ORDER BY subject_id, at DESC"""


# The queue of what follows from joining and leaving (segments.following).
FOLLOW = "segments.follow"
# As the ORM writes them, several thousand rows cost more than evaluating everybody. The note for what follows is
# due a second later: what happens within it is followed together, and nobody is notified for it.
# What follows `WITH`, so that the states can be written in the same statement.
LOG = """
    causes AS MATERIALIZED (
        SELECT place, cause::jsonb FROM unnest(%s::text[]) WITH ORDINALITY AS c (cause, place)),
    written AS (
        INSERT INTO segments_membershipchange
               (id, workspace_id, segment_id, level, subject_id, joined, cause, at)
        SELECT uuidv7(), %s::uuid, segment_id, %s::text, subject_id, joined, causes.cause, %s::timestamptz
        FROM unnest(%s::uuid[], %s::uuid[], %s::bool[], %s::int[]) AS new (segment_id, subject_id, joined, cause)
        JOIN causes ON causes.place = new.cause),
    counted AS (
        INSERT INTO segments_countdelta (id, workspace_id, segment_id, delta)
        SELECT uuidv7(), %s::uuid, segment_id, delta
        FROM unnest(%s::uuid[], %s::int[]) AS new (segment_id, delta)),
    told AS MATERIALIZED (SELECT pg_notify(%s::text, note) FROM unnest(%s::text[]) AS note)
    INSERT INTO workspaces_due (workspace_id, queue, due_at)
    SELECT %s::uuid, %s::text, now() + interval '1 second' FROM (SELECT count(*) FROM told) AS all_of_them"""


class Change(NamedTuple):
    """Somebody joined or left. `cause` is JSON already: many share one."""

    segment_id: UUID
    level: str
    subject_id: UUID
    joined: bool
    cause: str
    at: datetime


def write(changes: Collection[Change]) -> None:
    """The log, the counts, the note for what follows, and the news for open pages, of one level and moment."""
    statements.run(f"WITH {LOG}", logged(changes))


def logged(changes: Collection[Change]) -> list:
    """The parameters of LOG."""
    workspace_id = current_workspace_id()
    segments, levels, subjects, joined, causes, moments = (
        list(column) for column in zip(*changes, strict=True)
    )
    places = {cause: place for place, cause in enumerate(dict.fromkeys(causes), start=1)}
    totals: Counter[UUID] = Counter()
    for change in changes:
        totals[change.segment_id] += 1 if change.joined else -1
    counts = {segment_id: delta for segment_id, delta in totals.items() if delta}
    return [
        *(texts(places), workspace_id, levels[0], moments[0]),
        *(array(segments), array(subjects), array(joined), array(places[cause] for cause in causes)),
        *(workspace_id, array(counts), array(counts.values())),
        *(live.CHANNEL, array(live.notes(set(subjects)))),
        *(workspace_id, FOLLOW),
    ]


@dataclass(frozen=True)
class Since:
    at: datetime
    why: str


def since(
    segment: Segment, subject_ids: Collection[UUID], fields: Fields, *, until: datetime | None = None
) -> dict[UUID, Since]:
    """The latest joining of each, in one query; with `until`, the latest up to that moment."""
    params = {
        "workspace": current_workspace_id(),
        "segment": segment.pk,
        "subjects": list(subject_ids),
        "until": until,
    }
    with connection.cursor() as cursor:
        cursor.execute(LATEST, params)
        return {row[0]: Since(row[1], _why(json.loads(row[2]), row[3], fields)) for row in cursor.fetchall()}


def _why(cause: dict, version: int | None, fields: Fields) -> str:
    if version is None:
        return in_words(cause, fields)
    return f"Fitted when the segment was {_happened(cause, version)}"


def reason(cause: dict, version: int | None, fields: Fields) -> str:
    """Why somebody joined or left; `version` is that of the build which moved several at once."""
    if version is None:
        return in_words(cause, fields)
    return f"The segment was {_happened(cause, version)}"


def _happened(cause: dict, version: int) -> str:
    """What happened to the whole segment: changed by Ada."""
    usual = "made" if version == 1 else "changed"
    words = {"archived": "archived", "restored": "restored"}.get(cause.get("why", ""), usual)
    who = cause.get("by") or {}
    return words + (f" by {who['label']}" if who.get("label") and who.get("kind") != "system" else "")
