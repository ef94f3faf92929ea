"""The rows of records as a change reads and writes them: one statement each, however many there are."""

import json
from collections.abc import Collection, Iterator
from functools import cache
from itertools import batched
from typing import NamedTuple
from uuid import UUID

from workspaces import statements
from workspaces.keys import uuid7
from workspaces.levels import LEVELS
from workspaces.property_types import normalise
from workspaces.tenancy import current_workspace_id

AT_ONCE = 1000  # records a statement
DOCUMENTS = ("raw", "norm", "set_at")
KEYS = ("id", "record_id", "prop_id")
VALUES = ("old", "new", "old_norm", "new_norm")


class Row(NamedTuple):
    raw: dict
    norm: dict
    set_at: dict
    columns: dict  # what stands beside the documents


def read(level: str, ids: Collection[UUID]) -> dict[UUID, Row]:
    """The rows under their locks."""
    names = LEVELS[level].columns
    found = statements.run(_reading(level), [current_workspace_id(), statements.array(ids)])
    return {
        pk: Row(json.loads(raw), json.loads(norm), json.loads(set_at), dict(zip(names, columns, strict=True)))
        for pk, raw, norm, set_at, *columns in found
    }


@cache
def _reading(level: str) -> str:
    table, columns = LEVELS[level].model._meta.db_table, LEVELS[level].columns
    return f"""
        SELECT id, raw, norm, set_at, {", ".join(columns)} FROM {table}
        WHERE workspace_id = %s::uuid AND id = ANY (%s::uuid[]) ORDER BY id FOR NO KEY UPDATE"""  # noqa: S608


@cache
def _writing(level: str) -> str:
    """The records and the log of their changes in one."""
    table, columns = LEVELS[level].model._meta.db_table, LEVELS[level].columns
    names = [*DOCUMENTS, *columns]
    sets = [f"{name} = v.{name}::jsonb" for name in DOCUMENTS] + [f"{name} = v.{name}" for name in columns]
    arrays = ["uuid", *("text" for _ in DOCUMENTS), *columns.values()]
    logged = [f"l.{name}" for name in KEYS] + [f"l.{name}::jsonb" for name in VALUES]
    log = [*("uuid" for _ in KEYS), *("text" for _ in VALUES)]
    return f"""
        WITH written AS (
            UPDATE {table} r SET {", ".join(sets)}
            FROM unnest({", ".join(f"%s::{kind}[]" for kind in arrays)}) AS v (id, {", ".join(names)})
            WHERE r.workspace_id = %s::uuid AND r.id = v.id)
        INSERT INTO workspaces_propertychange
               ({", ".join((*KEYS, *VALUES))}, workspace_id, level, actor_kind, actor_id, actor_label, at)
        SELECT {", ".join(logged)}, %s::uuid, %s::text, %s::text, %s::text, %s::text, %s::timestamptz
        FROM unnest({", ".join(f"%s::{kind}[]" for kind in log)}) AS l ({", ".join((*KEYS, *VALUES))})"""  # noqa: S608


def write(level: str, changes: list, *, created: Collection[int], known: dict, by) -> None:
    """`changes` are RecordChange; `created` has the id() of those records that are new."""
    new = [change.record for change in changes if id(change.record) in created]
    if new:
        LEVELS[level].model.objects.bulk_create(new, batch_size=AT_ONCE)
    by_number = {prop.number: prop for prop in known.values()}
    workspace_id = current_workspace_id()
    for some in batched(changes, AT_ONCE):
        existing = [change.record for change in some if id(change.record) not in created]
        about = [workspace_id, level, by.kind, by.id, by.label, some[0].at]
        statements.run(
            _writing(level), [*_records(existing, level), workspace_id, *about, *_log(some, by_number)]
        )


def _records(records: list, level: str) -> Iterator[str]:
    yield statements.array(record.pk for record in records)
    yield from (
        statements.texts(json.dumps(getattr(record, name)) for record in records) for name in DOCUMENTS
    )
    for name, kind in LEVELS[level].columns.items():
        written = statements.texts if kind == "text" else statements.array
        yield written(getattr(record, name) for record in records)


def _log(changes: Collection, by_number: dict) -> Iterator[str]:
    """The columns of the log: a row for each value that changed."""
    keys: list[tuple] = []
    values: list[tuple] = []
    for change in changes:
        for number, (old, new) in change.values.items():
            prop = by_number[number]
            keys.append((uuid7(), change.record.pk, prop.pk))
            values.append((old, new, normalise(prop, old), normalise(prop, new)))
    yield from (statements.array(row[place] for row in keys) for place in range(len(KEYS)))
    yield from (statements.texts(_json(row[place]) for row in values) for place in range(len(VALUES)))


def _json(value) -> str | None:
    """Nothing is NULL, as the ORM writes it."""
    return None if value is None else json.dumps(value)
