import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.manager
import django.utils.timezone
import segments.models.history
import uuid
import workspaces.keys
from django.db import migrations, models

from workspaces.walls import Wall

TABLES = ("segments_contactstate", "segments_partnerstate")
# Every change of a membership rewrites a row: with room on its page no index has to follow. A publish rewrites many,
# so what they leave behind is cleared away before the table has grown by much.
ROOM = ";".join(
    f"ALTER TABLE {table} SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02)" for table in TABLES
)
NO_ROOM = ";".join(
    f"ALTER TABLE {table} RESET (fillfactor, autovacuum_vacuum_scale_factor)" for table in TABLES
)


class Migration(migrations.Migration):

    replaces = [('segments', '0001_segments'), ('segments', '0002_audience_with_grace'), ('segments', '0003_permissions'), ('segments', '0004_movements_and_schedules'), ('segments', '0005_exceptions_and_breaker'), ('segments', '0006_notifications'), ('segments', '0007_facts_and_batches'), ('segments', '0008_checks'), ('segments', '0009_activity'), ('segments', '0010_room_in_states'), ('segments', '0011_logs_know_their_workspace_by_one_reference'), ('segments', '0012_fills_and_drifts'), ('segments', '0013_scouted_fills'), ('segments', '0014_first_activity'), ('segments', '0015_rosters')]

    initial = True

    dependencies = [
        ('workspaces', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Audience',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('mode', models.CharField(choices=[('everyone', 'Everyone'), ('only', 'Only these segments'), ('except', 'Everyone except these segments'), ('nobody', 'Nobody')], default='everyone', max_length=10)),
                ('grace_days', models.PositiveSmallIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(365)])),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(condition=models.Q(('grace_days__gt', 0)), fields=['workspace'], name='audience_with_grace')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Segment',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('level', models.CharField(choices=[('partner', 'Partner'), ('contact', 'Contact')], max_length=10)),
                ('kind', models.CharField(choices=[('dynamic', 'Dynamic'), ('static', 'Static'), ('snapshot', 'Snapshot')], default='dynamic', max_length=10)),
                ('name', models.CharField(max_length=100)),
                ('description', models.CharField(blank=True, max_length=300)),
                ('built_in_key', models.CharField(blank=True, editable=False, max_length=140, null=True)),
                ('live_build', models.IntegerField(editable=False, null=True)),
                ('member_count', models.IntegerField(default=0, editable=False)),
                ('archived_at', models.DateTimeField(editable=False, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_by', models.CharField(blank=True, editable=False, max_length=200)),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
                ('number', models.IntegerField(editable=False)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'archived_at', 'name'], name='segment_by_name')],
                'constraints': [models.UniqueConstraint(models.F('workspace'), django.db.models.functions.text.Lower('name'), condition=models.Q(('archived_at', None), ('built_in_key', None)), name='one_present_segment_per_name'), models.UniqueConstraint(fields=('workspace', 'built_in_key'), name='one_segment_per_built_in'), models.UniqueConstraint(fields=('workspace', 'live_build'), name='one_segment_per_live_build'), models.UniqueConstraint(fields=('workspace', 'number'), name='one_segment_per_number')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Build',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.IntegerField(editable=False)),
                ('version', models.IntegerField(editable=False)),
                ('kind', models.CharField(choices=[('dynamic', 'Dynamic'), ('static', 'Static'), ('snapshot', 'Snapshot')], max_length=10)),
                ('tree', models.JSONField(editable=False, null=True)),
                ('state', models.CharField(choices=[('building', 'Building'), ('live', 'Live'), ('retired', 'Retired'), ('failed', 'Failed')], default='building', max_length=10)),
                ('done', models.IntegerField(default=0)),
                ('total', models.IntegerField(default=0)),
                ('error', models.TextField(blank=True)),
                ('swept', models.BooleanField(default=False)),
                ('made_by', models.JSONField(default=dict)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('live_at', models.DateTimeField(null=True)),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
                ('segment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='builds', to='segments.segment')),
                ('members', models.IntegerField(editable=False, null=True)),
                ('batch', models.UUIDField(default=workspaces.keys.uuid7, editable=False)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'state'], name='build_by_state')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'number'), name='one_build_per_number'), models.UniqueConstraint(fields=('workspace', 'segment', 'version'), name='one_build_per_version')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='MembershipChange',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('level', models.CharField(choices=[('partner', 'Partner'), ('contact', 'Contact')], max_length=10)),
                ('subject_id', models.UUIDField()),
                ('joined', models.BooleanField()),
                ('cause', models.JSONField(default=dict)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('handled_at', models.DateTimeField(null=True)),
                ('workspace', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
                ('segment', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='segments.segment')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'subject_id', '-at'], name='membership_by_subject'), models.Index(fields=['workspace', 'segment', '-at'], name='membership_by_segment'), models.Index(condition=models.Q(('handled_at', None)), fields=['workspace', 'at'], name='membership_to_follow')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='CountDelta',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('delta', models.IntegerField()),
                ('workspace', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
                ('segment', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deltas', to='segments.segment')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'segment'], name='delta_by_segment')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='BuildChange',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('chunk', models.SmallIntegerField()),
                ('joined', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list)),
                ('left', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('build', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='segments.build')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
                ('segment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='build_changes', to='segments.segment')),
                ('cause', models.JSONField(default=dict)),
                ('joined_count', models.GeneratedField(db_persist=True, expression=segments.models.history.Cardinality('joined'), output_field=models.IntegerField())),
                ('left_count', models.GeneratedField(db_persist=True, expression=segments.models.history.Cardinality('left'), output_field=models.IntegerField())),
                ('handled_at', models.DateTimeField(null=True)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'segment', '-at'], name='build_change_by_segment'), models.Index(fields=['workspace', 'chunk', '-at'], name='build_change_by_chunk'), models.Index(condition=models.Q(('handled_at', None)), fields=['workspace', 'at'], name='build_change_to_follow')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='AudienceSegment',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('audience', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='named', to='segments.audience')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
                ('segment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='segments.segment')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('workspace', 'audience', 'segment'), name='named_once')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='StaticMember',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('subject_id', models.UUIDField()),
                ('added_by', models.CharField(blank=True, max_length=200)),
                ('added_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('segment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='static_members', to='segments.segment')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'subject_id'], name='static_member_by_subject')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'segment', 'subject_id'), name='once_per_static_segment')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='ContactState',
            fields=[
                ('chunk', models.SmallIntegerField()),
                ('builds', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), default=list)),
                ('held', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), default=list)),
                ('fanout', models.BigIntegerField(default=0)),
                ('next_flip_at', models.DateTimeField(null=True)),
                ('contact', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='segment_state', serialize=False, to='workspaces.contact')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
                ('exceptions', models.JSONField(default=dict)),
                ('facts', models.JSONField(default=dict)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'chunk'], name='contact_state_by_chunk'), models.Index(condition=models.Q(('next_flip_at__isnull', False)), fields=['workspace', 'next_flip_at'], name='contact_state_by_flip'), models.Index(condition=models.Q(('held', []), _negated=True), fields=['workspace'], name='contact_state_held'), models.Index(condition=models.Q(('exceptions', {}), _negated=True), fields=['workspace'], name='contact_state_excepted')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Definitions',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('token', models.UUIDField(default=uuid.uuid4)),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
                ('last_number', models.IntegerField(default=0)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('workspace',), name='one_definitions_per_workspace')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='PartnerState',
            fields=[
                ('chunk', models.SmallIntegerField()),
                ('builds', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), default=list)),
                ('held', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), default=list)),
                ('fanout', models.BigIntegerField(default=0)),
                ('next_flip_at', models.DateTimeField(null=True)),
                ('partner', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='segment_state', serialize=False, to='workspaces.partner')),
                ('behind', models.BooleanField(default=False)),
                ('fanout_cause', models.JSONField(null=True)),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
                ('exceptions', models.JSONField(default=dict)),
                ('facts', models.JSONField(default=dict)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'chunk'], name='partner_state_by_chunk'), models.Index(condition=models.Q(('next_flip_at__isnull', False)), fields=['workspace', 'next_flip_at'], name='partner_state_by_flip'), models.Index(condition=models.Q(('behind', True)), fields=['workspace'], name='partner_state_behind'), models.Index(condition=models.Q(('held', []), _negated=True), fields=['workspace'], name='partner_state_held'), models.Index(condition=models.Q(('exceptions', {}), _negated=True), fields=['workspace'], name='partner_state_excepted')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Permission',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('invite', models.CharField(choices=[('inherit', 'As everywhere else'), ('allow', 'Allow'), ('deny', 'Deny')], default='inherit', max_length=10)),
                ('restricted', models.BooleanField(default=False)),
                ('segment', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='permission', to='segments.segment')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(condition=models.Q(('restricted', True)), fields=['workspace', 'segment'], name='permission_restricted')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='HistoryMark',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('settled_until', models.DateTimeField()),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('workspace',), name='one_history_mark_per_workspace')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='MemberFile',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(blank=True, max_length=200)),
                ('line_count', models.IntegerField(default=0)),
                ('added', models.IntegerField(default=0)),
                ('already', models.IntegerField(default=0)),
                ('unmatched', models.JSONField(default=list)),
                ('made_by', models.CharField(blank=True, max_length=200)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('segment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='member_files', to='segments.segment')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'segment', '-made_at'], name='member_file_by_segment')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Movement',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('quarter_at', models.DateTimeField()),
                ('joined', models.IntegerField(default=0)),
                ('left', models.IntegerField(default=0)),
                ('segment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='movements', to='segments.segment')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('workspace', 'segment', 'quarter_at'), name='one_movement_per_quarter')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='ScheduledChange',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tree', models.JSONField(editable=False)),
                ('take_effect_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Done'), ('cancelled', 'Cancelled'), ('failed', 'Failed')], default='waiting', max_length=10)),
                ('error', models.TextField(blank=True)),
                ('version', models.IntegerField(null=True)),
                ('made_by', models.JSONField(default=dict)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended_by', models.CharField(blank=True, max_length=200)),
                ('segment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='scheduled', to='segments.segment')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['workspace', 'take_effect_at'], name='scheduled_waiting')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='BreakerTicket',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('remaining', models.IntegerField()),
                ('valid_until', models.DateTimeField()),
                ('segment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='breaker_tickets', to='segments.segment')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(condition=models.Q(('remaining__gt', 0)), fields=['workspace', 'segment'], name='breaker_ticket_left')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='BreakerWindow',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('share', models.IntegerField(default=1)),
                ('segment', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='breaker_window', to='segments.segment')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('open', 'Held'), ('releasing', 'Being released'), ('keeping', 'Being kept'), ('released', 'Released'), ('kept', 'Kept'), ('settled', 'Settled by itself')], default='open', max_length=10)),
                ('size', models.IntegerField()),
                ('left', models.IntegerField()),
                ('caused_by', models.CharField(blank=True, max_length=200)),
                ('began_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('mailed_at', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by', models.JSONField(null=True)),
                ('segment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='holds', to='segments.segment')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'segment', '-began_at'], name='hold_by_segment')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('workspace', 'segment'), name='one_open_hold_per_segment')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='SegmentException',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('included', models.BooleanField()),
                ('reason', models.CharField(max_length=300)),
                ('until', models.DateTimeField(null=True)),
                ('made_by', models.CharField(blank=True, max_length=200)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('contact', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='segment_exceptions', to='workspaces.contact')),
                ('partner', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='segment_exceptions', to='workspaces.partner')),
                ('segment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='exceptions', to='segments.segment')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'partner'], name='exception_by_partner'), models.Index(fields=['workspace', 'contact'], name='exception_by_contact')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'segment', 'partner'), name='one_exception_per_partner'), models.UniqueConstraint(fields=('workspace', 'segment', 'contact'), name='one_exception_per_contact'), models.CheckConstraint(condition=models.Q(models.Q(('contact__isnull', False), ('partner', None)), models.Q(('contact', None), ('partner__isnull', False)), _connector='OR'), name='exception_of_one_subject')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='NotificationDefault',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=60)),
                ('channel', models.CharField(choices=[('portal', 'In the portal'), ('mail', 'By mail')], max_length=10)),
                ('level', models.CharField(choices=[('all', 'Everything'), ('mine', 'Only where they collaborate'), ('off', 'Off')], max_length=10)),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('workspace', 'kind', 'channel'), name='one_default_per_kind_and_channel')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='SegmentNotification',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=60)),
                ('channel', models.CharField(choices=[('portal', 'In the portal'), ('mail', 'By mail')], max_length=10)),
                ('level', models.CharField(choices=[('all', 'Everything'), ('mine', 'Only where they collaborate'), ('off', 'Off')], max_length=10)),
                ('segment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='notifications', to='segments.segment')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('workspace', 'segment', 'kind', 'channel'), name='said_once_per_segment')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
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
        migrations.CreateModel(
            name='Activity',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=60)),
                ('what', models.CharField(blank=True, max_length=100)),
                ('times', django.contrib.postgres.fields.ArrayField(base_field=models.DateTimeField())),
                ('contact', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='activity', to='workspaces.contact')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
                ('first_at', models.DateTimeField(null=True)),
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
        migrations.CreateModel(
            name='BuildDrift',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('subject_id', models.UUIDField()),
                ('chunk', models.SmallIntegerField()),
                ('delta', models.SmallIntegerField()),
                ('build', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='drifts', to='segments.build')),
                ('workspace', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['workspace', 'build', 'chunk'], name='drift_by_build')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='BuildFill',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('chunk', models.SmallIntegerField()),
                ('old', models.IntegerField(null=True)),
                ('members', models.IntegerField()),
                ('joined', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list)),
                ('left', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list)),
                ('build', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='fills', to='segments.build')),
                ('workspace', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
                ('stayed', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), null=True)),
                ('due', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), null=True)),
                ('due_at', django.contrib.postgres.fields.ArrayField(base_field=models.DateTimeField(), null=True)),
            ],
            options={
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('workspace', 'build', 'chunk'), name='one_fill_per_build_and_chunk')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Roster',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('build', models.IntegerField()),
                ('taken_at', models.DateTimeField()),
                ('members', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list)),
                ('segment', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='roster', to='segments.segment')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddField(
            model_name='audience',
            name='segments',
            field=models.ManyToManyField(related_name='audiences', through='segments.AudienceSegment', to='segments.segment'),
        ),
        migrations.RunSQL(ROOM, NO_ROOM),
        Wall(
            "Audience", "Segment", "Build", "MembershipChange", "CountDelta", "BuildChange",
            "AudienceSegment", "StaticMember", "ContactState", "Definitions", "PartnerState", "Permission",
            "HistoryMark", "MemberFile", "Movement", "ScheduledChange", "BreakerTicket", "BreakerWindow",
            "Hold", "SegmentException", "NotificationDefault", "SegmentNotification", "CheckOverride",
            "SegmentCheck", "Activity", "BuildDrift", "BuildFill", "Roster",
        ),
    ]
