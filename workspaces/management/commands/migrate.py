"""`migrate` as the owner: makes the application's role where it is missing and gives it what it needs.

A plain `migrate` on the application's connection would record migrations without making their tables.
"""

from django.conf import settings
from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import sql


class Command(migrate.Command):
    def handle(self, *args, **options):
        if options["database"] == DEFAULT_DB_ALIAS:
            options["database"] = "owner"
        connection = connections[options["database"]]
        connection.prepare_database()
        with connection.cursor() as cursor:
            prepare_application_role(cursor)
        super().handle(*args, **options)
        call_command("createcachetable", database=options["database"], verbosity=0)
        with connection.cursor() as cursor:
            grant_to_application(cursor)


def prepare_application_role(cursor):
    role, password = settings.DATABASES["default"]["USER"], settings.DATABASES["default"]["PASSWORD"]
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
    if not cursor.fetchone():
        cursor.execute(
            sql.SQL(
                "CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD {}"
            ).format(sql.Identifier(role), sql.Literal(password))
        )
    cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(role)))


def grant_to_application(cursor):
    """Data, never structure; and the record of migrations to read only."""
    role = sql.Identifier(settings.DATABASES["default"]["USER"])
    for statement in (
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
        "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {}",
    ):
        cursor.execute(sql.SQL(statement).format(role))
