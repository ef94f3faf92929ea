from django.db import migrations, models

from segments.rules.text import fold


def fold_customers(apps, schema_editor):
    """Behind the walls: workspace by workspace."""
    quotes = apps.get_model("quotes", "Quote")._base_manager.using(schema_editor.connection.alias)
    workspaces = apps.get_model("workspaces", "Workspace")._base_manager.using(schema_editor.connection.alias)
    for workspace_id in workspaces.values_list("pk", flat=True):
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.workspace_id', %s, true)", [str(workspace_id)])
        for quote in quotes.filter(workspace_id=workspace_id).only("customer"):
            quotes.filter(pk=quote.pk).update(customer_folded=fold(quote.customer))


class Migration(migrations.Migration):

    dependencies = [
        ('quotes', '0002_collaborators'),
        ('segments', '0009_activity'),
        ('workspaces', '0005_changes_as_rules_compare'),
    ]

    operations = [
        migrations.AddField(
            model_name='quote',
            name='customer_folded',
            field=models.CharField(default='', editable=False, max_length=400),
        ),
        migrations.RunPython(fold_customers, migrations.RunPython.noop, elidable=True),
    ]
