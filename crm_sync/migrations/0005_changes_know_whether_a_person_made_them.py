from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crm_sync", "0004_merge_and_import"),
    ]

    operations = [
        migrations.AddField(
            model_name="outboxchange",
            name="by_person",
            field=models.BooleanField(db_default=False),
        ),
    ]
