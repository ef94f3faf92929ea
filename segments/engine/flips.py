"""When time alone changes something next: foretold for everybody in some chunks, when a build is filled there."""

from collections.abc import Collection, Iterable, Iterator
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
    if not by_value(rules):
        _bring_forward(level, _one_by_one(level, rules, moment, chunks))
        return
    update = sql.SQL("UPDATE {} s SET next_flip_at = m.flip FROM ({}) m WHERE s.{} = m.id")
    for query, params in sooner(level, rules, moment, chunks):
        with connection.cursor() as cursor:
            cursor.execute(update.format(_table(level), query, sql.Identifier(f"{level}_id")), params)


def by_value(rules: CompiledRules) -> bool:
    """Whether all that time changes stands in documents, so that equal values flip together."""
    return all(_stands_in_a_document(column) for column in rules.timed_columns)


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


def sooner(
    level: str, rules: CompiledRules, moment: Moment, chunks: list[int] | None = None
) -> Iterator[tuple[sql.Composed, list]]:
    """For each column that is compared with the time: a query for those whom it changes sooner than anything else
    does, with their chunks and the instants. There are fewer days than people, so each value is looked at once."""
    for column in rules.timed_columns:
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
        where = sql.SQL("r.workspace_id = %s" + ("" if chunks is None else " AND r.chunk = ANY (%s)"))
        there = [current_workspace_id(), *([] if chunks is None else [chunks])]
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("SELECT DISTINCT {} FROM {} WHERE {}").format(value, tables, where), there)
            values = [row[0] for row in cursor.fetchall() if row[0] is not None]
        flips = [(one, flip) for one in values if (flip := rules.flip_of(column, one, moment)) is not None]
        query = sql.SQL(
            "SELECT r.id, r.chunk, v.flip FROM unnest(%s::text[], %s::timestamptz[]) AS v (value, flip)"
            " JOIN ({} JOIN {} s ON s.{} = r.id) ON {} = v.value"
            " WHERE {} AND (s.next_flip_at IS NULL OR s.next_flip_at > v.flip)"
        ).format(tables, _table(level), sql.Identifier(f"{level}_id"), value, where)
        yield query, [[one for one, _ in flips], [flip for _, flip in flips], *there]


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
