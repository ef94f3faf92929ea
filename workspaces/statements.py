"""Statements that run so often that the database should parse and plan them once per connection.

They hold fixed text; every value is a parameter with a type. Everything else goes through the ORM or a cursor.
"""

from collections.abc import Iterable, Mapping, Sequence

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections


def array(values: Iterable) -> str:
    """An array for a parameter, of keys, numbers and the like: the driver would look at each of thousands."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def numbers(values: Iterable[int]) -> str:
    """The same where none is missing."""
    return "{" + ",".join(map(str, values)) + "}"


def texts(values: Iterable[str | None]) -> str:
    """The same of texts, which may hold anything."""
    return array(None if value is None else _quoted(value) for value in values)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def run(statement: str, params: Sequence | Mapping) -> list[tuple]:
    """Runs a statement in the open transaction and returns its rows."""
    database = connections[DEFAULT_DB_ALIAS]  # `connection` would be looked up for each of its words
    if database.execute_wrappers or database.queries_logged or not settings.PREPARED_STATEMENTS:
        with database.cursor() as cursor:  # whoever listens hears every statement
            cursor.execute(statement, params)
            return cursor.fetchall() if cursor.description else []
    if database.connection is None:
        database.ensure_connection()
    database.validate_no_broken_transaction()
    with database.wrap_database_errors:
        prepared = psycopg.Cursor(database.connection)
        prepared.execute(statement, params, prepare=True)
        result = prepared.pgresult  # a description would be made anew each time that it is asked for
        return prepared.fetchall() if result and result.nfields else []
