from django.db import migrations, models

from portal.deals.levels import DEAL, LEAD


def add_properties(apps, schema_editor):
    """Workspaces that were there before get what new ones begin with. Behind the walls: one by one."""
    alias = schema_editor.connection.alias
    properties = apps.get_model("workspaces", "Property")._base_manager.using(alias)
    workspaces = apps.get_model("workspaces", "Workspace")._base_manager.using(alias)
    for workspace_id in workspaces.values_list("pk", flat=True):
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.workspace_id', %s, true)", [str(workspace_id)])
        own = properties.filter(workspace_id=workspace_id)
        top = own.aggregate(top=models.Max("number"))["top"] or 0
        wanted = [("deal", one) for one in DEAL] + [("lead", one) for one in LEAD]
        for number, (level, one) in enumerate(wanted, start=top + 1):
            taken = own.filter(level=level, key=one["key"]).exists()
            if not taken:
                own.create(
                    workspace_id=workspace_id, level=level, number=number, position=number, built_in=True, **one
                )


class Migration(migrations.Migration):
    dependencies = [
        ("deals", "0001_attributed_records"),
        ("workspaces", "0009_properties_of_deals_and_leads"),
    ]

    operations = [migrations.RunPython(add_properties, migrations.RunPython.noop, elidable=True)]
