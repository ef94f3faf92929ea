import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.manager
import workspaces.keys
import workspaces.models.workspace
from django.conf import settings
from django.db import migrations, models

from workspaces.walls import Wall

TOUCH = """
    CREATE FUNCTION workspaces_properties_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE workspaces_workspace SET properties_version = properties_version + 1
        WHERE id = coalesce(NEW.workspace_id, OLD.workspace_id);
        RETURN NULL;
    END $$;
    CREATE TRIGGER properties_changed AFTER INSERT OR UPDATE OR DELETE ON workspaces_property
    FOR EACH ROW EXECUTE FUNCTION workspaces_properties_changed()"""
FORGET = """
    DROP TRIGGER properties_changed ON workspaces_property;
    DROP FUNCTION workspaces_properties_changed()"""
# Room for the next version of a row on its own page: then no index has to follow a change.
ROOM = "ALTER TABLE workspaces_contact SET (fillfactor = 85); ALTER TABLE workspaces_partner SET (fillfactor = 85)"
NO_ROOM = "ALTER TABLE workspaces_contact RESET (fillfactor); ALTER TABLE workspaces_partner RESET (fillfactor)"


class Migration(migrations.Migration):

    replaces = [('workspaces', '0001_workspaces'), ('workspaces', '0002_portal_defaults'), ('workspaces', '0003_team_members_join'), ('workspaces', '0004_calendar'), ('workspaces', '0005_changes_as_rules_compare'), ('workspaces', '0006_properties_version_their_workspace'), ('workspaces', '0007_logs_know_their_workspace_by_one_reference'), ('workspaces', '0008_one_workspace_per_account'), ('workspaces', '0009_properties_of_deals_and_leads')]

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE workspaces_workspace_numbers AS integer",
            "DROP SEQUENCE workspaces_workspace_numbers",
        ),
        migrations.CreateModel(
            name='Workspace',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.IntegerField(db_default=workspaces.models.workspace.NextNumber(output_field=models.IntegerField()), editable=False, unique=True)),
                ('name', models.CharField(max_length=100)),
                ('slug', models.CharField(max_length=40, unique=True, validators=[django.core.validators.RegexValidator('^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\\Z', 'Use small letters, digits and hyphens.'), workspaces.models.workspace.validate_slug_is_free])),
                ('domain', models.CharField(blank=True, help_text="The portal's own address, such as partners.example.com", max_length=253, null=True, unique=True)),
                ('time_zone', models.CharField(default='UTC', max_length=64, validators=[workspaces.models.workspace.validate_time_zone])),
                ('currency', models.CharField(default='EUR', max_length=3)),
                ('brand_color', models.CharField(default='#2b4fd0', max_length=7, validators=[django.core.validators.RegexValidator('^#[0-9a-fA-F]{6}\\Z', 'A colour looks like #2b4fd0.')])),
                ('second_factor_required', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('collaboration_restricted', models.BooleanField(default=False)),
                ('contacts_invite', models.BooleanField(default=True)),
                ('fiscal_year_starts', models.PositiveSmallIntegerField(choices=[(1, 'January'), (2, 'February'), (3, 'March'), (4, 'April'), (5, 'May'), (6, 'June'), (7, 'July'), (8, 'August'), (9, 'September'), (10, 'October'), (11, 'November'), (12, 'December')], default=1)),
                ('week_starts', models.PositiveSmallIntegerField(choices=[(1, 'Monday'), (6, 'Saturday'), (7, 'Sunday')], default=1)),
                ('properties_version', models.BigIntegerField(db_default=0, editable=False)),
            ],
        ),
        migrations.CreateModel(
            name='Property',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('level', models.CharField(choices=[('partner', 'Partner'), ('contact', 'Contact'), ('deal', 'Deal'), ('lead', 'Lead')], max_length=10)),
                ('number', models.IntegerField(editable=False)),
                ('key', models.CharField(max_length=60, validators=[django.core.validators.RegexValidator('^[a-z][a-z0-9_]*\\Z', 'Use small letters, digits and underscores.')])),
                ('label', models.CharField(max_length=80)),
                ('help_text', models.CharField(blank=True, max_length=200)),
                ('type', models.CharField(choices=[('text', 'Text'), ('long_text', 'Long text'), ('number', 'Number'), ('money', 'Money'), ('boolean', 'Yes or no'), ('date', 'Date'), ('datetime', 'Date and time'), ('choice', 'Choice'), ('multi_choice', 'Several choices'), ('url', 'Web address'), ('email', 'E-mail'), ('phone', 'Phone'), ('user', 'Team member')], max_length=12)),
                ('options', models.JSONField(blank=True, default=list)),
                ('source', models.CharField(choices=[('portal', 'Portal'), ('hubspot', 'HubSpot'), ('salesforce', 'Salesforce')], default='portal', max_length=12)),
                ('read_only', models.BooleanField(default=False, help_text='Partners can never edit it.')),
                ('built_in', models.BooleanField(default=False, editable=False)),
                ('position', models.IntegerField(default=0)),
                ('archived_at', models.DateTimeField(editable=False, null=True)),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'ordering': ['level', 'position', 'number'],
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('workspace', 'number'), name='one_property_per_number'), models.UniqueConstraint(fields=('workspace', 'level', 'key'), name='one_property_per_key')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('name', models.CharField(blank=True, max_length=150)),
                ('is_active', models.BooleanField(default=True)),
                ('date_joined', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='one_person_per_address')],
            },
        ),
        migrations.CreateModel(
            name='TeamMember',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('access', models.CharField(choices=[('owner', 'Owner'), ('admin', 'Admin'), ('manager', 'Partner manager'), ('viewer', 'Viewer')], max_length=10)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
                ('joined_at', models.DateTimeField(editable=False, null=True)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('workspace', 'user'), name='one_membership_per_person')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='PropertyDelivery',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('record_id', models.UUIDField()),
                ('state', models.CharField(choices=[('saved', 'Saved'), ('on_its_way', 'On its way to the CRM'), ('in_crm', 'In the CRM'), ('refused', 'Refused by the CRM')], max_length=12)),
                ('crm', models.CharField(blank=True, max_length=12)),
                ('message', models.TextField(blank=True)),
                ('at', models.DateTimeField()),
                ('prop', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='workspaces.property')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('workspace', 'record_id', 'prop'), name='one_delivery_per_value')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='PropertyChange',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('level', models.CharField(choices=[('partner', 'Partner'), ('contact', 'Contact'), ('deal', 'Deal'), ('lead', 'Lead')], max_length=10)),
                ('record_id', models.UUIDField()),
                ('old', models.JSONField(null=True)),
                ('new', models.JSONField(null=True)),
                ('actor_kind', models.CharField(max_length=10)),
                ('actor_id', models.CharField(blank=True, max_length=64)),
                ('actor_label', models.CharField(blank=True, max_length=200)),
                ('at', models.DateTimeField()),
                ('prop', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='workspaces.property')),
                ('workspace', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
                ('new_norm', models.JSONField(null=True)),
                ('old_norm', models.JSONField(null=True)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'record_id', '-at'], name='change_by_record')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='PersonAccess',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='accesses', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'workspace'), name='one_access_per_workspace')],
            },
        ),
        migrations.CreateModel(
            name='Partner',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('raw', models.JSONField(default=dict, editable=False)),
                ('norm', models.JSONField(default=dict, editable=False)),
                ('set_at', models.JSONField(default=dict, editable=False)),
                ('version', models.BigIntegerField(default=0, editable=False)),
                ('chunk', models.SmallIntegerField(editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('name', models.CharField(editable=False, max_length=200)),
                ('logo', models.ImageField(blank=True, editable=False, null=True, upload_to='logos/')),
                ('owner', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='partners', to='workspaces.teammember')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'name', 'id'], name='partner_by_name'), models.Index(fields=['workspace', 'owner'], name='partner_by_owner'), models.Index(fields=['workspace', 'chunk'], name='partner_by_chunk')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='HookRoute',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('provider', models.CharField(max_length=12)),
                ('account', models.CharField(max_length=64)),
                ('app', models.CharField(max_length=64)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('provider', 'account'), name='one_workspace_per_account')],
            },
        ),
        migrations.CreateModel(
            name='Due',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('queue', models.CharField(max_length=40)),
                ('due_at', models.DateTimeField()),
                ('workspace', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', 'queue', 'due_at'], name='due_by_queue')],
            },
        ),
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('id', models.UUIDField(default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('raw', models.JSONField(default=dict, editable=False)),
                ('norm', models.JSONField(default=dict, editable=False)),
                ('set_at', models.JSONField(default=dict, editable=False)),
                ('version', models.BigIntegerField(default=0, editable=False)),
                ('chunk', models.SmallIntegerField(editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('name', models.CharField(editable=False, max_length=200)),
                ('email', models.EmailField(editable=False, max_length=254)),
                ('status', models.CharField(choices=[('invited', 'Invited'), ('active', 'Active'), ('suspended', 'Suspended')], default='invited', editable=False, max_length=10)),
                ('last_seen_at', models.DateTimeField(editable=False, null=True)),
                ('user', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('partner', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='contacts', to='workspaces.partner')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unguarded',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'partner', 'name'], name='contact_by_partner'), models.Index(fields=['workspace', 'name', 'id'], name='contact_by_name'), models.Index(models.F('workspace'), django.db.models.functions.text.Lower('email'), name='contact_by_address'), models.Index(fields=['workspace', 'user'], name='contact_by_user'), models.Index(fields=['workspace', 'chunk'], name='contact_by_chunk')],
                'constraints': [models.UniqueConstraint(models.F('workspace'), models.F('partner'), django.db.models.functions.text.Lower('email'), name='one_contact_per_address_and_partner')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unguarded', django.db.models.manager.Manager()),
            ],
        ),
        migrations.RunSQL(TOUCH, FORGET),
        migrations.RunSQL(ROOM, NO_ROOM),
        Wall("Property", "TeamMember", "PropertyDelivery", "PropertyChange", "Partner", "Contact"),
    ]
