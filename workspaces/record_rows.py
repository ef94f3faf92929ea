"""The rows of partners and contacts as a change reads and writes them: one statement each, however many there are."""

import json
from collections.abc import Collection, Iterator
from itertools import batched
from typing import NamedTuple
from uuid import UUID

from workspaces import statements
from workspaces.keys import uuid7
from workspaces.models import Contact, Partner
from workspaces.property_types import normalise
from workspaces.tenancy import current_workspace_id

MODELS = {"partner": Partner, "contact": Contact}
AT_ONCE = 1000  # records a statement
READ = {
    level: f"""
        SELECT id, raw, norm, set_at, version, {whose} FROM workspaces_{level}
        WHERE workspace_id = %s::uuid AND id = ANY (%s::uuid[]) ORDER BY id FOR NO KEY UPDATE"""  # noqa: S608
    for level, whose in {"partner": "NULL::uuid", "contact": "partner_id"}.items()
}
DOCUMENTS = ("raw", "norm", "set_at")
# What a change writes beside the documents, with its type in the database.
COLUMNS: dict[str, dict[str, str]] = {
    "partner": {"version": "bigint", "name": "text"},
    "contact": {
        "version": "bigint",
        "name": "text",
        "email": "text",
        "partner_id": "uuid",
        "user_id": "uuid",
    },
}
KEYS = ("id", "record_id", "prop_id")
VALUES = ("old", "new", "old_norm", "new_norm")


class Row(NamedTuple):
    raw: dict
    norm: dict
    set_at: dict
    version: int
    partner_id: UUID | None


def read(level: str, ids: Collection[UUID]) -> dict[UUID, Row]:
    """The rows under their locks."""
    found = statements.run(READ[level], [current_workspace_id(), list(ids)])
    return {row[0]: Row(*map(json.loads, row[1:4]), *row[4:]) for row in found}


def _statement(level: str) -> str:
    """The records and the log of their changes in one."""
    columns = COLUMNS[level]
    names = [*DOCUMENTS, *columns]
    sets = [f"{name} = v.{name}::jsonb" for name in DOCUMENTS] + [f"{name} = v.{name}" for name in columns]
    arrays = ["uuid", *("text" for _ in DOCUMENTS), *columns.values()]
    logged = [f"l.{name}" for name in KEYS] + [f"l.{name}::jsonb" for name in VALUES]
    log = [*("uuid" for _ in KEYS), *("text" for _ in VALUES)]
    return f"""
        WITH written AS (
            UPDATE workspaces_{level} r SET {", ".join(sets)}
            FROM unnest({", ".join(f"%s::{kind}[]" for kind in arrays)}) AS v (id, {", ".join(names)})
            WHERE r.workspace_id = %s::uuid AND r.id = v.id)
        INSERT INTO workspaces_propertychange
               ({", ".join((*KEYS, *VALUES))}, workspace_id, level, actor_kind, actor_id, actor_label, at)
        SELECT {", ".join(logged)}, %s::uuid, %s::text, %s::text, %s::text, %s::text, %s::timestamptz
        FROM unnest({", ".join(f"%s::{kind}[]" for kind in log)}) AS l ({", ".join((*KEYS, *VALUES))})"""  # noqa: S608


WRITE = {level: _statement(level) for level in COLUMNS}


def write(level: str, changes: list, *, created: Collection[int], known: dict, by) -> None:
    """`changes` are RecordChange; `created` has the id() of those records that are new."""
    new = [change.record for change in changes if id(change.record) in created]
    if new:
        MODELS[level].objects.bulk_create(new, batch_size=AT_ONCE)
    by_number = {prop.number: prop for prop in known.values()}
    workspace_id = current_workspace_id()
    for some in batched(changes, AT_ONCE):
        existing = [change.record for change in some if id(change.record) not in created]
        about = [workspace_id, level, by.kind, by.id, by.label, some[0].at]
        statements.run(
            WRITE[level], [*_records(existing, level), workspace_id, *about, *_log(some, by_number)]
        )


def _records(records: list, level: str) -> Iterator[list]:
    yield [record.pk for record in records]
    yield from ([json.dumps(getattr(record, name)) for record in records] for name in DOCUMENTS)
    yield from ([getattr(record, name) for record in records] for name in COLUMNS[level])


def _log(changes: Collection, by_number: dict) -> Iterator[list]:
    """The columns of the log: a row for each value that changed."""
    keys: list[tuple] = []
    values: list[tuple] = []
    for change in changes:
        for number, (old, new) in change.values.items():
            prop = by_number[number]
            keys.append((uuid7(), change.record.pk, prop.pk))
            values.append((old, new, normalise(prop, old), normalise(prop, new)))
    yield from ([row[place] for row in keys] for place in range(len(KEYS)))
    yield from ([_json(row[place]) for row in values] for place in range(len(VALUES)))


def _json(value) -> str | None:
    """Nothing is NULL, as the ORM writes it."""
    return None if value is None else json.dumps(value)
