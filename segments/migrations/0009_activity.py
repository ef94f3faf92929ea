import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.manager
import workspaces.keys
from django.db import migrations, models

from workspaces.walls import Wall


class Migration(migrations.Migration):

    dependencies = [
        ('segments', '0008_checks'),
        ('workspaces', '0005_changes_as_rules_compare'),
    ]

    operations = [
        migrations.CreateModel(
            name='Activity',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=60)),
                ('what', models.CharField(blank=True, max_length=100)),
                ('times', django.contrib.postgres.fields.ArrayField(base_field=models.DateTimeField())),
                ('contact', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='activity', to='workspaces.contact')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('workspace', 'contact', 'kind', 'what'), name='one_row_per_activity')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        Wall("activity"),
    ]
