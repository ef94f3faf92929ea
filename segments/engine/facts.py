"""Facts: what rules ask about a subject that its documents do not say. The database works them out from other
tables; what single subjects are asked by is kept in their states and follows what it was worked out from.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from segments.engine import activity_facts, record_facts, states
from segments.engine.record_sources import INSTANT
from segments.rules.compile_python import CompiledRules, watched_columns
from segments.rules.compile_sql import Predicate, Side, predicate_of
from segments.rules.expressions import ALWAYS, Atom, Column, Expression, Fact
from segments.rules.fields import Fields
from segments.rules.in_process import value_of
from segments.rules.lower import constant
from segments.rules.moments import Moment
from segments.rules.operators import named
from workspaces.tenancy import current_workspace_id

# Of one property of one record, what it was (`o`) and what it became (`n`), as documents that rules understand.
CHANGES = """
    (SELECT {instant} FROM workspaces_propertychange h
     JOIN workspaces_property hp ON hp.id = h.prop_id
     CROSS JOIN LATERAL (SELECT jsonb_strip_nulls(jsonb_build_object(%s::text, h.old_norm)) AS norm) o
     CROSS JOIN LATERAL (SELECT jsonb_strip_nulls(jsonb_build_object(%s::text, h.new_norm)) AS norm) n
     WHERE h.workspace_id = %s AND h.record_id = {owner} AND hp.number = %s AND {which})"""

type Owner = sql.Composable  # what names the subject's id in the statement


type Depths = Mapping[Fact, int]  # how many instants are kept of a fact that is a list of them


def value(
    fact: Fact, owner: Owner, fields: Fields, moment: Moment, depth: int = activity_facts.MOST
) -> Predicate:
    """The fact about one subject, as JSON in the database. `fields` are those of the subject's own level."""
    spec = json.loads(fact.spec)
    match fact.kind:
        case "history":
            return _history(spec, owner, fields, moment)
        case "activity":
            return activity_facts.value(spec, owner, fields, depth)
        case _:
            return record_facts.value(spec, owner, fields, moment)


def _written(
    facts: Iterable[Fact], owner: Owner, fields: Fields, moment: Moment, depths: Depths
) -> tuple[sql.Composable, list]:
    """The facts and their marks as one object, without what does not hold."""
    found: list[tuple[str, Predicate]] = []
    for fact in facts:
        found.append((fact.key, value(fact, owner, fields, moment, depths.get(fact, activity_facts.MOST))))
        if fact.watches:
            found.append((fact.mark, record_facts.mark(fact, owner, fields, moment)))
    pairs = sql.SQL(", ").join([sql.SQL("%s::text, {}").format(one.clause) for _, one in found])
    params = [param for key, one in found for param in (key, *one.params)]
    return sql.SQL("jsonb_strip_nulls(jsonb_build_object({}))").format(pairs), params


def _history(spec: dict, owner: Owner, fields: Fields, moment: Moment) -> Predicate:
    """When a property first was something, or when it last went from one value to another."""
    number = str(spec["p"])
    passage = spec["op"] == "changed_from_to"
    if passage:
        before, after = (_is_one_of(spec, end, fields) for end in ("from", "to"))
    else:
        before = after = _was(spec, fields)
    old = predicate_of(before, moment, sides={"self": Side("o")})
    new = predicate_of(after, moment, sides={"self": Side("n")})
    which = "o.norm <> n.norm AND {} AND {}" if passage else "({} OR {})"
    clause = sql.SQL(CHANGES).format(
        instant=sql.SQL(INSTANT).format(sql.SQL("max(h.at)" if passage else "min(h.at)")),
        owner=owner,
        which=sql.SQL(which).format(old.clause, new.clause),
    )
    return Predicate(clause, [number, number, current_workspace_id(), spec["p"], *old.params, *new.params])


def _was(spec: dict, fields: Fields) -> Atom:
    field = fields["self", spec["p"]]
    chosen = named(field.type, spec["op"])
    amount = spec["v"] if field.type == "money" else None
    column = Column("self", str(field.number), field.type, currency=amount and amount["c"])
    return Atom(column, chosen.test, constant(chosen, field.type, spec["v"], fields))


def _is_one_of(spec: dict, end: str, fields: Fields) -> Expression:
    """One end of a passage; one that is left out is anything."""
    field = fields["self", spec["p"]]
    if end not in spec["v"]:
        return ALWAYS
    values = constant(named(field.type, "has_ever_been"), field.type, spec["v"][end], fields)
    return Atom(Column("self", str(field.number), field.type), "any_of", values)


