"""When time alone changes something next: foretold for everybody in some chunks, when a build is filled there."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from segments.engine import facts, states
from segments.models import ContactState, PartnerState
from segments.rules.compile_python import CompiledRules
from segments.rules.expressions import Column, Fact
from segments.rules.moments import Moment
from workspaces.tenancy import current_workspace_id

STATES: dict[str, Any] = {"contact": ContactState, "partner": PartnerState}
AT_ONCE = 5000
DOCUMENTS = {"": "norm", "r": "raw", "t": "set_at"}


def foretell(level: str, rules: CompiledRules, moment: Moment, chunks: list[int]) -> None:
    """When time alone will change one of these builds next."""
    plain = [column for column in rules.timed_columns if _stands_in_a_document(column)]
    if len(plain) == len(rules.timed_columns):
        for column in plain:
            _by_value(level, rules, column, moment, chunks)
    else:
        _bring_forward(level, _one_by_one(level, rules, moment, chunks))


def _stands_in_a_document(column: Column) -> bool:
    of_property = column.key.lstrip("rt").isdigit()
    return of_property and column.index is None and column.currency is None and not column.through


def _one_by_one(
    level: str, rules: CompiledRules, moment: Moment, chunks: list[int]
) -> Iterable[tuple[UUID, datetime]]:
    for subject in states.in_chunks(level, chunks, rules):
        flip = rules.next_flip(*subject.documents(rules, moment.at), moment)
        if flip is not None:
            yield subject.id, flip


def _by_value(level: str, rules: CompiledRules, column: Column, moment: Moment, chunks: list[int]) -> None:
    """Equal values flip together, and there are fewer days than people. Whom something else changes sooner stays."""
    value = sql.SQL("{}.{} ->> {}").format(
        sql.Identifier("p" if column.of == "partner" and level == "contact" else "r"),
        sql.Identifier(DOCUMENTS[column.key.rstrip("0123456789")]),
        sql.Literal(column.key.lstrip("rt")),
    )
    tables = sql.SQL(
        "workspaces_contact r JOIN workspaces_partner p ON p.id = r.partner_id"
        if level == "contact"
        else "workspaces_partner r"
    )
    where = sql.SQL("r.workspace_id = %s AND r.chunk = ANY (%s)")
    there = [current_workspace_id(), chunks]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT DISTINCT {} FROM {} WHERE {}").format(value, tables, where), there)
        values = [row[0] for row in cursor.fetchall() if row[0] is not None]
        flips = [(one, flip) for one in values if (flip := rules.flip_of(column, one, moment)) is not None]
        update = sql.SQL(
            "UPDATE {} s SET next_flip_at = v.flip FROM {}, unnest(%s::text[], %s::timestamptz[]) AS v (value, flip)"
            " WHERE {} AND {} = v.value AND s.{} = r.id AND (s.next_flip_at IS NULL OR s.next_flip_at > v.flip)"
        ).format(_table(level), tables, where, value, sql.Identifier(f"{level}_id"))
        cursor.execute(update, [[one for one, _ in flips], [flip for _, flip in flips], *there])


def foretell_facts(level: str, kept: Collection[Fact], moment: Moment, chunks: list[int]) -> None:
    """When time alone will change one of these facts next."""
    if not any(fact.watches for fact in kept):
        return
    there = STATES[level].objects.filter(chunk__in=chunks).exclude(facts={}).values_list("pk", "facts")
    flips = [(pk, flip) for pk, known in there if (flip := facts.next_flip(known, kept, moment)) is not None]
    _bring_forward(level, flips)


def _bring_forward(level: str, flips: Iterable[tuple[UUID, datetime]]) -> None:
    update = sql.SQL(
        "UPDATE {} s SET next_flip_at = v.flip FROM unnest(%s::uuid[], %s::timestamptz[]) AS v (id, flip)"
        " WHERE s.workspace_id = %s AND s.{} = v.id AND (s.next_flip_at IS NULL OR s.next_flip_at > v.flip)"
    ).format(_table(level), sql.Identifier(f"{level}_id"))
    found = list(flips)
    with connection.cursor() as cursor:
        for start in range(0, len(found), AT_ONCE):
            part = found[start : start + AT_ONCE]
            given = [[pk for pk, _ in part], [flip for _, flip in part], current_workspace_id()]
            cursor.execute(update, given)


def _table(level: str) -> sql.Composable:
    return sql.Identifier(f"segments_{level}state")
