import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import workspaces.keys
from django.db import migrations, models

from workspaces.walls import Wall


class Migration(migrations.Migration):

    replaces = [('deals', '0001_attributed_records'), ('deals', '0002_properties_of_deals_and_leads')]

    initial = True

    dependencies = [
        ('workspaces', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='AttributedRecord',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('raw', models.JSONField(default=dict, editable=False)),
                ('norm', models.JSONField(default=dict, editable=False)),
                ('set_at', models.JSONField(default=dict, editable=False)),
                ('version', models.BigIntegerField(default=0, editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('level', models.CharField(choices=[('deal', 'Deal'), ('lead', 'Lead')], editable=False, max_length=10)),
                ('name', models.CharField(editable=False, max_length=200)),
                ('stage', models.CharField(editable=False, max_length=60)),
                ('outcome', models.CharField(choices=[('open', 'Open'), ('won', 'Won'), ('lost', 'Lost')], default='open', editable=False, max_length=4)),
                ('amount', models.DecimalField(decimal_places=9, editable=False, max_digits=26, null=True)),
                ('currency', models.CharField(editable=False, max_length=3)),
                ('close_date', models.DateField(editable=False, null=True)),
                ('stage_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('closed_at', models.DateTimeField(editable=False, null=True)),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('archived_at', models.DateTimeField(editable=False, null=True)),
                ('crm', models.CharField(editable=False, max_length=12)),
                ('crm_id', models.CharField(editable=False, max_length=64)),
                ('crm_url', models.URLField(editable=False, max_length=500)),
                ('distributor', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='workspaces.partner')),
                ('owner', models.ForeignKey(db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='workspaces.teammember')),
                ('partner', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.partner')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'ordering': ['-changed_at', 'pk'],
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'partner', 'level'], name='attributed_by_partner'), models.Index(fields=['workspace', 'distributor', 'level'], name='attributed_by_distributor'), models.Index(fields=['workspace', 'level', '-changed_at'], name='attributed_by_change')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('outcome', 'open')), models.Q(('closed_at__isnull', False), ('outcome__in', ['won', 'lost'])), _connector='OR'), name='closed_records_say_when'), models.CheckConstraint(condition=models.Q(models.Q(('amount', None), ('currency', '')), models.Q(('amount__isnull', False), models.Q(('currency', ''), _negated=True)), _connector='OR'), name='amounts_have_a_currency'), models.CheckConstraint(condition=models.Q(('partner', models.F('distributor')), _negated=True), name='distributor_is_another_partner')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Collaborator',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('from_crm', models.BooleanField(default=False, editable=False)),
                ('added_by', models.CharField(editable=False, max_length=200)),
                ('added_at', models.DateTimeField(auto_now_add=True)),
                ('contact', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.contact')),
                ('record', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='collaborators', to='deals.attributedrecord')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'contact'], name='collaborating_by_contact')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'record', 'contact'), name='once_per_record_collaborating')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Sharing',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('level', models.CharField(choices=[('deal', 'Deal'), ('lead', 'Lead')], max_length=10)),
                ('numbers', models.JSONField(default=list)),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('workspace', 'level'), name='one_sharing_per_level')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        Wall("AttributedRecord", "Collaborator", "Sharing"),
    ]
