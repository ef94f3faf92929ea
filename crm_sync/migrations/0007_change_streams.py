import django.core.validators
import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
from django.db import migrations, models

import workspaces.keys
from workspaces.walls import Wall


class Migration(migrations.Migration):
    dependencies = [
        ("crm_sync", "0006_mass_changes_and_missed_calls"),
        ("workspaces", "0009_properties_of_deals_and_leads"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChangeStream",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                (
                    "channel",
                    models.CharField(
                        default="/data/ChangeEvents",
                        max_length=100,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^/data/(ChangeEvents|[A-Za-z]\\w*(ChangeEvent|__chn))\\Z",
                                "A channel looks like /data/ChangeEvents or /data/Partners__chn.",
                            )
                        ],
                    ),
                ),
                ("place", models.BinaryField(null=True)),
                ("from_earliest", models.BooleanField(default=False)),
                ("listener", models.UUIDField(null=True)),
                ("leased_until", models.DateTimeField(null=True)),
                ("listening_since", models.DateTimeField(null=True)),
                ("heard_at", models.DateTimeField(null=True)),
                ("event_at", models.DateTimeField(null=True)),
                ("saved_at", models.DateTimeField(null=True)),
                ("message", models.TextField(blank=True)),
                ("tries", models.SmallIntegerField(default=0)),
                ("next_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("lost_at", models.DateTimeField(null=True)),
                ("switched_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("switched_by", models.CharField(blank=True, max_length=200)),
                (
                    "connection",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="streams",
                        to="crm_sync.connection",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="workspaces.workspace",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "unguarded",
                "default_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace", "connection"), name="one_change_stream_per_connection"
                    )
                ],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unguarded", django.db.models.manager.Manager()),
            ],
        ),
        Wall("ChangeStream"),
    ]
