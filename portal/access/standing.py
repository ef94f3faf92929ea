"""Which segments somebody is in, since when and why, and why not in the others."""

import json
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from segments.engine import definitions, history, states
from segments.engine.causes import in_words
from segments.engine.facts import freshen
from segments.found_records import FoundRecords
from segments.models import Build, ContactState, PartnerState, Segment, SegmentException
from segments.origins import Origins
from segments.rules.explain import Explainer
from segments.rules.fields import Fields
from segments.rules.moments import Moment
from segments.rules.nearest import nearest
from segments.why import Node, node_of
from workspaces.models import TeamMember
from workspaces.tenancy import current_workspace_id

# The latest joining of each segment, by the contact or by its partner.
JOINED = """
    SELECT DISTINCT ON (segment_id) segment_id, at, cause, version FROM (
        SELECT segment_id, at, cause, NULL::int AS version FROM segments_membershipchange
        WHERE workspace_id = %(workspace)s AND subject_id = ANY (%(subjects)s) AND joined
        UNION ALL
        SELECT c.segment_id, c.at, b.made_by, b.version FROM segments_buildchange c
        JOIN segments_build b ON b.id = c.build_id
        WHERE c.workspace_id = %(workspace)s AND c.chunk = ANY (%(chunks)s)
          AND c.joined && %(subjects)s::uuid[]
    ) joins ORDER BY segment_id, at DESC"""


@dataclass(frozen=True)
class Standing:
    segment: Segment
    inside: bool
    since: history.Since | None
    why: Node | None  # None: picked by hand
    nearest: str = ""  # what would have to turn
    exception: SegmentException | None = None  # decides instead of the rule
    held: bool = False  # the rule says no, and the team has not yet decided whether to let them go


def of_contact(contact, viewer, *, member: TeamMember) -> list[Standing]:
    """In every live segment of contacts and partners, or not: those first that they are in. Told to a team member."""
    records = {"contact": contact, "partner": contact.partner}
    return _standings(records, viewer.segment_ids, member)


def of_partner(partner, *, member: TeamMember) -> list[Standing]:
    builds = {number for subject in states.peek("partner", [partner.pk]) for number in subject.builds}
    inside = (
        Segment.objects.live().filter(level="partner", live_build__in=builds).values_list("pk", flat=True)
    )
    return _standings({"partner": partner}, set(inside), member)


def _standings(records: dict[str, Any], inside, member: TeamMember) -> list[Standing]:
    segments = list(Segment.objects.live().filter(level__in=records))
    builds = {b.number: b for b in Build.objects.filter(number__in=[s.live_build for s in segments])}
    origins = Origins(records.values())
    readers = {level: _Reader(level, records, origins, member) for level in records}
    since = _since(segments, records, readers)
    exceptions = _exceptions(records)
    held = {level: _held(level, record) for level, record in records.items()}
    found = []
    for segment in segments:
        tree = builds[segment.live_build].tree if segment.by_rule else None
        why, turns = readers[segment.level].read(tree) if tree else (None, "")
        is_in = segment.pk in inside
        lately = since.get(segment.pk) if is_in else None
        is_held = segment.number in held[segment.level]
        found.append(Standing(segment, is_in, lately, why, turns, exceptions.get(segment.pk), is_held))
    return sorted(found, key=lambda one: (not one.inside, one.segment.name.casefold()))


def _exceptions(records) -> dict[UUID, SegmentException]:
    named = [Q(**{level: record}) for level, record in records.items()]
    rows = SegmentException.objects.filter(reduce(or_, named))
    lasting = rows.filter(Q(until=None) | Q(until__gt=timezone.now()))
    return {row.segment_id: row for row in lasting}


def _held(level: str, record) -> set[int]:
    states_of: Any = ContactState if level == "contact" else PartnerState
    return {
        number
        for held in states_of.objects.filter(pk=record.pk).values_list("held", flat=True)
        for number in held
    }


def _since(segments, records, readers) -> dict[UUID, history.Since]:
    by_pk = {segment.pk: segment for segment in segments}
    asked = {
        "workspace": current_workspace_id(),
        "subjects": [record.pk for record in records.values()],
        "chunks": [record.chunk for record in records.values()],
    }
    with connection.cursor() as cursor:
        cursor.execute(JOINED, asked)
        rows = [(by_pk[pk], *row) for pk, *row in cursor.fetchall() if pk in by_pk]
    return {
        segment.pk: history.Since(
            at, _why(segment, json.loads(cause), version, readers[segment.level].fields)
        )
        for segment, at, cause, version in rows
    }


def _why(segment: Segment, cause: dict, version: int | None, fields: Fields) -> str:
    if version is None:
        return in_words(cause, fields)
    by = f" by {cause['label']}" if cause.get("label") and cause.get("kind") != "system" else ""
    if segment.kind == Segment.Kind.STATIC:
        return f"Picked{by}"
    return f"Fitted when the segment was {'made' if version == 1 else 'changed'}{by}"


class _Reader:
    """Explains rules of one level for one record."""

    def __init__(self, level: str, records: dict[str, Any], origins: Origins, member: TeamMember):
        self.fields = definitions.fields_of(level)
        self.moment = Moment(timezone.now(), definitions.current().zone)
        self._record = records[level]
        self._origins = origins
        self._found = FoundRecords([self._record], self.fields, self.moment, reader=member)
        (self.subject,) = states.peek(level, [self._record.pk])

    def read(self, tree) -> tuple[Node, str]:
        """The rule with what it found, and what would have to turn."""
        explainer = Explainer(tree, self.fields, self.moment.zone)
        if explainer.rules.facts:  # as many of the latest times as there are, and what time has changed since
            freshen(self.fields.level, [self.subject], explainer.rules, self.fields, self.moment)
        documents = self.subject.documents(explainer.rules, self.moment.at)
        verdict = explainer.explain(*documents, self.moment)
        turns = nearest(verdict, self.fields, self.moment.zone)
        node = node_of(verdict, self._record, self._origins, self._found)
        return node, turns.words if turns else ""
