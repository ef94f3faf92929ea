import django.db.models.deletion
import django.db.models.manager
import workspaces.keys
from django.db import migrations, models

from workspaces.walls import Wall

# The owner is bound by the walls as everybody is; for these statements they are opened.
LOGS = ("segments_membershipchange", "segments_buildchange")
OPEN = [f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY" for table in LOGS]
CLOSE = [statement.replace("NO FORCE", "FORCE") for statement in OPEN]
# What happened before anybody listened is no news.
SETTLE = [f"UPDATE {table} SET handled_at = now() WHERE handled_at IS NULL" for table in LOGS]


def rule(*fields):
    return [
        ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
        ('kind', models.CharField(max_length=60)),
        ('channel', models.CharField(choices=[('portal', 'In the portal'), ('mail', 'By mail')], max_length=10)),
        ('level', models.CharField(choices=[('all', 'Everything'), ('mine', 'Only where they collaborate'), ('off', 'Off')], max_length=10)),
        *fields,
        ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
    ]


OPTIONS = {'abstract': False, 'base_manager_name': 'unguarded', 'default_manager_name': 'objects'}
MANAGERS = [('objects', django.db.models.manager.Manager()), ('unguarded', django.db.models.manager.Manager())]


class Migration(migrations.Migration):

    dependencies = [
        ('segments', '0005_exceptions_and_breaker'),
        ('workspaces', '0002_portal_defaults'),
    ]

    operations = [
        migrations.CreateModel(name='NotificationDefault', fields=rule(), options=OPTIONS, managers=MANAGERS),
        migrations.CreateModel(
            name='SegmentNotification',
            fields=rule(
                ('segment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='notifications', to='segments.segment')),
            ),
            options=OPTIONS,
            managers=MANAGERS,
        ),
        migrations.AddConstraint(
            model_name='notificationdefault',
            constraint=models.UniqueConstraint(fields=('workspace', 'kind', 'channel'), name='one_default_per_kind_and_channel'),
        ),
        migrations.AddConstraint(
            model_name='segmentnotification',
            constraint=models.UniqueConstraint(fields=('workspace', 'segment', 'kind', 'channel'), name='said_once_per_segment'),
        ),
        migrations.AddField(
            model_name='buildchange',
            name='handled_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL([*OPEN, *SETTLE, *CLOSE], migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name='buildchange',
            index=models.Index(condition=models.Q(('handled_at', None)), fields=['workspace', 'at'], name='build_change_to_follow'),
        ),
        migrations.AddIndex(
            model_name='membershipchange',
            index=models.Index(condition=models.Q(('handled_at', None)), fields=['workspace', 'at'], name='membership_to_follow'),
        ),
        Wall("notificationdefault", "segmentnotification"),
    ]
