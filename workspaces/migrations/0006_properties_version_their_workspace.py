from django.db import migrations, models

TOUCH = """
    CREATE FUNCTION workspaces_properties_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE workspaces_workspace SET properties_version = properties_version + 1
        WHERE id = coalesce(NEW.workspace_id, OLD.workspace_id);
        RETURN NULL;
    END $$;
    CREATE TRIGGER properties_changed AFTER INSERT OR UPDATE OR DELETE ON workspaces_property
    FOR EACH ROW EXECUTE FUNCTION workspaces_properties_changed()"""
FORGET = """
    DROP TRIGGER properties_changed ON workspaces_property;
    DROP FUNCTION workspaces_properties_changed()"""
# Room for the next version of a row on its own page: then no index has to follow a change.
ROOM = "ALTER TABLE workspaces_contact SET (fillfactor = 85); ALTER TABLE workspaces_partner SET (fillfactor = 85)"
NO_ROOM = "ALTER TABLE workspaces_contact RESET (fillfactor); ALTER TABLE workspaces_partner RESET (fillfactor)"


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0005_changes_as_rules_compare")]

    operations = [
        migrations.AddField(
            model_name="workspace",
            name="properties_version",
            field=models.BigIntegerField(db_default=0, editable=False),
        ),
        migrations.RunSQL(TOUCH, FORGET),
        migrations.RunSQL(ROOM, NO_ROOM),
    ]
