"""What the database works out of related records and activity, over real rows, against the oracle: random rules,
random records, and the same answer by generated Python, by SQL over whole segments, and by the plainest reading.
"""

import json
import os
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from segments.engine import facts, record_sources
from segments.engine.record_sources import Asked, Source
from segments.rules.compile_python import CompiledRules
from segments.rules.compile_sql import Predicate, predicate
from segments.rules.fields import ACTIVITY, RECORDS, Fields
from segments.rules.moments import Moment
from segments.rules.tree import new_tree
from segments.rules.validate import validate
from tests.oracle import rules as oracle
from tests.segments.rules.strategies import (
    FIELDS,
    OPTIONS,
    ZONES,
    documents,
    leaves,
    moments,
)
from tests.segments.rules.test_compilers import KNOWN, relaxed
from workspaces.keys import uuid7
from workspaces.tenancy import current_workspace_id

# Each example writes real rows, so there are few unless somebody asks for more.
thorough = settings(relaxed, max_examples=int(os.environ.get("RULE_EXAMPLES", "30")))
ROWS = """
    CREATE TEMP TABLE IF NOT EXISTS oracle_quotes (
        workspace_id uuid, owner_id uuid, id uuid, "text" text, raw text, number numeric, amount numeric,
        currency text, choice text, several text[], day date, at timestamptz, yes boolean)"""
SOURCE = Source(
    key="quotes",
    label="Quotes",
    one="quote",
    table="oracle_quotes",
    owners={"contact": "owner_id", "partner": "owner_id"},
    name="r.id::text",
    asked=(
        Asked("text", "Text", "text", "r.raw", folded="r.text"),
        Asked("number", "Number", "number", "r.number"),
        Asked("money", "Money", "money", "r.amount", currency="r.currency"),
        Asked("choice", "Choice", "choice", "r.choice", options=OPTIONS),
        Asked("multi_choice", "Several", "multi_choice", "r.several", options=OPTIONS),
        Asked("date", "Date", "date", "r.day"),
        Asked("datetime", "Datetime", "datetime", "r.at"),
        Asked("boolean", "Boolean", "boolean", "r.yes"),
    ),
)
related = Fields(
    [field for field in FIELDS if field.type in (RECORDS, ACTIVITY)],
    segments={},
    records=FIELDS.records,
    calendar=FIELDS.calendar,
)


@pytest.fixture
def over_real_rows(acme, inside, monkeypatch):
    monkeypatch.setitem(record_sources.SOURCES, "quotes", SOURCE)
    with inside(acme):
        with connection.cursor() as cursor:
            cursor.execute(ROWS)
        yield
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM segments_activity")


@st.composite
def cases(draw):
    at = draw(moments)
    people = draw(
        st.lists(st.tuples(documents("self", at), documents("partner", at)), min_size=1, max_size=4)
    )
    items = draw(st.lists(leaves(at, related), min_size=1, max_size=3))
    op = draw(st.sampled_from(["all", "any", "none"]))
    tree = validate(new_tree("contact", *items, op=op), related)
    return tree, people, Moment(at, draw(st.sampled_from(ZONES)))


def store(people):
    """Rows of records and activity for each contact and each partner; returns their ids."""
    ids = [(uuid7(), uuid7()) for _ in people]
    workspace = current_workspace_id()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE oracle_quotes")
        cursor.execute("DELETE FROM segments_activity")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for pair, sides in zip(ids, people, strict=True):
            for owner, world in zip(pair, sides, strict=True):
                _store_quotes(cursor, workspace, owner, world["quotes"])
                _store_activity(cursor, workspace, owner, world["did"])
    return ids


def _store_quotes(cursor, workspace, owner, quotes):
    for quote in quotes:
        money = quote.get("_money") or {"a": None, "c": None}
        number = [None if v is None else Decimal(str(v)) for v in (quote.get("_number"), money["a"])]
        plain = [quote.get(f"_{name}") for name in ("choice", "multi_choice", "date", "datetime", "boolean")]
        row = [
            workspace,
            owner,
            uuid7(),
            quote.get("_text"),
            quote.get("_text"),
            number[0],
            number[1],
            money["c"],
        ]
        cursor.execute(
            f"INSERT INTO oracle_quotes VALUES ({', '.join(['%s'] * 11)}, %s::timestamptz, %s)",
            [*row, *plain],
        )


