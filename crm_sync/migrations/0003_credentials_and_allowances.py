import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import workspaces.keys
from django.db import migrations, models

from workspaces.walls import Wall

# The owner is bound by the walls as everybody is; for this statement they are opened.
OPEN = [
    f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY" for table in ("crm_sync_connection", "crm_sync_credential")
]
CLOSE = [statement.replace("NO FORCE", "FORCE") for statement in OPEN]
MOVE = """
    INSERT INTO crm_sync_credential
      (id, workspace_id, connection_id, access_sealed, refresh_sealed, client_secret_sealed, generation, scopes)
    SELECT gen_random_uuid(), workspace_id, id, token_sealed, '', '', 1, '[]' FROM crm_sync_connection"""


def table(name, *fields, constraint):
    return migrations.CreateModel(
        name=name,
        fields=[
            ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
            *fields,
            ('connection', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='allowances' if name == 'Allowance' else 'credentials', to='crm_sync.connection')),
            ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
        ],
        options={
            'abstract': False,
            'base_manager_name': 'unguarded',
            'default_manager_name': 'objects',
            'constraints': [constraint],
        },
        managers=[
            ('objects', django.db.models.manager.Manager()),
            ('unguarded', django.db.models.manager.Manager()),
        ],
    )


class Migration(migrations.Migration):

    dependencies = [
        ('crm_sync', '0002_fields_known'),
        ('workspaces', '0006_properties_version_their_workspace'),
    ]

    operations = [
        table(
            'Allowance',
            ('lane', models.CharField(max_length=12)),
            ('most', models.FloatField()),
            ('seconds', models.FloatField()),
            ('left', models.FloatField()),
            ('filled_at', models.DateTimeField(default=django.utils.timezone.now)),
            ('paused_until', models.DateTimeField(null=True)),
            ('daily_used', models.IntegerField(null=True)),
            ('daily_most', models.IntegerField(null=True)),
            ('told_at', models.DateTimeField(null=True)),
            constraint=models.UniqueConstraint(fields=('workspace', 'connection', 'lane'), name='one_allowance_per_lane'),
        ),
        table(
            'Credential',
            ('access_sealed', models.TextField(blank=True, editable=False)),
            ('refresh_sealed', models.TextField(blank=True, editable=False)),
            ('client_secret_sealed', models.TextField(blank=True, editable=False)),
            ('expires_at', models.DateTimeField(null=True)),
            ('generation', models.IntegerField(default=1)),
            ('refreshing_until', models.DateTimeField(null=True)),
            ('scopes', models.JSONField(default=list)),
            constraint=models.UniqueConstraint(fields=('workspace', 'connection'), name='one_credential_per_connection'),
        ),
        Wall("Allowance", "Credential"),
        migrations.RunSQL([*OPEN, MOVE, "SET CONSTRAINTS ALL IMMEDIATE", *CLOSE], migrations.RunSQL.noop),
        migrations.RemoveField(model_name='connection', name='token_sealed'),
        migrations.AddField(
            model_name='connection',
            name='account_name',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name='connection',
            name='address',
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name='connection',
            name='client_id',
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name='connection',
            name='missing_scopes',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='connection',
            name='subscriptions',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='connection',
            name='time_zone',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='connection',
            name='way',
            field=models.CharField(choices=[('static', 'Access token of a project app'), ('service_key', 'Service key'), ('oauth', 'Sign-in with an app'), ('credentials', 'Client credentials')], default='static', max_length=12),
        ),
        migrations.AlterField(
            model_name='connection',
            name='secret_sealed',
            field=models.TextField(blank=True, editable=False),
        ),
        migrations.AlterField(
            model_name='connection',
            name='status',
            field=models.CharField(choices=[('active', 'Active'), ('paused', 'Paused'), ('needs_auth', 'Needs a new sign-in'), ('disconnected', 'Disconnected')], default='active', max_length=12),
        ),
    ]
