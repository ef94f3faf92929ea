"""Puts a table behind the walls: composite keys and references, forced row-level security, grants."""

from django.conf import settings
from django.db.migrations.operations.base import Operation

# The setting is read in a sub-select, so that it is evaluated once a statement and not once a row.
MINE = "workspace_id = (SELECT nullif(current_setting('app.workspace_id', true), '')::uuid)"


def app_role():
    """The role that the application signs in as."""
    return settings.DATABASES["default"]["USER"]


def foreign_keys(model):
    """Fields of the model that point to a table behind the walls."""
    return [
        field
        for field in model._meta.local_fields
        if field.is_relation and not field.db_constraint and hasattr(field.related_model, "workspace")
    ]


def wall_statements(model):
    table, role = model._meta.db_table, app_role()
    key = model._meta.pk.column
    yield f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_ws_key" UNIQUE (workspace_id, "{key}")'
    yield f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'
    yield f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY'
    yield f'CREATE POLICY workspace_wall ON "{table}" USING ({MINE}) WITH CHECK ({MINE})'
    yield f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO "{role}"'


def reference_statement(model, field):
    table, target = model._meta.db_table, field.related_model._meta
    return (
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_{field.column}_ws_fk" '
        f'FOREIGN KEY (workspace_id, "{field.column}") '
        f'REFERENCES "{target.db_table}" (workspace_id, "{target.pk.column}") DEFERRABLE INITIALLY DEFERRED'
    )


class Wall(Operation):
    """The last operation of a migration that creates workspace tables; names them all."""

    reversible = True

    def __init__(self, *names):
        self.names = names

    def deconstruct(self):
        return self.__class__.__name__, list(self.names), {}

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        models = [to_state.apps.get_model(app_label, name) for name in self.names]
        for model in models:
            for statement in wall_statements(model):
                schema_editor.execute(statement, params=None)
        for model in models:
            for field in foreign_keys(model):
                schema_editor.execute(reference_statement(model, field), params=None)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        """Dropping the tables drops their walls."""

    def describe(self):
        return f"Put {', '.join(self.names)} behind the walls"


class WallReference(Operation):
    """Adds the composite constraint for one field that came later."""

    reversible = True

    def __init__(self, model, field):
        self.model, self.field = model, field

    def deconstruct(self):
        return self.__class__.__name__, [self.model, self.field], {}

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        model = to_state.apps.get_model(app_label, self.model)
        statement = reference_statement(model, model._meta.get_field(self.field))
        schema_editor.execute(statement, params=None)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        """Dropping the column drops its constraint."""

    def describe(self):
        return f"Bound {self.model}.{self.field} to its workspace"
