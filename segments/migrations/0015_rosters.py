import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

import workspaces.keys
from workspaces.walls import Wall


class Migration(migrations.Migration):
    dependencies = [("segments", "0014_first_activity")]

    operations = [
        migrations.CreateModel(
            name="Roster",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=workspaces.keys.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("build", models.IntegerField()),
                ("taken_at", models.DateTimeField()),
                (
                    "members",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list),
                ),
                (
                    "segment",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="roster",
                        to="segments.segment",
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
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unguarded", django.db.models.manager.Manager()),
            ],
        ),
        Wall("roster"),
    ]
