"""Statements that run so often that the database should parse and plan them once per connection.

They hold fixed text; every value is a parameter with a type. Everything else goes through the ORM or a cursor.
"""

from collections.abc import Mapping, Sequence

import psycopg
from django.conf import settings
from django.db import connection


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
