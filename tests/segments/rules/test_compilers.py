"""Both compilers and the oracle say the same about everybody."""

import json
import os
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from psycopg.types.json import Jsonb

from segments.rules.compile_python import CompiledRules
from segments.rules.compile_sql import Side, predicate
from segments.rules.expressions import places
from segments.rules.lower import lower
from segments.rules.moments import Moment, stamp
from tests.oracle import rules as oracle
from tests.oracle.values import measured
from tests.segments.rules.strategies import (
    FIELD_TYPES,
    FIELDS,
    QUOTE_TYPES,
    SEGMENTS_THERE,
    ZONES,
    documents,
    moments,
    trees,
)

EXAMPLES = int(os.environ.get("RULE_EXAMPLES", "100"))
relaxed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)


KNOWN = oracle.Known(
    FIELD_TYPES, SEGMENTS_THERE, {"quotes": QUOTE_TYPES}, week_starts=7, fiscal_year_starts=4
)


def nothing_but(norm):
    """A side of which nothing is known but its document."""
    empty = {"raw": {}, "set_at": {}, "did": [], "quotes": [], "changes": [], "picked": set()}
    return empty | {"norm": norm, "exceptions": {}, "held": set(), "id": "01"}


def facts_of(side, world, asked, moment):
    """What the engine works out from other tables is given here, worked out as plainly as can be."""
    found = {fact.key: _fact(fact, side, world, moment) for of, fact in asked if of == side}
    return {key: value for key, value in found.items() if value is not None}


def _fact(fact, side, world, moment):
    spec = json.loads(fact.spec)
    asking = oracle._Asking(KNOWN, {side: world}, moment.at, ZoneInfo(moment.zone))
    if fact.kind == "activity":
        stamps = sorted((at for what, at in world["did"] if spec["what"] in ("", what)), reverse=True)
        return (stamps[-1] if stamps else None) if "first" in spec else stamps
    if fact.kind == "history":
        return _history(spec, side, world, asking)
    rows = [row for row in world["quotes"] if asking.matches(spec["where"], QUOTE_TYPES, row)]
    if spec["take"] == "count":
        return len(rows)
    if spec["take"] == "all":
        return len(rows) == len(world["quotes"]) if world["quotes"] else None
    values = [row[spec["p"]] for row in rows if spec["p"] in row]
    if spec["currency"]:
        values = [value for value in values if value["c"] == spec["currency"]]
    value = measured(spec["take"], QUOTE_TYPES["self", spec["p"]], values)
    return value["a"] if isinstance(value, dict) else value


def _history(spec, side, world, asking):
    """The instant itself is of use where a passage must be a recent one."""
    mine = [change for change in world["changes"] if change[0] == spec["p"]]
    leaf = {"p": spec["p"], "of": side, "op": spec["op"]} | (
        {"v": spec["v"]} if spec["v"] is not None else {}
    )
    if spec["op"] != "changed_from_to":
        return "2000-01-01T00:00:00.000Z" if asking.history(leaf, world) else None
    return max(
        (change[3] for change in mine if asking.history(leaf, {**world, "changes": [change]})), default=None
    )


def document(side, world, rules, moment):
    """What the compiled rules read: one mapping with a key for everything."""
    now = stamp(moment.at)
    builds = {
        f"b{s.build}": True for s in SEGMENTS_THERE.values() if s.tree is None and s.id in world["picked"]
    }
    exceptions = {
        f"x{number}": one["in"] for number, one in world["exceptions"].items() if one.get("until", "~") > now
    }
    return {
        **world["norm"],
        **{f"r{key}": value for key, value in world["raw"].items()},
        **{f"t{key}": value for key, value in world["set_at"].items()},
        **facts_of(side, world, rules.facts, moment),
        **builds,
        **exceptions,
        **{f"h{number}": True for number in world["held"]},
        "id": world["id"],
    }


def documents_of(rules, own, partner, moment):
    return document("self", own, rules, moment), document("partner", partner, rules, moment)


def members_by_python(tree, subjects, moment):
    rules = CompiledRules({7: tree}, FIELDS, moment.zone)
    return [
        rules.evaluate(*documents_of(rules, own, partner, moment), moment) == {7} for own, partner in subjects
    ]


