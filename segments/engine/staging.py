"""Who comes and who goes with a build: written down chunk by chunk while it is filled, so that the switch, during
which nobody can change a membership, need not look at everybody.

Single changes go on meanwhile. Whom they concern is kept as drift, and looked at once more at the switch; what
happened to a chunk before it was filled is in the fill already.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from segments import live
from segments.engine.coming import Coming
from segments.engine.states import Subject
from segments.models import Build, BuildDrift, BuildFill
from workspaces.keys import chunk_of
from workspaces.tenancy import current_workspace_id

FEW = 8  # builds that are compared one by one; many share one look at everybody's array
ONE = """
    SELECT %(build)s::uuid AS build, chunk, count(*) FILTER (WHERE n) AS members,
           array_agg(id) FILTER (WHERE n AND NOT o) AS joined, array_agg(id) FILTER (WHERE o AND NOT n) AS gone
    FROM (SELECT {level}_id AS id, chunk, %(new)s = ANY (builds) AS n, coalesce(%(old)s = ANY (builds), false) AS o
          FROM segments_{level}state WHERE workspace_id = %(workspace)s AND chunk = ANY (%(chunks)s)) s
    WHERE n OR o GROUP BY chunk"""
MANY = """
    SELECT build, chunk, count(*) FILTER (WHERE n) AS members,
           array_agg(id) FILTER (WHERE n AND NOT o) AS joined, array_agg(id) FILTER (WHERE o AND NOT n) AS gone
    FROM (SELECT e.build, s.chunk, s.{level}_id AS id, bool_or(e.new) AS n, bool_or(NOT e.new) AS o
          FROM segments_{level}state s CROSS JOIN LATERAL unnest(s.builds) AS b (number)
          JOIN unnest(%(builds)s::uuid[], %(numbers)s::int[], %(are_new)s::bool[]) AS e (build, number, new)
            ON e.number = b.number
          WHERE s.workspace_id = %(workspace)s AND s.chunk = ANY (%(chunks)s) GROUP BY 1, 2, 3) m
    GROUP BY build, chunk"""
STAGE = """
    INSERT INTO segments_buildfill (id, workspace_id, build_id, chunk, old, members, joined, "left")
    SELECT uuidv7(), %(workspace)s, p.build, n.chunk, p.old, coalesce(c.members, 0),
           coalesce(c.joined, '{{}}'), coalesce(c.gone, '{{}}')
    FROM unnest(%(all)s::uuid[], %(olds)s::int[]) AS p (build, old) CROSS JOIN unnest(%(chunks)s::int[]) AS n (chunk)
    LEFT JOIN ({compared}) c USING (build, chunk)"""
REMEMBER = """
    INSERT INTO segments_buildchange (id, workspace_id, build_id, segment_id, chunk, cause, joined, "left", at)
    SELECT uuidv7(), workspace_id, build_id, %s, chunk, %s::jsonb, joined, "left", %s FROM segments_buildfill
    WHERE workspace_id = %s AND build_id = %s AND (joined <> '{}' OR "left" <> '{}')
    RETURNING joined_count + left_count"""


def stage(builds: list[Build], chunks: list[int]) -> None:
    """After they were filled there, under the chunks' exclusive locks. All of one level."""
    level, workspace_id = builds[0].segment.level, current_workspace_id()
    olds = {build.pk: build.segment.live_build for build in builds}
    known = {"workspace": workspace_id, "chunks": chunks}
    if len(builds) <= FEW:
        for build in builds:
            one = {"build": build.pk, "new": build.number, "old": olds[build.pk]}
            _stage(ONE.format(level=level), known | one, {build.pk: olds[build.pk]})
    else:
        ends = [
            (b.pk, number, new) for b in builds for number, new in ((b.number, True), (olds[b.pk], False))
        ]
        ids, numbers, new = (list(column) for column in zip(*ends, strict=True))
        _stage(MANY.format(level=level), known | {"builds": ids, "numbers": numbers, "are_new": new}, olds)
    drifts = BuildDrift.objects.filter(build__in=[build.pk for build in builds], chunk__in=chunks)
    drifts._raw_delete(drifts.db)


