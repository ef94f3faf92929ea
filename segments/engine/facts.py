"""Facts: what rules ask about a subject that its documents do not say. The database works them out from other
tables; what single subjects are asked by is kept in their states and follows what it was worked out from.
"""

import json
from collections.abc import Callable, Collection, Iterable
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from segments.engine import states
from segments.rules.compile_python import CompiledRules
from segments.rules.compile_sql import Predicate, Side, predicate_of
from segments.rules.expressions import ALWAYS, Atom, Column, Expression, Fact
from segments.rules.fields import Fields
from segments.rules.lower import constant
from segments.rules.moments import Moment
from segments.rules.operators import named
from workspaces.tenancy import current_workspace_id

INSTANT = """to_jsonb(to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))"""
# Of one property of one record, what it was (`o`) and what it became (`n`), as documents that rules understand.
CHANGES = """
    (SELECT {instant} FROM workspaces_propertychange h
     JOIN workspaces_property hp ON hp.id = h.prop_id
     CROSS JOIN LATERAL (SELECT jsonb_strip_nulls(jsonb_build_object(%s::text, h.old_norm)) AS norm) o
     CROSS JOIN LATERAL (SELECT jsonb_strip_nulls(jsonb_build_object(%s::text, h.new_norm)) AS norm) n
     WHERE h.workspace_id = %s AND h.record_id = {owner} AND hp.number = %s AND {which})"""

type Owner = sql.Composable  # what names the subject's id in the statement


def value(fact: Fact, owner: Owner, fields: Fields, moment: Moment) -> Predicate:
    """The fact about one subject, as JSON in the database. `fields` are those of the subject's own level."""
    return _KINDS[fact.kind](json.loads(fact.spec), owner, fields, moment)


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


_KINDS: dict[str, Callable[[dict, Owner, Fields, Moment], Predicate]] = {"history": _history}


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
    level: str, ids: Collection[UUID], facts: Collection[Fact], fields: Fields, moment: Moment
) -> dict[UUID, dict[str, Any]]:
    """The facts about some subjects, by their keys; what does not hold is left out."""
    if not (ids and facts):
        return {}
    found = [(fact.key, value(fact, sql.SQL("r.id"), fields, moment)) for fact in facts]
    pairs = sql.SQL(", ").join([sql.SQL("%s::text, {}").format(one.clause) for _, one in found])
    query = sql.SQL(
        "SELECT r.id, jsonb_strip_nulls(jsonb_build_object({})) FROM {} r"
        " WHERE r.workspace_id = %s AND r.id = ANY (%s)"
    ).format(pairs, sql.Identifier(f"workspaces_{level}"))
    params = [param for key, one in found for param in (key, *one.params)]
    with connection.cursor() as cursor:
        cursor.execute(query, [*params, current_workspace_id(), list(ids)])
        return {pk: json.loads(stored) for pk, stored in cursor.fetchall()}


def fill(level: str, facts: Collection[Fact], chunks: list[int], fields: Fields, moment: Moment) -> None:
    """Works the facts out for everybody in the chunks, under their exclusive locks."""
    if not facts:
        return
    owner = sql.Identifier("s", f"{level}_id")
    found = [(fact.key, value(fact, owner, fields, moment)) for fact in facts]
    pairs = sql.SQL(", ").join([sql.SQL("%s::text, {}").format(one.clause) for _, one in found])
    update = sql.SQL(
        "UPDATE {} s SET facts = (s.facts - %s::text[]) || jsonb_strip_nulls(jsonb_build_object({}))"
        " WHERE s.workspace_id = %s AND s.chunk = ANY (%s)"
    ).format(sql.Identifier(f"segments_{level}state"), pairs)
    params = [param for key, one in found for param in (key, *one.params)]
    with connection.cursor() as cursor:
        cursor.execute(update, [[key for key, _ in found], *params, current_workspace_id(), chunks])


def renew(subject: "states.Subject", facts: Iterable[Fact], values: dict[str, Any]) -> set[str]:
    """Puts newly read facts into a subject; returns the keys of those that differ."""
    kept = subject.more.facts
    changed = {fact.key for fact in facts if kept.get(fact.key) != values.get(fact.key)}
    for key in changed:
        if key in values:
            kept[key] = values[key]
        else:
            kept.pop(key, None)
    return changed


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
