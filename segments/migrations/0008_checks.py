import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import workspaces.keys
from django.db import migrations, models

from workspaces.walls import Wall


class Migration(migrations.Migration):

    dependencies = [
        ('segments', '0007_facts_and_batches'),
        ('workspaces', '0004_calendar'),
    ]

    operations = [
        migrations.CreateModel(
            name='CheckOverride',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('failures', models.JSONField(default=list)),
                ('made_by', models.CharField(blank=True, max_length=200)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('segment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='check_overrides', to='segments.segment')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'segment', '-made_at'], name='check_override_by_segment')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='SegmentCheck',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('must_be_in', models.BooleanField()),
                ('made_by', models.CharField(blank=True, max_length=200)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('contact', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='segment_checks', to='workspaces.contact')),
                ('partner', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='segment_checks', to='workspaces.partner')),
                ('segment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='checks', to='segments.segment')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'partner'], name='check_by_partner'), models.Index(fields=['workspace', 'contact'], name='check_by_contact')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'segment', 'partner'), name='one_check_per_partner'), models.UniqueConstraint(fields=('workspace', 'segment', 'contact'), name='one_check_per_contact'), models.CheckConstraint(condition=models.Q(models.Q(('contact__isnull', False), ('partner', None)), models.Q(('contact', None), ('partner__isnull', False)), _connector='OR'), name='check_of_one_subject')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        Wall("checkoverride", "segmentcheck"),
    ]
