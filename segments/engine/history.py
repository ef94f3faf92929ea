"""Since when somebody is in a segment, and why."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from segments.engine.causes import in_words
from segments.models import Segment
from segments.rules.fields import Fields
from workspaces.keys import uuid7
from workspaces.tenancy import current_workspace_id

# One by one, or with everybody who joined when a build went live.
LATEST = """
    SELECT DISTINCT ON (subject_id) subject_id, at, cause, version FROM (
        SELECT subject_id, at, cause, NULL::int AS version FROM segments_membershipchange
        WHERE workspace_id = %(workspace)s AND segment_id = %(segment)s AND joined
          AND subject_id = ANY (%(subjects)s)
        UNION ALL
        SELECT subject_id, c.at, b.made_by, b.version FROM segments_buildchange c
        JOIN segments_build b ON b.id = c.build_id, unnest(c.joined) AS subject_id
        WHERE c.workspace_id = %(workspace)s AND c.segment_id = %(segment)s
          AND subject_id = ANY (%(subjects)s)
    ) joins ORDER BY subject_id, at DESC"""


# The queue of what follows from joining and leaving (segments.following).
FOLLOW = "segments.follow"
# As the ORM writes them, several thousand rows cost more than evaluating everybody. The note for what follows is
# due a second later: what happens within it is followed together, and nobody is notified for it.
WRITE = """
    WITH written AS (
        INSERT INTO segments_membershipchange
               (id, workspace_id, segment_id, level, subject_id, joined, cause, at)
        SELECT id, %(workspace)s, segment_id, level, subject_id, joined, cause::jsonb, at
        FROM unnest(%(ids)s::uuid[], %(segments)s::uuid[], %(levels)s::text[], %(subjects)s::uuid[],
                    %(joined)s::bool[], %(causes)s::text[], %(at)s::timestamptz[])
             AS new (id, segment_id, level, subject_id, joined, cause, at))
    INSERT INTO workspaces_due (workspace_id, queue, due_at)
    VALUES (%(workspace)s, %(queue)s, now() + interval '1 second')"""
NAMES = ("segments", "levels", "subjects", "joined", "causes", "at")


class Change(NamedTuple):
    """Somebody joined or left. `cause` is JSON already: many share one."""

    segment_id: UUID
    level: str
    subject_id: UUID
    joined: bool
    cause: str
    at: datetime


def write(changes: Collection[Change]) -> None:
    columns = {name: list(column) for name, column in zip(NAMES, zip(*changes, strict=True), strict=True)}
    known = {"workspace": current_workspace_id(), "queue": FOLLOW, "ids": [uuid7() for _ in changes]}
    with connection.cursor() as cursor:
        cursor.execute(WRITE, columns | known)


@dataclass(frozen=True)
class Since:
    at: datetime
    why: str


def since(segment: Segment, subject_ids: Collection[UUID], fields: Fields) -> dict[UUID, Since]:
    """The latest joining of each, in one query."""
    params = {
        "workspace": current_workspace_id(),
        "segment": segment.pk,
        "subjects": list(subject_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(LATEST, params)
        return {row[0]: Since(row[1], _why(row[2], row[3], fields)) for row in cursor.fetchall()}


def _why(stored: str, version: int | None, fields: Fields) -> str:
    cause = json.loads(stored)
    if version is None:
        return in_words(cause, fields)
    by = f" by {cause['label']}" if cause.get("label") and cause.get("kind") != "system" else ""
    return f"Fitted when the segment was {'made' if version == 1 else 'changed'}{by}"
