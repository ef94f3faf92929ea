"""Statements over whole chunks of subjects: who belongs to a build, and how two builds differ."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone
from psycopg import sql

from segments.engine import definitions, facts, flips, states
from segments.engine.sources import SIDES, source
from segments.models import Build, ContactState, PartnerState, Segment
from segments.rules.compile_python import CompiledRules
from segments.rules.compile_sql import predicate_of
from segments.rules.expressions import Expression, only_in_process
from segments.rules.fields import Fields
from segments.rules.lower import lower
from segments.rules.moments import Moment, stamp
from workspaces import statements
from workspaces.tenancy import current_workspace_id

STATES: dict[str, Any] = {"contact": ContactState, "partner": PartnerState}


def moment_of_workspace() -> Moment:
    zone = "SELECT time_zone FROM workspaces_workspace WHERE id = %s::uuid"
    return Moment(timezone.now(), statements.run(zone, [current_workspace_id()])[0][0])


def condition(
    tree: Any, fields: Fields, moment: Moment, *, chunks: Collection[int] | None = None
) -> tuple[sql.Composable, list]:
    """The rule as a condition on `own` of segments.engine.sources.

    What the database does not understand is worked out here, for the chunks alone where some are named.
    """
    rule = lower(tree, fields)
    if only_in_process(rule):
        return sql.SQL("own.id = ANY (%s::uuid[])"), [_in_process(tree, fields, moment, chunks)]
    written_out = facts.written_out(fields, moment)
    found = predicate_of(rule, moment, sides=SIDES[tree["object"]], fact_value=written_out)
    return found.clause, found.params


def matching(
    level: str, tree: Any, fields: Fields, moment: Moment, *, chunks: list[int] | None = None
) -> tuple[sql.Composed, list]:
    """A query for the ids of those whom a rule matches: of everybody, or of some chunks."""
    clause, params = condition(tree, fields, moment, chunks=chunks)
    which = sql.SQL("" if chunks is None else " AND own.chunk = ANY (%s)")
    query = sql.SQL("SELECT own.id FROM {} WHERE own.workspace_id = %s AND {}{}")
    params = [current_workspace_id(), *params, *([] if chunks is None else [chunks])]
    return query.format(source(level, lower(tree, fields)), clause, which), params


def _in_process(tree: Any, fields: Fields, moment: Moment, chunks: Collection[int] | None) -> list[UUID]:
    """Patterns and versions are understood in Python alone."""
    level = tree["object"]
    rules = CompiledRules({0: tree}, fields, moment.zone)
    subjects = list(states.in_chunks(level, range(128) if chunks is None else chunks, rules))
    facts.freshen(level, subjects, rules, fields, moment)
    return [s.id for s in subjects if rules.evaluate(*s.documents(rules, moment.at), moment)]


def members(
    level: str, tree: Any, fields: Fields, moment: Moment, *, number: int
) -> tuple[sql.Composed, list]:
    """The same with the exceptions of the segment of this number, and with who is held in it."""
    ruled, params = matching(level, tree, fields, moment)
    clause, params = decided(sql.SQL("own.id = ANY (ARRAY({}))").format(ruled), params, number, moment)
    query = sql.SQL("SELECT own.id FROM {} WHERE own.workspace_id = %s AND {}")
    return query.format(source(level, state=True), clause), [current_workspace_id(), *params]


def decided(rule: sql.Composable, params: list, number: int, moment: Moment) -> tuple[sql.Composed, list]:
    """segments.engine.verdicts as a predicate over a state `s`, which may be missing."""
    exception, about = _exception(number, moment)
    clause = sql.SQL("coalesce({}, ({}) OR %s = ANY (s.held), false)").format(exception, rule)
    return clause, [*about, *params, number]


def _exception(number: int, moment: Moment) -> tuple[sql.Composed, list]:
    """Whether an exception has somebody in, or NULL where none holds."""
    clause = sql.SQL(
        'CASE WHEN coalesce(s.exceptions #>> %s::text[] > %s COLLATE "C", true)'
        " THEN (s.exceptions #>> %s::text[])::boolean END"
    )
    key = str(number)
    return sql.Composed([clause]), [[key, "until"], stamp(moment.at), [key, "in"]]


def add_members(build: Build, chunks: list[int]) -> None:
    """By statements: a list of picked members, or a rule that the database understands."""
    level = build.segment.level
    if not build.by_rule:
        query = sql.SQL("SELECT subject_id AS id FROM segments_staticmember WHERE segment_id = %s")
        _add(level, build.number, query, [build.segment_id], chunks)
        return
    found, moment = definitions.current(), moment_of_workspace()
    rules = found.rules_of(level, [build.number])
    rule, params = _matching_rule(level, rules.expression(build.number), found.fields[level], moment, chunks)
    _add(level, build.number, rule, params, chunks)
    apply_exceptions(level, build, moment, chunks)
    kept = [fact for of, fact in rules.facts if of == "self"]
    facts.fill(level, kept, chunks, found.fields[level], moment, found.depths)
    flips.foretell(level, rules, moment, chunks)


def _matching_rule(
    level: str, rule: Expression, fields: Fields, moment: Moment, chunks: list[int]
) -> tuple[sql.Composed, list]:
    query, params = everybody_whom(level, rule, fields, moment)
    return sql.SQL("{} AND own.chunk = ANY (%s)").format(query), [*params, chunks]


def everybody_whom(level: str, rule: Expression, fields: Fields, moment: Moment) -> tuple[sql.Composed, list]:
    """A query for the ids and chunks of those whom a rule matches."""
    written_out = facts.written_out(fields, moment)
    found = predicate_of(rule, moment, sides=SIDES[level], fact_value=written_out)
    query = sql.SQL("SELECT own.id, own.chunk FROM {} WHERE own.workspace_id = %s AND {}")
    return query.format(source(level, rule), found.clause), [current_workspace_id(), *found.params]


def fill_partners(rules: CompiledRules, chunks: list[int]) -> None:
    """What rules about contacts ask of their partners beside properties, for the partners in the chunks."""
    theirs = [fact for of, fact in rules.facts if of == "partner"]
    found, moment = definitions.current(), moment_of_workspace()
    states.make("partner", chunks=chunks)
    facts.fill("partner", theirs, chunks, found.fields["contact"].of_partner(), moment, found.depths)
    flips.foretell_facts("partner", theirs, moment, chunks)


def _add(level: str, number: int, query: sql.Composable, params: list, chunks: list[int]) -> None:
    update = sql.SQL(
        "UPDATE {table} s SET builds = s.builds || %s::int FROM ({members}) m"
        " WHERE s.{key} = m.id AND s.chunk = ANY (%s) AND NOT %s = ANY (s.builds)"
    ).format(table=_table(level), members=query, key=_key(level))
    with connection.cursor() as cursor:
        cursor.execute(update, [number, *params, chunks, number])


def apply_exceptions(level: str, build: Build, moment: Moment, chunks: list[int]) -> list[UUID]:
    """The few who are in or out whatever the rule says: two statements over them alone. Who they are."""
    number = build.segment.number
    exception, params = _exception(number, moment)
    # Not by the index of the chunk: those who are held or excepted are few, and have indexes of their own.
    few = sql.SQL("s.workspace_id = %s AND s.chunk + 0 = ANY (%s)")
    where = [current_workspace_id(), chunks]
    held = sql.SQL(
        "UPDATE {states} s SET builds = s.builds || %s::int"
        " WHERE {few} AND s.held <> '{{}}' AND %s = ANY (s.held) AND NOT %s = ANY (s.builds) RETURNING {key}"
    ).format(few=few, **names(level))
    excepted = sql.SQL(
        "UPDATE {states} s SET builds = CASE WHEN {exception} THEN s.builds || %s::int"
        " ELSE array_remove(s.builds, %s) END"
        " WHERE {few} AND s.exceptions <> '{{}}' AND {exception} <> (%s = ANY (s.builds)) RETURNING {key}"
    ).format(few=few, exception=exception, **names(level))
    with connection.cursor() as cursor:
        cursor.execute(held, [build.number, *where, number, build.number])
        moved = [row[0] for row in cursor.fetchall()]
        cursor.execute(excepted, [*params, build.number, build.number, *where, *params, build.number])
        return moved + [row[0] for row in cursor.fetchall()]


def names(level: str) -> dict[str, sql.Composable]:
    """Of the level's states and of their key, for statements."""
    return {"states": _table(level), "key": _key(level)}


