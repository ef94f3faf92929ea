"""Statements that run so often that the database should parse and plan them once per connection.

They hold fixed text; every value is a parameter with a type. Everything else goes through the ORM or a cursor.
"""

from collections.abc import Iterable, Mapping, Sequence

import psycopg
from django.conf import settings
from django.db import connection


def array(values: Iterable) -> str:
    """An array for a parameter, of keys, numbers and the like: the driver would look at each of thousands."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def texts(values: Iterable[str | None]) -> str:
    """The same of texts, which may hold anything."""
    return array(None if value is None else _quoted(value) for value in values)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def run(statement: str, params: Sequence | Mapping) -> list[tuple]:
    """Runs a statement in the open transaction and returns its rows."""
    if connection.execute_wrappers or connection.queries_logged or not settings.PREPARED_STATEMENTS:
        with connection.cursor() as cursor:  # whoever listens hears every statement
            cursor.execute(statement, params)
            return cursor.fetchall() if cursor.description else []
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement, params, prepare=True)
        return cursor.fetchall() if cursor.description else []
