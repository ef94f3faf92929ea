from django.db import migrations, models
from django.utils import timezone


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0002_portal_defaults")]

    operations = [
        # Who is on a team already has joined it.
        migrations.AddField(
            "teammember",
            "joined_at",
            models.DateTimeField(null=True, editable=False, default=timezone.now),
            preserve_default=False,
        ),
    ]
