"""One look at everybody, in the order in which they lie, before a build is filled: who would come, go and stay.

It takes no lock, since it would have to take all. So it is only trusted about those whom nobody has evaluated since:
from the moment at which a build is there, whoever is evaluated by it is kept as drift (segments.engine.staging).
Filling a chunk is then no more than writing down, under its lock, what is already known.
"""

from django.db import connection
from psycopg import sql

from segments.engine import backfill, definitions, flips, staging
from segments.engine.definitions import RuleSet
from segments.models import Build, BuildFill
from segments.rules.compile_python import CompiledRules
from segments.rules.expressions import only_in_process
from workspaces import statements
from workspaces.statements import array, texts
from workspaces.tenancy import current_workspace_id

# What rules may read beside property values: only what every evaluation has, filled or not.
ALWAYS_THERE = frozenset("rti")
OLD = "SELECT {key} AS id, chunk FROM {states} WHERE workspace_id = %s AND %s = ANY (builds)"
# Only read, so that several processes of the database may share it; what was found is written down as it came.
LOOK = """
    WITH new AS ({new}), old AS ({old})
    SELECT coalesce(new.chunk, old.chunk) AS chunk, count(new.id) AS members,
           (array_agg(new.id) FILTER (WHERE old.id IS NULL))::text AS joined,
           (array_agg(old.id) FILTER (WHERE new.id IS NULL))::text AS gone,
           (array_agg(new.id) FILTER (WHERE old.id IS NOT NULL))::text AS stayed
    FROM new FULL JOIN old ON old.id = new.id GROUP BY 1"""
FIRST_LOOK = """
    SELECT chunk, count(*), array_agg(id)::text, NULL::text, NULL::text FROM ({new}) new GROUP BY 1"""
KEEP = """
    INSERT INTO segments_buildfill
           (id, workspace_id, build_id, chunk, old, members, joined, "left", stayed, due, due_at)
    SELECT uuidv7(), %s::uuid, %s::uuid, n.chunk, %s::int, coalesce(c.members, 0), coalesce(c.joined::uuid[], '{}'),
           coalesce(c.gone::uuid[], '{}'), coalesce(c.stayed::uuid[], '{}'), '{}', '{}'
    FROM generate_series(0, %s) AS n (chunk)
    LEFT JOIN unnest(%s::smallint[], %s::int[], %s::text[], %s::text[], %s::text[])
         AS c (chunk, members, joined, gone, stayed) USING (chunk)"""
SCOUTED = """
    SELECT build_id FROM segments_buildfill
    WHERE workspace_id = %s::uuid AND build_id = ANY (%s::uuid[]) AND chunk = %s::int AND stayed IS NOT NULL"""
APPLY = """
    UPDATE {states} s SET builds = s.builds || %(new)s::int
    FROM (SELECT unnest(joined || stayed) AS id FROM segments_buildfill
          WHERE workspace_id = %(workspace)s AND build_id = %(build)s AND chunk = ANY (%(chunks)s)) m
    WHERE s.workspace_id = %(workspace)s AND s.{key} = m.id AND NOT %(new)s = ANY (s.builds)
      AND NOT EXISTS (SELECT 1 FROM segments_builddrift d WHERE d.workspace_id = %(workspace)s
                      AND d.build_id = %(build)s AND d.chunk = ANY (%(chunks)s) AND d.subject_id = m.id)"""
DUE = """
    UPDATE {states} s SET next_flip_at = m.at
    FROM (SELECT unnest(due) AS id, unnest(due_at) AS at FROM segments_buildfill
          WHERE workspace_id = %(workspace)s AND build_id = %(build)s AND chunk = ANY (%(chunks)s)) m
    WHERE s.workspace_id = %(workspace)s AND s.{key} = m.id
      AND (s.next_flip_at IS NULL OR s.next_flip_at > m.at)"""


def can_be(build: Build, found: RuleSet) -> bool:
    """Whether the rule can be asked of everybody at once, and of nothing that is only filled with the build."""
    if not build.by_rule or build.done or build.number not in found.number_of:
        return False
    rules = found.rules_of(build.segment.level, [build.number])
    if only_in_process(rules.expression(build.number)) or not flips.by_value(rules):
        return False
    return not rules.facts and all(key[0] in ALWAYS_THERE for _, key in rules.beside)


def scout(build: Build) -> None:
    """After everybody who was evaluating without this build is through."""
    level, workspace_id = build.segment.level, current_workspace_id()
    found, moment = definitions.current(), backfill.moment_of_workspace()
    rules = found.rules_of(level, [build.number])
    new, params = backfill.everybody_whom(level, rules.expression(build.number), found.fields[level], moment)
    live_build = build.segment.live_build
    if live_build is None:
        look = sql.SQL(FIRST_LOOK).format(new=new)
    else:
        look = sql.SQL(LOOK).format(new=new, old=sql.SQL(OLD).format(**backfill.names(level)))
        params = [*params, workspace_id, live_build]
    BuildFill.objects.filter(build=build).delete()
    with connection.cursor() as cursor:
        cursor.execute(look, params)
        found_out = list(zip(*cursor.fetchall(), strict=True)) or [()] * 5
    columns = [array(found_out[0]), array(found_out[1]), *(texts(column) for column in found_out[2:])]
    statements.run(KEEP, [workspace_id, build.pk, live_build, build.total - 1, *columns])
    _scout_flips(build, rules, moment)


def _scout_flips(build: Build, rules: CompiledRules, moment) -> None:
    for query, params in flips.sooner(build.segment.level, rules, moment):
        keep = sql.SQL(
            "UPDATE segments_buildfill f SET due = f.due || c.ids, due_at = f.due_at || c.flips FROM ("
            " SELECT chunk, array_agg(id) AS ids, array_agg(flip) AS flips FROM ({}) q GROUP BY chunk) c"
            " WHERE f.workspace_id = %s AND f.build_id = %s AND f.chunk = c.chunk"
        ).format(query)
        with connection.cursor() as cursor:
            cursor.execute(keep, [*params, current_workspace_id(), build.pk])


def scouted(builds: list[Build], chunk: int) -> set:
    """Which of the builds were."""
    params = [current_workspace_id(), array(build.pk for build in builds), chunk]
    return {row[0] for row in statements.run(SCOUTED, params)}


def apply(build: Build, chunks: list[int]) -> None:
    """Under the chunks' exclusive locks: what was found, except about those who have been evaluated since."""
    level = build.segment.level
    known = {"new": build.number, "workspace": current_workspace_id(), "build": build.pk, "chunks": chunks}
    names = backfill.names(level)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(APPLY).format(**names), known)
        cursor.execute(sql.SQL(DUE).format(**names), known)
    moved = backfill.apply_exceptions(level, build, backfill.moment_of_workspace(), chunks)
    staging.add((build.pk, pk, 0) for pk in moved)
