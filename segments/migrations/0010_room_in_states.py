from django.db import migrations

TABLES = ("segments_contactstate", "segments_partnerstate")
# Every change of a membership rewrites a row: with room on its page no index has to follow. A publish rewrites many,
# so what they leave behind is cleared away before the table has grown by much.
ROOM = ";".join(
    f"ALTER TABLE {table} SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02)" for table in TABLES
)
NO_ROOM = ";".join(
    f"ALTER TABLE {table} RESET (fillfactor, autovacuum_vacuum_scale_factor)" for table in TABLES
)


class Migration(migrations.Migration):
    dependencies = [("segments", "0009_activity")]

    operations = [migrations.RunSQL(ROOM, NO_ROOM)]
