"""Whom a line means: an address or a name, looked up for many lines at once. What means nobody is told why."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from workspaces.tenancy import current_workspace_id

LONGEST = 400
ADDRESS = re.compile(r"<([^<>\s]+@[^<>\s]+)>\s*\Z")  # Pat Jones <pat@example.com>

# By address and by name apart: as one condition with OR neither could be looked up by hashing.
CONTACTS = """
    SELECT DISTINCT t.n, r.id FROM unnest(%(texts)s::text[]) WITH ORDINALITY AS t (text, n)
    JOIN workspaces_contact r ON lower(r.email) = lower(t.text) WHERE r.workspace_id = %(workspace)s
    UNION
    SELECT t.n, r.id FROM unnest(%(texts)s::text[]) WITH ORDINALITY AS t (text, n)
    JOIN workspaces_contact r ON lower(r.name) = lower(t.text) WHERE r.workspace_id = %(workspace)s"""
PARTNERS = """
    SELECT t.n, r.id FROM unnest(%(texts)s::text[]) WITH ORDINALITY AS t (text, n)
    JOIN workspaces_partner r ON lower(r.name) = lower(t.text) WHERE r.workspace_id = %(workspace)s"""
QUERIES = {"contact": CONTACTS, "partner": PARTNERS}
OTHER = {"contact": "partner", "partner": "contact"}
WHY = {
    "nobody": {
        "contact": "Nobody here has this address or name.",
        "partner": "No partner has this name.",
    },
    "several": {
        "contact": "Several contacts have it. Use the address, or pick the right one by hand.",
        "partner": "Several partners have this name. Pick the right one by hand.",
    },
    "level": {
        "contact": "This is a partner; the segment groups contacts.",
        "partner": "This is a contact; the segment groups partners.",
    },
    "empty": {"contact": "The line is empty.", "partner": "The line is empty."},
}


@dataclass(frozen=True)
class Entry:
    """A line of what was pasted or uploaded."""

    line: int
    text: str


@dataclass(frozen=True)
class Unmatched:
    line: int
    text: str
    why: str  # a key of WHY


@dataclass
class Matched:
    found: dict[UUID, None] = field(default_factory=dict)  # in the order of the lines
    unmatched: list[Unmatched] = field(default_factory=list)


def match(level: str, entries: Iterable[Entry]) -> Matched:
    entries = list(entries)
    texts = [tidy(entry.text) for entry in entries]
    hits = _hits(level, texts)
    nobody = [at for at, text in enumerate(texts) if text and not hits.get(at)]
    elsewhere = _hits(OTHER[level], [texts[at] for at in nobody])
    of_other_level = {nobody[at] for at in elsewhere}
    result = Matched()
    for at, entry in enumerate(entries):
        who = hits.get(at, [])
        if len(who) == 1:
            result.found[who[0]] = None
            continue
        why = "several" if who else "level" if at in of_other_level else "nobody" if texts[at] else "empty"
        result.unmatched.append(Unmatched(entry.line, entry.text[:LONGEST], why))
    return result


def tidy(text: str) -> str:
    """The address or name that a line holds, without what spreadsheets and mail programs put around it."""
    text = unicodedata.normalize("NFC", text.replace("\x00", "")).strip().strip(",;").strip()
    if found := ADDRESS.search(text):
        text = found[1]
    return " ".join(text.strip("\"'").split())[:LONGEST]


def _hits(level: str, texts: list[str]) -> dict[int, list[UUID]]:
    """By the place of the text: who is called that."""
    if not any(texts):
        return {}
    found: dict[int, list[UUID]] = {}
    with connection.cursor() as cursor:
        cursor.execute(QUERIES[level], {"texts": texts, "workspace": current_workspace_id()})
        for place, pk in cursor.fetchall():
            if texts[place - 1]:
                found.setdefault(place - 1, []).append(pk)
    return found
