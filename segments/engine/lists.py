"""Hand-picked members: written one by one, beside the same state that rules write."""

import json
from collections.abc import Collection, Iterable
from itertools import batched
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils import timezone
from psycopg import sql

from segments.engine import backfill, definitions, membership
from segments.engine.causes import Cause
from segments.engine.history import Change
from segments.engine.matching import Entry, match
from segments.models import Build, Segment, StaticMember
from workspaces import locks
from workspaces.actors import Actor
from workspaces.models import Contact, Partner
from workspaces.tenancy import current_workspace_id

MODELS: dict[str, Any] = {"partner": Partner, "contact": Contact}
MOST = 10_000
BATCH = 2000


def members(segment: Segment) -> list[UUID]:
    return list(segment.static_members.order_by("added_at").values_list("subject_id", flat=True))


def set_members(segment: Segment, wanted: Iterable[UUID], *, by: Actor) -> None:
    """Adds who is missing and takes out who is no longer wanted; the others keep their place and history."""
    present, wanted = set(members(segment)), _existing(segment.level, wanted)
    joining, leaving = wanted - present, present - wanted
    _write_rows(segment, joining, by)
    segment.static_members.filter(subject_id__in=leaving).delete()
    _move(segment, joining, leaving, by)


def replace(segment: Segment, wanted: Iterable[UUID], *, by: Actor) -> None:
    """The rows alone: a build that follows will bring them into effect."""
    segment.static_members.all().delete()
    _write_rows(segment, _existing(segment.level, wanted), by)


def take_snapshot(segment: Segment, tree: dict, *, by: Actor) -> None:
    """Runs the rule once and keeps who matched."""
    segment.static_members.all().delete()
    fields = definitions.fields_of(segment.level, everything=False)
    moment = backfill.moment_of_workspace()
    query, params = backfill.members(segment.level, tree, fields, moment, number=segment.number)
    insert = sql.SQL(
        "INSERT INTO segments_staticmember (id, workspace_id, segment_id, subject_id, added_by, added_at)"
        " SELECT gen_random_uuid(), %s, %s, m.id, %s, %s FROM ({}) m"
    ).format(query)
    with connection.cursor() as cursor:
        cursor.execute(insert, [current_workspace_id(), segment.pk, by.label, timezone.now(), *params])


def _existing(level: str, wanted: Iterable[UUID]) -> set[UUID]:
    """A forged or outdated id is nobody of this workspace."""
    return set(MODELS[level].objects.filter(pk__in=list(wanted)).values_list("pk", flat=True))


def _write_rows(segment: Segment, subject_ids: Collection[UUID], by: Actor) -> None:
    rows = [StaticMember(segment=segment, subject_id=pk, added_by=by.label) for pk in sorted(subject_ids)]
    StaticMember.objects.bulk_create(rows, batch_size=2000)


def add_members(segment: Segment, wanted: Iterable[UUID], *, by: Actor) -> int:
    """Adds who is missing; returns how many that were."""
    joining = _existing(segment.level, wanted) - set(members(segment))
    _write_rows(segment, joining, by)
    _move(segment, joining, set(), by)
    return len(joining)


def _move(segment: Segment, joining: set[UUID], leaving: set[UUID], by: Actor) -> None:
    build = segment.builds.filter(state=Build.State.LIVE).exclude(kind=Segment.Kind.DYNAMIC).first()
    if build is None or not (joining or leaving):
        return  # a build that is still being filled reads the rows
    _lock(segment.level, joining | leaving)
    definitions.lock_shared()
    cause = Cause("list", by)
    for some in batched(sorted(joining | leaving), BATCH):
        _move_some(segment, build, joining, some, cause)


def _move_some(
    segment: Segment, build: Build, joining: set[UUID], some: Collection[UUID], cause: Cause
) -> None:
    evaluation = membership.begin(segment.level)
    subjects = evaluation.lock(some)
    why = json.dumps(cause.as_json(()))
    for subject in subjects:
        joins = subject.id in joining
        if joins == (build.number in subject.builds):
            continue
        subject.builds = subject.builds | {build.number} if joins else subject.builds - {build.number}
        evaluation.changes.append(
            Change(segment.pk, segment.level, subject.id, joins, why, evaluation.moment.at)
        )
        evaluation.follow_picks(subject, cause)
    evaluation.write(subjects)


def _lock(level: str, subject_ids: Collection[UUID]) -> None:
    """What a partner is picked for may decide about its contacts as well."""
    found = MODELS[level].objects.filter(pk__in=subject_ids)
    if level == "partner":
        locks.lock_for_partners(list(found))
    else:
        locks.lock_chunks(set(found.values_list("chunk", flat=True)))


def matching(level: str, lines: Iterable[str]) -> tuple[list, list[str]]:
    """Finds subjects by pasted e-mail addresses or names. Returns them and the lines that fit nobody or several."""
    texts = dict.fromkeys(text for raw in lines if (text := raw.strip().strip(",;")))
    matched = match(level, [Entry(at, text) for at, text in enumerate(texts)])
    records = MODELS[level].objects.select_related("partner") if level == "contact" else Partner.objects.all()
    found = records.in_bulk(list(matched.found))
    return [found[pk] for pk in matched.found if pk in found], [one.text for one in matched.unmatched]


def called_like(level: str, typed: str):
    """For the picker: whose name, or address, holds what was typed."""
    by_name = Q(name__icontains=typed)
    if level == "partner":
        return Partner.objects.filter(by_name).order_by("name", "pk")
    found = Contact.objects.filter(by_name | Q(email__icontains=typed))
    return found.select_related("partner").order_by("name", "pk")