def compare(level: str, new: int, old: int | None) -> list[tuple[int, list[UUID], list[UUID], int]]:
    """By chunk: who is only in the new build, who only in the old one, and how many the new one holds."""
    query = sql.SQL(
        "SELECT chunk,"
        " coalesce(array_agg(id) FILTER (WHERE n AND NOT o), '{{}}'),"
        " coalesce(array_agg(id) FILTER (WHERE o AND NOT n), '{{}}'),"
        " count(*) FILTER (WHERE n)"
        " FROM (SELECT chunk, {key} AS id, %s = ANY (builds) AS n, coalesce(%s = ANY (builds), false) AS o"
        " FROM {table} WHERE workspace_id = %s) s WHERE n OR o GROUP BY chunk ORDER BY chunk"
    ).format(table=_table(level), key=_key(level))
    with connection.cursor() as cursor:
        cursor.execute(query, [new, old, current_workspace_id()])
        return cursor.fetchall()


def take_out(level: str, numbers: list[int], chunks: list[int]) -> None:
    """Removes builds from everybody's arrays."""
    if not numbers:
        return
    update = sql.SQL(
        "UPDATE {} SET builds = ARRAY(SELECT b FROM unnest(builds) b WHERE b <> ALL (%s::int[]))"
        " WHERE workspace_id = %s AND chunk = ANY (%s) AND builds && %s::int[]"
    ).format(_table(level))
    with connection.cursor() as cursor:
        cursor.execute(update, [numbers, current_workspace_id(), chunks, numbers])