def _stage(compared: str, params: dict, olds: Mapping[UUID, int | None]) -> None:
    with connection.cursor() as cursor:
        statement = STAGE.format(compared=compared)
        cursor.execute(statement, params | {"all": list(olds), "olds": list(olds.values())})


def note(
    subjects: Iterable[Subject], coming: Mapping[int, Coming], looked: Iterable[tuple[UUID, UUID]] = ()
) -> None:
    """Before what changed about the subjects is written. `looked`: who was evaluated by which build, changed or not."""
    if not coming:
        return
    drifts = dict.fromkeys(looked, 0)
    for subject in subjects:
        for number in (subject.was[0] ^ subject.builds) & coming.keys():
            key = (coming[number].build, subject.id)
            delta = 0 if not coming[number].itself else 1 if number in subject.builds else -1
            drifts[key] = drifts.get(key, 0) + delta
    add((build, pk, delta) for (build, pk), delta in drifts.items())


def add(drifts: Iterable[tuple[UUID, UUID, int]]) -> None:
    """Builds, whom, and by how much that changes the number of their members."""
    BuildDrift.objects.bulk_create(
        [
            BuildDrift(build_id=build, subject_id=pk, chunk=chunk_of(pk), delta=delta)
            for build, pk, delta in drifts
        ],
        batch_size=2000,
    )


def settle(build: Build, old: int | None, *, at: datetime, cause: str) -> int | None:
    """Puts down who joins and who leaves, tells open pages, and returns how many members there are. None where not
    every chunk was staged against the build that decides now."""
    fills = BuildFill.objects.filter(build=build)
    drifts = BuildDrift.objects.filter(build=build)
    if fills.filter(old=old).count() != build.total:
        return None
    _catch_up(build, old, drifts)
    with connection.cursor() as cursor:
        cursor.execute(REMEMBER, [build.segment_id, cause, at, current_workspace_id(), build.pk])
        moved = sum(row[0] for row in cursor.fetchall())
    _tell(fills, moved)
    members = fills.aggregate(all=Sum("members"))["all"]
    for rows in (fills, drifts):
        rows._raw_delete(rows.db)  # nothing points to them
    return members


def _catch_up(build: Build, old: int | None, drifts) -> None:
    drifted: dict[int, dict[UUID, int]] = defaultdict(lambda: defaultdict(int))
    for pk, chunk, delta in drifts.values_list("subject_id", "chunk", "delta"):
        drifted[chunk][pk] += delta
    for fill in BuildFill.objects.filter(build=build, chunk__in=list(drifted)) if drifted else ():
        again = drifted[fill.chunk]
        now = _standing(build, old, list(again))
        if fill.stayed is None:
            fill.members += sum(again.values())
        else:
            were = sum(pk in again for pk in (*fill.joined, *fill.stayed))
            fill.members += sum(inside for _, inside, _ in now) - were
        fill.joined = [pk for pk in fill.joined if pk not in again] + [pk for pk, n, o in now if n and not o]
        fill.left = [pk for pk in fill.left if pk not in again] + [pk for pk, n, o in now if o and not n]
        fill.save(update_fields=["members", "joined", "left"])


def _standing(build: Build, old: int | None, ids: list[UUID]) -> list[tuple[UUID, bool, bool]]:
    level = build.segment.level
    statement = f"""
        SELECT {level}_id, %s = ANY (builds), coalesce(%s = ANY (builds), false)
        FROM segments_{level}state WHERE workspace_id = %s AND {level}_id = ANY (%s)"""  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [build.number, old, current_workspace_id(), ids])
        return cursor.fetchall()


def _tell(fills, moved: int) -> None:
    if moved > live.FEW:
        live.announce_to_all()
    elif moved:
        live.announce({pk for fill in fills for pk in (*fill.joined, *fill.left)})


def forget() -> None:
    """What builds left behind that were superseded or failed on their way."""
    for rows in (BuildFill.objects, BuildDrift.objects):
        rows.exclude(build__state=Build.State.BUILDING).delete()
