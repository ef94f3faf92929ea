import django.db.models.deletion
import django.db.models.manager
import workspaces.keys
from django.db import migrations, models

from workspaces.walls import Wall


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('segments', '0001_tables'),
        ('workspaces', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Experience',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('in_portal', models.BooleanField(default=False, editable=False)),
                ('draft_number', models.PositiveIntegerField(default=0, editable=False)),
                ('draft_changed_at', models.DateTimeField(editable=False, null=True)),
                ('draft_changed_by', models.CharField(blank=True, editable=False, max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'ordering': ['-in_portal', 'name', 'pk'],
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(condition=models.Q(('in_portal', True)), fields=('workspace',), name='one_experience_in_portal'), models.UniqueConstraint(fields=('workspace', 'name'), name='one_experience_per_name', violation_error_message='There is an experience with this name already.')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Publication',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('content', models.JSONField()),
                ('published_at', models.DateTimeField()),
                ('published_by', models.CharField(max_length=200)),
                ('experience', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='publications', to='experiences.experience')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'ordering': ['-number'],
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('workspace', 'experience', 'number'), name='one_publication_per_number')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Tab',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('stage', models.CharField(choices=[('draft', 'Draft'), ('published', 'Published')], default='draft', editable=False, max_length=10)),
                ('key', models.UUIDField(default=workspaces.keys.uuid7, editable=False)),
                ('title', models.CharField(max_length=60)),
                ('position', models.PositiveIntegerField(default=0, editable=False)),
                ('audience', models.OneToOneField(db_constraint=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='segments.audience')),
                ('experience', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='tabs', to='experiences.experience')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'ordering': ['position', 'pk'],
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('workspace', 'experience', 'stage', 'key'), name='one_tab_per_stage_and_key')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Section',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('key', models.UUIDField(default=workspaces.keys.uuid7, editable=False)),
                ('kind', models.CharField(editable=False, max_length=30)),
                ('title', models.CharField(blank=True, max_length=100)),
                ('body', models.TextField(blank=True, max_length=20000)),
                ('position', models.PositiveIntegerField(default=0, editable=False)),
                ('audience', models.OneToOneField(db_constraint=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='segments.audience')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
                ('tab', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='sections', to='experiences.tab')),
            ],
            options={
                'ordering': ['position', 'pk'],
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('workspace', 'tab', 'key'), name='one_section_per_tab_and_key')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        Wall("Experience", "Publication", "Tab", "Section"),
    ]
