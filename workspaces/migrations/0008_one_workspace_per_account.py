from django.db import migrations, models


class Migration(migrations.Migration):
    """Whatever app it comes through, a CRM's account belongs to one workspace."""

    dependencies = [
        ('workspaces', '0007_logs_know_their_workspace_by_one_reference'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='hookroute', name='one_workspace_per_account'),
        migrations.AddConstraint(
            model_name='hookroute',
            constraint=models.UniqueConstraint(fields=('provider', 'account'), name='one_workspace_per_account'),
        ),
    ]
