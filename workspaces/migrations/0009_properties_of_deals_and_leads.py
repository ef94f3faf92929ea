from django.db import migrations, models

LEVELS = [("partner", "Partner"), ("contact", "Contact"), ("deal", "Deal"), ("lead", "Lead")]


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0008_one_workspace_per_account")]

    operations = [
        migrations.AlterField("property", "level", models.CharField(choices=LEVELS, max_length=10)),
        migrations.AlterField("propertychange", "level", models.CharField(choices=LEVELS, max_length=10)),
    ]
