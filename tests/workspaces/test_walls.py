"""Each wall with the other two taken away, and the catalogue of what stands behind them."""

import uuid

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction

from tests.conftest import make_partner
from workspaces.keys import uuid7
from workspaces.models import Contact, Partner, TeamMember, Workspace
from workspaces.tenancy import NoWorkspace, OtherWorkspace, WorkspaceModel, workspace_transaction

GLOBAL_TABLES = {
    "workspaces_workspace", "workspaces_user", "workspaces_personaccess", "workspaces_hookroute", "workspaces_due",
    "django_session", "django_cache", "django_migrations", "django_content_type",
    "auth_group", "auth_group_permissions", "auth_permission",
    "account_emailaddress", "account_emailconfirmation", "mfa_authenticator", "usersessions_usersession",
}  # fmt: skip


def rows(sql, params=()):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


@pytest.fixture
def bare_partner(globex):
    """A partner of globex, to be reached for from acme."""
    return make_partner(globex, "Evil")


def test_the_manager_raises_outside_a_workspace(acme):
    with pytest.raises(NoWorkspace):
        Partner.objects.count()


def test_the_manager_raises_after_the_commit_even_with_the_context_still_there(
    acme, django_capture_on_commit_callbacks
):
    seen = []

    def look():
        with pytest.raises(NoWorkspace):
            Partner.objects.count()
        seen.append(True)

    with workspace_transaction(acme):
        transaction.on_commit(look)
    # The callback runs when the test's own outer transaction would commit.
    assert seen == []


def test_a_transaction_cannot_change_its_workspace(acme, globex):
    with workspace_transaction(acme), pytest.raises(OtherWorkspace), workspace_transaction(globex):
        pass


def test_first_wall_alone_hides_the_other_workspace(acme, bare_partner):
    """The statement itself asks for the one workspace, so it would hold without any policy in the database."""
    with workspace_transaction(acme):
        sql, params = Partner.objects.filter(pk=bare_partner.pk).query.sql_with_params()
    assert '"workspaces_partner"."workspace_id" = %s' in sql
    assert acme.pk in params


def test_second_wall_alone_refuses_a_reference_into_the_other_workspace(acme, globex, bare_partner):
    """Referential checks pass row-level security by, so the composite key must refuse by itself."""
    with pytest.raises(IntegrityError), transaction.atomic():
        with workspace_transaction(acme):
            contact = Contact(
                id=uuid7(), workspace=acme, partner_id=bare_partner.pk, email="x@example.com", name="X"
            )
            Contact.unguarded.bulk_create([contact])
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_third_wall_alone_shows_nothing_of_the_other_workspace(acme, bare_partner):
    with workspace_transaction(acme):
        assert Partner.unguarded.filter(pk=bare_partner.pk).count() == 0
        assert rows("SELECT count(*) FROM workspaces_partner") == [(0,)]


def test_third_wall_alone_shows_nothing_without_a_workspace(bare_partner):
    assert rows("SELECT count(*) FROM workspaces_partner") == [(0,)]


def test_third_wall_alone_refuses_a_row_for_the_other_workspace(acme, globex):
    with pytest.raises(DatabaseError, match="row-level security"), workspace_transaction(acme):
        Partner.unguarded.bulk_create([Partner(workspace=globex, name="Smuggled")])


def test_third_wall_alone_refuses_to_hand_a_row_over(acme, globex, brightpath):
    with pytest.raises(DatabaseError, match="row-level security"), workspace_transaction(acme):
        Partner.unguarded.filter(pk=brightpath.pk).update(workspace_id=globex.pk)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE workspaces_partner DISABLE ROW LEVEL SECURITY",
        "DROP POLICY workspace_wall ON workspaces_partner",
        "SET ROLE portal_owner",
        "SET SESSION AUTHORIZATION postgres",
        "CREATE TABLE mine (x int)",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'y', now())",
        "TRUNCATE workspaces_partner",
    ],
)
def test_the_application_cannot_take_a_wall_down(acme, statement):
    with (
        pytest.raises(DatabaseError, match=r"must be owner|permission denied|must be able"),
        transaction.atomic(),
    ):
        rows(statement)


def test_every_table_is_behind_the_walls_or_named_as_global(db):
    tables = {
        name
        for (name,) in rows(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        )
    }
    walled = {
        name
        for name, forced, enabled in rows(
            "SELECT c.relname, c.relforcerowsecurity, c.relrowsecurity FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid "
            "WHERE p.polname = 'workspace_wall' AND p.polwithcheck IS NOT NULL AND p.polqual IS NOT NULL"
        )
        if forced and enabled
    }
    assert tables - walled == GLOBAL_TABLES & tables
    assert walled == {
        model._meta.db_table for model in apps.get_models() if issubclass(model, WorkspaceModel)
    }


def test_every_workspace_column_is_not_null_and_keyed(db):
    for model in apps.get_models():
        if not issubclass(model, WorkspaceModel):
            continue
        table = model._meta.db_table
        assert rows(
            "SELECT attnotnull FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'workspace_id'",
            [table],
        ) == [(True,)], table
        assert rows(
            "SELECT 1 FROM pg_constraint WHERE conname = %s AND contype = 'u'", [f"{table}_ws_key"]
        ) == [(1,)], table


def test_every_reference_between_workspace_tables_carries_the_workspace(db):
    for model in apps.get_models():
        if not issubclass(model, WorkspaceModel):
            continue
        for field in model._meta.local_fields:
            if not field.is_relation or not issubclass(field.related_model, WorkspaceModel):
                continue
            name = f"{model._meta.db_table}_{field.column}_ws_fk"
            found = rows(
                "SELECT array_length(conkey, 1) FROM pg_constraint WHERE conname = %s AND contype = 'f'",
                [name],
            )
            assert found == [(2,)], f"{model.__name__}.{field.name} has no composite constraint"


def test_the_application_role_is_bound(db):
    assert rows(
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    ) == [(False, False, False, False)]


def test_unknown_ids_are_not_found_in_any_workspace(acme):
    with workspace_transaction(acme):
        assert not TeamMember.objects.filter(pk=uuid.uuid4()).exists()
    assert Workspace.objects.filter(pk=acme.pk).exists()
