"""What rules may ask of deals and leads: partners with a deal above 50,000 EUR won in the last 90 days."""

from portal.deals.levels import source_of
from portal.deals.models import AttributedRecord
from segments import records
from segments.records import Asked, Source

CLOSED = {"deal": "Won or lost", "lead": "Qualified or not"}

for level, label in AttributedRecord.Level.choices:
    records.register(
        Source(
            key=source_of(level),
            label=f"{label}s",
            one=level,
            table=AttributedRecord._meta.db_table,
            only=f"r.level = '{level}' AND r.archived_at IS NULL",
            owners={"partner": "partner_id"},
            name="r.name",
            level=level,
            found_by=AttributedRecord.objects.for_member,
            asked=(
                Asked(
                    "outcome",
                    CLOSED[level],
                    "choice",
                    "r.outcome",
                    options=AttributedRecord.Outcome.choices,
                ),
                Asked("created", "Created", "datetime", "r.created_at"),
                Asked("closed", "Closed", "datetime", "r.closed_at"),
                Asked("stage_since", "In this stage since", "datetime", "r.stage_at"),
            ),
        )
    )