def take_out_drifted(builds: Collection[Build], chunks: list[int]) -> None:
    """Before builds are filled: who was evaluated by one of them already, when not all that it asks was known."""
    level = next(iter(builds)).segment.level
    update = sql.SQL(
        "UPDATE {table} s SET builds = ARRAY(SELECT n FROM unnest(s.builds) n WHERE n <> ALL (b.numbers))"
        " FROM (SELECT d.subject_id AS id, array_agg(b.number) AS numbers FROM segments_builddrift d"
        "       JOIN segments_build b ON b.id = d.build_id"
        "       WHERE d.workspace_id = %s AND d.build_id = ANY (%s) AND d.chunk = ANY (%s) GROUP BY 1) b"
        " WHERE s.{key} = b.id AND s.builds && b.numbers"
    ).format(table=_table(level), key=_key(level))
    with connection.cursor() as cursor:
        cursor.execute(update, [current_workspace_id(), [build.pk for build in builds], chunks])


def take_out_held(build: Build, moment: Moment, chunks: list[int]) -> list[UUID]:
    """Takes a build from those who are in it only because they are held; returns who they are."""
    segment = build.segment
    ruled, params = matching(
        segment.level, build.tree or {}, definitions.fields_for(build), moment, chunks=chunks
    )
    exception, about = _exception(segment.number, moment)
    update = sql.SQL(
        "UPDATE {table} s SET builds = array_remove(s.builds, %s)"
        " WHERE s.workspace_id = %s AND s.chunk = ANY (%s) AND s.held <> '{{}}'"
        " AND %s = ANY (s.held) AND %s = ANY (s.builds)"
        " AND NOT coalesce({exception}, s.{key} = ANY (ARRAY({rule})), false) RETURNING s.{key}"
    ).format(table=_table(segment.level), key=_key(segment.level), exception=exception, rule=ruled)
    where = [current_workspace_id(), chunks, segment.number, build.number]
    with connection.cursor() as cursor:
        cursor.execute(update, [build.number, *where, *about, *params])
        return [row[0] for row in cursor.fetchall()]


def let_go_of_held(segment: Segment, chunks: list[int]) -> None:
    """Nobody is held any more; who is in `builds` by then stays there."""
    update = sql.SQL(
        "UPDATE {} SET held = array_remove(held, %s)"
        " WHERE workspace_id = %s AND chunk = ANY (%s) AND held <> '{{}}' AND %s = ANY (held)"
    ).format(_table(segment.level))
    with connection.cursor() as cursor:
        cursor.execute(update, [segment.number, current_workspace_id(), chunks, segment.number])


def _table(level: str) -> sql.Composable:
    return sql.Identifier(f"segments_{level}state")


def _key(level: str) -> sql.Composable:
    return sql.Identifier(f"{level}_id")
