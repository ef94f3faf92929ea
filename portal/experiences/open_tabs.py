"""The portal's tabs as they are open for one viewer: one query for every gate of a page and the content of one tab.

Written out, since every page of every partner asks it: as querysets it took twice as long, most of it in Python.
"""

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from django.db import connection

from segments.audience import gate
from workspaces.tenancy import current_workspace_id

# The content of which tab comes along: of none, of the first that is open, of one by its key.
NONE, FIRST, BY_KEY = "false", "dense_rank() OVER (ORDER BY t.position, t.id) = 1", "t.key = %s"
ASK = """
    SELECT t.key, t.title, s.id, s.kind, s.title, CASE WHEN {wanted} THEN s.body END
    FROM experiences_section s
    JOIN experiences_tab t ON t.id = s.tab_id
    JOIN experiences_experience e ON e.id = t.experience_id
    WHERE s.workspace_id = %s AND t.stage = 'published' AND e.in_portal AND {gate}
    ORDER BY t.position, t.id, s.position, s.id"""


@dataclass(frozen=True)
class OpenSection:
    """A section that is there for the viewer; its body only where the tab's content was asked for."""

    pk: UUID
    kind: str
    title: str
    body: str | None


@dataclass(frozen=True)
class OpenTab:
    """A tab that is there for the viewer, with the sections that are: at least one, or it would not be there."""

    key: UUID
    title: str
    sections: list[OpenSection]


def find(viewer, *, wanted=NONE, key=None):
    """The open tabs of the experience in the portal, in order. With BY_KEY, `key` is the tab's."""
    passed, asked = gate(["t.audience_id", "s.audience_id"], viewer)
    params = [*([key] if wanted == BY_KEY else []), current_workspace_id(), *asked]
    with connection.cursor() as cursor:
        cursor.execute(ASK.format(wanted=wanted, gate=passed), params)
        rows = cursor.fetchall()
    by_tab = groupby(rows, key=itemgetter(0, 1))
    return [OpenTab(key, title, [OpenSection(*row[2:]) for row in found]) for (key, title), found in by_tab]