def written_out(fields: Fields, moment: Moment) -> Callable[[str, Fact], Predicate]:
    """For the compiler of whole segments: facts as they are at this moment, not as they are stored."""
    sides = {"self": (sql.SQL("own.id"), fields), "partner": (sql.SQL("own.partner_id"), fields.of_partner())}

    def write(of: str, fact: Fact) -> Predicate:
        owner, known = sides[of]
        found = value(fact, owner, known, moment)
        clause = sql.SQL("jsonb_strip_nulls(jsonb_build_object(%s::text, {}))").format(found.clause)
        return Predicate(clause, [fact.key, *found.params])

    return write


def read(
    level: str,
    ids: Collection[UUID],
    facts: Collection[Fact],
    fields: Fields,
    moment: Moment,
    depths: Depths = {},  # noqa: B006 never written
) -> dict[UUID, dict[str, Any]]:
    """The facts about some subjects, by their keys; what does not hold is left out."""
    if not (ids and facts):
        return {}
    written, params = _written(facts, sql.SQL("subject.id"), fields, moment, depths)
    query = sql.SQL(
        "SELECT subject.id, {} FROM {} subject WHERE subject.workspace_id = %s AND subject.id = ANY (%s)"
    ).format(written, sql.Identifier(f"workspaces_{level}"))
    with connection.cursor() as cursor:
        cursor.execute(query, [*params, current_workspace_id(), list(ids)])
        return {pk: json.loads(stored) for pk, stored in cursor.fetchall()}


def fill(
    level: str,
    facts: Collection[Fact],
    chunks: list[int],
    fields: Fields,
    moment: Moment,
    depths: Depths = {},  # noqa: B006 never written
) -> None:
    """Works the facts out for everybody in the chunks, under their exclusive locks."""
    if not facts:
        return
    owner = sql.Identifier("s", f"{level}_id")
    written, params = _written(facts, owner, fields, moment, depths)
    update = sql.SQL(
        "UPDATE {} s SET facts = (s.facts - %s::text[]) || {} WHERE s.workspace_id = %s AND s.chunk = ANY (%s)"
    ).format(sql.Identifier(f"segments_{level}state"), written)
    old = [key for fact in facts for key in (fact.key, fact.mark)]
    with connection.cursor() as cursor:
        cursor.execute(update, [old, *params, current_workspace_id(), chunks])


FORGET = """
    UPDATE segments_{level}state s SET facts = coalesce(
        (SELECT jsonb_object_agg(key, value) FROM jsonb_each(s.facts) WHERE key = ANY (%(known)s::text[])), '{{}}')
    WHERE s.workspace_id = %(workspace)s AND s.chunk = ANY (%(chunks)s) AND s.facts <> '{{}}'
      AND EXISTS (SELECT 1 FROM jsonb_object_keys(s.facts) AS key WHERE key <> ALL (%(known)s::text[]))"""


def forget(level: str, chunks: list[int], asked: Collection[Fact]) -> None:
    """Takes out what no rule asks any more, under the exclusive locks of the chunks."""
    known = [key for fact in asked for key in (fact.key, fact.mark)]
    with connection.cursor() as cursor:
        params = {"workspace": current_workspace_id(), "chunks": chunks, "known": known}
        cursor.execute(FORGET.format(level=level), params)


def renew(subject: "states.Subject", facts: Iterable[Fact], values: dict[str, Any]) -> set[str]:
    """Puts newly read facts into a subject; returns the keys of those that differ, and of marks."""
    return put(subject.more.facts, [key for fact in facts for key in (fact.key, fact.mark)], values)


def put(kept: dict[str, Any], keys: Iterable[str], values: Mapping[str, Any]) -> set[str]:
    """Makes `kept` say the same as `values` about these keys; returns which of them did not."""
    changed = {key for key in keys if kept.get(key) != values.get(key)}
    for key in changed:
        if key in values:
            kept[key] = values[key]
        else:
            kept.pop(key, None)
    return changed


def next_flip(kept: Mapping[str, Any], facts: Iterable[Fact], moment: Moment) -> datetime | None:
    """When time alone may change one of the facts that are kept."""
    flips = []
    for fact in facts:
        for column, window in watched_columns("self", fact) if fact.watches and fact.mark in kept else ():
            value = value_of(kept, column, moment.zone)
            flips.append(window.next_flip(value, moment) if value is not None else None)
    return min((flip for flip in flips if flip is not None), default=None)


def freshen(
    level: str, subjects: Collection["states.Subject"], rules: CompiledRules, fields: Fields, moment: Moment
) -> None:
    """For reading by rules that are not kept: everything that they ask about these subjects."""
    own, theirs = (frozenset(fact for of, fact in rules.facts if of == side) for side in ("self", "partner"))
    mine = read(level, [s.id for s in subjects], own, fields, moment)
    partners = read("partner", {s.partner_id for s in subjects}, theirs, fields.of_partner(), moment)
    for subject in subjects:
        subject.more.facts = mine.get(subject.id, {})
        subject.partner_more.facts = partners.get(subject.partner_id, {})