def _store_activity(cursor, workspace, owner, did):
    """Here partners stand in the place of contacts: whose activity it is, is looked up the same way."""
    by_what = {}
    for what, at in did:
        by_what.setdefault(what, []).append(at)
    for what, times in by_what.items():
        cursor.execute(
            "INSERT INTO segments_activity (id, workspace_id, contact_id, kind, what, times)"
            " VALUES (%s, %s, %s, 'viewed', %s, %s::text[]::timestamptz[])",
            [uuid7(), workspace, owner, what, sorted(times, reverse=True)],
        )


def value(fact, owner, moment):
    return facts.value(fact, owner, related, moment)


def read(ids, asked, moment):
    """What single subjects are evaluated by: the facts, and the marks of those that time can change."""
    if not asked:
        return {pk: {} for pk in ids}
    written, params = facts._written(asked, sql.SQL("v.id"), related, moment, {})
    query = sql.SQL("SELECT v.id, {} FROM unnest(%s::uuid[]) AS v (id)").format(written)
    with connection.cursor() as cursor:
        cursor.execute(query, [*params, ids])
        return {pk: json.loads(found) for pk, found in cursor.fetchall()}


def by_python(tree, people, ids, moment):
    rules = CompiledRules({7: tree}, related, moment.zone)
    asked = {of: [fact for side, fact in rules.facts if side == of] for of in ("self", "partner")}
    own = read([pair[0] for pair in ids], asked["self"], moment)
    partner = read([pair[1] for pair in ids], asked["partner"], moment)
    return rules, [(own[one], partner[other]) for one, other in ids]


def by_sql(tree, ids, moment):
    owners = {"self": sql.SQL("v.own"), "partner": sql.SQL("v.partner")}

    def write(of, fact):
        found = value(fact, owners[of], moment)
        clause = sql.SQL("jsonb_strip_nulls(jsonb_build_object(%s::text, {}))").format(found.clause)
        return Predicate(clause, [fact.key, *found.params])

    found = predicate(tree, related, moment, fact_value=write)
    query = sql.SQL(
        "SELECT v.n FROM unnest(%s::uuid[], %s::uuid[]) WITH ORDINALITY AS v (own, partner, n) WHERE {}"
    ).format(found.clause)
    with connection.cursor() as cursor:
        cursor.execute(query, [[one for one, _ in ids], [other for _, other in ids], *found.params])
        inside = {row[0] for row in cursor.fetchall()}
    return [n in inside for n in range(1, len(ids) + 1)]


@thorough
@given(case=cases())
def test_all_three_agree_over_real_rows(over_real_rows, case):
    tree, people, moment = case
    ids = store(people)
    expected = [oracle.member(tree, KNOWN, own, partner, moment.at, moment.zone) for own, partner in people]
    rules, found = by_python(tree, people, ids, moment)

    assert [rules.evaluate(own, partner, moment) == {7} for own, partner in found] == expected
    assert by_sql(tree, ids, moment) == expected


@thorough
@given(case=cases(), wait=st.integers(1, 40 * 86_400_000))
def test_no_fact_changes_before_the_instant_that_its_mark_foretells(over_real_rows, case, wait):
    tree, people, moment = case
    ids = store(people)
    rules, found = by_python(tree, people, ids, moment)
    later = moment.at + timedelta(milliseconds=wait)
    for (own, partner), worlds in zip(found, people, strict=True):
        flip = rules.next_flip(own, partner, moment)
        just_before = min(later, flip - timedelta(milliseconds=1)) if flip else later
        if just_before <= moment.at:
            continue
        then = Moment(just_before, moment.zone)
        now_in = rules.evaluate(own, partner, moment) == {7}
        assert now_in == oracle.member(tree, KNOWN, *worlds, then.at, then.zone)
