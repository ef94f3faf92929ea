from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('segments', '0013_scouted_fills'),
    ]

    operations = [
        migrations.AddField(
            model_name='activity',
            name='first_at',
            field=models.DateTimeField(null=True),
        ),
    ]