def columns(side, world, rules, moment):
    builds = [s.build for s in SEGMENTS_THERE.values() if s.tree is None and s.id in world["picked"]]
    facts = Jsonb(facts_of(side, world, rules.facts, moment))
    documents = [Jsonb(world[name]) for name in ("norm", "raw", "set_at")]
    return [*documents, world["id"], builds, list(world["held"]), Jsonb(world["exceptions"]), facts]


def members_by_sql(tree, subjects, moment):
    rules = CompiledRules({7: tree}, FIELDS, moment.zone)
    if rules.only_in_process:
        return members_by_python(tree, subjects, moment)
    found = predicate(
        tree, FIELDS, moment, sides={"self": Side("own", "own"), "partner": Side("partner", "partner")}
    )
    casts = ["jsonb", "jsonb", "jsonb", "text", "int[]", "int[]", "jsonb", "jsonb"]
    names = ["norm", "raw", "set_at", "id", "builds", "held", "exceptions", "facts"]
    row = ", ".join(f"%s::{cast}" for cast in ["int", *casts, *casts])
    sides = [", ".join(f"{side}{at} AS {name}" for at, name in enumerate(names)) for side in "ab"]
    keys = ", ".join(f"{side}{at}" for side in "ab" for at in range(len(names)))
    query = sql.SQL(
        f"SELECT n FROM (VALUES {', '.join([f'({row})'] * len(subjects))}) v (n, {keys}),"
        f" LATERAL (SELECT {sides[0]}) own, LATERAL (SELECT {sides[1]}) partner WHERE {{}}"
    ).format(found.clause)
    values = []
    for n, (own, partner) in enumerate(subjects):
        values += [n, *columns("self", own, rules, moment), *columns("partner", partner, rules, moment)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(query, [*values, *found.params])
        inside = {row[0] for row in cursor.fetchall()}
    return [n in inside for n in range(len(subjects))]


def members_by_oracle(tree, subjects, moment):
    return [oracle.member(tree, KNOWN, own, partner, moment.at, moment.zone) for own, partner in subjects]


@st.composite
def cases(draw, subjects=6):
    at = draw(moments)
    pairs = st.tuples(documents("self", at), documents("partner", at))
    people = draw(st.lists(pairs, min_size=1, max_size=subjects))
    return draw(trees(at)), people, Moment(at, draw(st.sampled_from(ZONES)))


@pytest.mark.django_db
@relaxed
@given(cases())
def test_python_and_sql_agree_with_the_oracle(case):
    expected = members_by_oracle(*case)

    assert members_by_python(*case) == expected
    assert members_by_sql(*case) == expected


@relaxed
@given(cases(subjects=2))
def test_a_change_of_one_property_reevaluates_exactly_the_rules_that_ask_for_it(case):
    tree, people, moment = case
    rules = CompiledRules({3: tree, 4: tree}, FIELDS, moment.zone)
    own, partner = people[0]
    asked = places(lower(tree, FIELDS))
    own, partner = documents_of(rules, own, partner, moment)

    assert rules.touched_by(asked) == ({3, 4} if asked else set())
    assert rules.touched_by(set(FIELD_TYPES) - asked) == set()
    for place in asked:
        changed = rules.evaluate_changed(own, partner, moment, [place])
        assert changed == rules.evaluate(own, partner, moment)


@relaxed
@given(cases(subjects=2), st.lists(st.integers(1, 40 * 86_400_000), min_size=3, max_size=8))
def test_nobody_changes_sides_before_the_flip_that_was_foretold(case, waits):
    tree, people, moment = case
    rules = CompiledRules({1: tree}, FIELDS, moment.zone)
    for one, other in people:
        own, partner = documents_of(rules, one, other, moment)
        flip = rules.next_flip(own, partner, moment)
        before = rules.evaluate(own, partner, moment)
        ends = [moment.at + timedelta(milliseconds=wait) for wait in waits]
        if flip is not None:
            assert flip > moment.at
            ends += [flip - timedelta(milliseconds=1)]
        for end in ends:
            if flip is None or end < flip:
                assert rules.evaluate(own, partner, Moment(end, moment.zone)) == before
