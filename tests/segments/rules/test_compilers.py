"""Both compilers and the oracle say the same about everybody."""

import os
from datetime import timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from psycopg.types.json import Jsonb

from segments.rules.compile_python import CompiledRules
from segments.rules.compile_sql import predicate
from segments.rules.moments import Moment
from segments.rules.tree import places
from tests.oracle import rules as oracle
from tests.segments.rules.strategies import FIELD_TYPES, FIELDS, ZONES, documents, moments, trees

EXAMPLES = int(os.environ.get("RULE_EXAMPLES", "400"))
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


def members_by_python(tree, subjects, moment):
    rules = CompiledRules({7: tree}, FIELDS, moment.zone)
    return [rules.evaluate(own, partner, moment) == {7} for own, partner in subjects]


def members_by_sql(tree, subjects, moment):
    found = predicate(tree, FIELDS, moment)
    rows = sql.SQL(", ").join([sql.SQL("(%s::int, %s::jsonb, %s::jsonb)")] * len(subjects))
    query = sql.SQL(
        "SELECT n FROM (VALUES {}) AS s (n, a, b), LATERAL (SELECT a AS norm) own,"
        " LATERAL (SELECT b AS norm) partner WHERE {}"
    ).format(rows, found.clause)
    values = [v for n, (own, partner) in enumerate(subjects) for v in (n, Jsonb(own), Jsonb(partner))]
    with connection.cursor() as cursor:
        cursor.execute(query, [*values, *found.params])
        inside = {row[0] for row in cursor.fetchall()}
    return [n in inside for n in range(len(subjects))]


def members_by_oracle(tree, subjects, moment):
    return [
        oracle.member(tree, FIELD_TYPES, own, partner, moment.at, moment.zone) for own, partner in subjects
    ]


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
    asked = places(tree)

    assert rules.touched_by(asked) == {3, 4}
    assert rules.touched_by(set(FIELD_TYPES) - asked) == set()
    for place in asked:
        changed = rules.evaluate_changed(own, partner, moment, [place])
        assert changed == rules.evaluate(own, partner, moment)


@relaxed
@given(cases(subjects=2), st.lists(st.integers(1, 40 * 86_400_000), min_size=3, max_size=8))
def test_nobody_changes_sides_before_the_flip_that_was_foretold(case, waits):
    tree, people, moment = case
    rules = CompiledRules({1: tree}, FIELDS, moment.zone)
    for own, partner in people:
        flip = rules.next_flip(own, partner, moment)
        before = rules.evaluate(own, partner, moment)
        ends = [moment.at + timedelta(milliseconds=wait) for wait in waits]
        if flip is not None:
            assert flip > moment.at
            ends += [flip - timedelta(milliseconds=1)]
        for end in ends:
            if flip is None or end < flip:
                assert rules.evaluate(own, partner, Moment(end, moment.zone)) == before
