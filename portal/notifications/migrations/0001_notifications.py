import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
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
            name='Event',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=60)),
                ('subject_id', models.UUIDField()),
                ('actor', models.JSONField(default=dict)),
                ('facts', models.JSONField(default=dict)),
                ('key', models.CharField(max_length=200)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('handled_at', models.DateTimeField(null=True)),
                ('partner', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.partner')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(condition=models.Q(('handled_at', None)), fields=['workspace', 'at'], name='event_to_tell'), models.Index(fields=['workspace', '-at'], name='event_by_moment')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'key'), name='one_event_per_doing')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=60)),
                ('at', models.DateTimeField()),
                ('portal_why', models.CharField(blank=True, choices=[('off_workspace', 'Off by default'), ('off_segment', 'Off in the segment'), ('off_person', 'Switched off by themselves'), ('mine_workspace', 'Does not collaborate on it, as the defaults ask'), ('mine_segment', 'Does not collaborate on it, as asked by the segment'), ('mine_person', 'Does not collaborate on it, as they chose'), ('stopped', 'Unsubscribed from all mails'), ('not_visible', 'Not allowed to see it'), ('own_doing', 'Did it themselves'), ('not_there', 'Has not signed in to the portal'), ('closed', 'Not allowed to see it any more when the mail was due'), ('read', 'Had read it in the portal before the summary'), ('failed', 'The mail could not be delivered')], max_length=20)),
                ('read_at', models.DateTimeField(null=True)),
                ('mail', models.CharField(choices=[('none', 'Not told'), ('waiting', 'Waiting'), ('sent', 'Sent'), ('failed', 'Failed')], default='none', max_length=10)),
                ('mail_why', models.CharField(blank=True, choices=[('off_workspace', 'Off by default'), ('off_segment', 'Off in the segment'), ('off_person', 'Switched off by themselves'), ('mine_workspace', 'Does not collaborate on it, as the defaults ask'), ('mine_segment', 'Does not collaborate on it, as asked by the segment'), ('mine_person', 'Does not collaborate on it, as they chose'), ('stopped', 'Unsubscribed from all mails'), ('not_visible', 'Not allowed to see it'), ('own_doing', 'Did it themselves'), ('not_there', 'Has not signed in to the portal'), ('closed', 'Not allowed to see it any more when the mail was due'), ('read', 'Had read it in the portal before the summary'), ('failed', 'The mail could not be delivered')], max_length=20)),
                ('mail_in_summary', models.BooleanField(default=False)),
                ('mail_due_at', models.DateTimeField(null=True)),
                ('mail_tries', models.PositiveSmallIntegerField(default=0)),
                ('mail_error', models.CharField(blank=True, max_length=300)),
                ('mail_sent_at', models.DateTimeField(null=True)),
                ('contact', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.contact')),
                ('event', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='notifications.event')),
                ('mail_segment', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='segments.segment')),
                ('portal_segment', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='segments.segment')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'ordering': ['-at', '-pk'],
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'contact', '-at'], name='notice_by_contact'), models.Index(fields=['workspace', '-at', '-id'], name='notice_by_moment'), models.Index(condition=models.Q(('mail', 'waiting')), fields=['workspace', 'mail_due_at'], name='notice_to_mail')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'event', 'contact'), name='one_notice_per_event_and_contact')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Preference',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('mail_mode', models.CharField(choices=[('each', 'A mail for each'), ('daily', 'One summary a day')], default='each', max_length=10)),
                ('mails_stopped_at', models.DateTimeField(null=True)),
                ('choices', models.JSONField(default=dict)),
                ('contact', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.contact')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('workspace', 'contact'), name='one_preference_per_contact')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        Wall("Event", "Notice", "Preference"),
    ]
