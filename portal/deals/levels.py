"""Deals and leads as levels of properties: what every workspace has of them, and the locks of their changes."""

from portal.deals.models import AttributedRecord
from segments import records
from workspaces import levels
from workspaces.levels import Level

STAGES = [
    {"value": "qualification", "label": "Qualification", "default": True},
    {"value": "discovery", "label": "Discovery"},
    {"value": "proposal", "label": "Proposal"},
    {"value": "negotiation", "label": "Negotiation"},
    {"value": "closed_won", "label": "Closed won", "outcome": "won"},
    {"value": "closed_lost", "label": "Closed lost", "outcome": "lost"},
]
STATUSES = [
    {"value": "new", "label": "New", "default": True},
    {"value": "contacted", "label": "Contacted"},
    {"value": "qualified", "label": "Qualified", "outcome": "won"},
    {"value": "disqualified", "label": "Disqualified", "outcome": "lost"},
]
SOURCES = [
    {"value": "partner", "label": "Partner sourced"},
    {"value": "vendor", "label": "Passed to the partner"},
    {"value": "together", "label": "Found together"},
]
COLUMNS = {
    "version": "bigint",
    "partner_id": "uuid",
    "name": "text",
    "stage": "text",
    "outcome": "text",
    "amount": "numeric",
    "currency": "text",
    "close_date": "date",
    "owner_id": "uuid",
    "stage_at": "timestamptz",
    "closed_at": "timestamptz",
    "changed_at": "timestamptz",
}
DEAL = (
    {"key": "name", "label": "Deal name", "type": "text", "read_only": True},
    {"key": "stage", "label": "Stage", "type": "choice", "options": STAGES, "read_only": True},
    {"key": "amount", "label": "Amount", "type": "money", "read_only": True},
    {"key": "close_date", "label": "Close date", "type": "date", "read_only": True},
    {"key": "customer", "label": "Customer", "type": "text", "read_only": True},
    {"key": "owner", "label": "Owner", "type": "user", "read_only": True},
    {"key": "source", "label": "Source", "type": "choice", "options": SOURCES, "read_only": True},
)
LEAD = (
    {"key": "name", "label": "Lead name", "type": "text", "read_only": True},
    {"key": "stage", "label": "Status", "type": "choice", "options": STATUSES, "read_only": True},
    {"key": "company", "label": "Company", "type": "text", "read_only": True},
    {"key": "email", "label": "E-mail", "type": "email", "read_only": True},
    {"key": "phone", "label": "Phone", "type": "phone", "read_only": True},
    {"key": "amount", "label": "Expected amount", "type": "money", "read_only": True},
    {"key": "owner", "label": "Owner", "type": "user", "read_only": True},
    {"key": "source", "label": "Source", "type": "choice", "options": SOURCES, "read_only": True},
)


def source_of(level):
    """What rules call the records of a level."""
    return f"{level}s"


def changing(edits, *, by):
    """The locks of every partner that the records are at or go to: what is known of these follows."""
    partners = {edit.record.partner_id for edit in edits} | {
        edit.partner.pk for edit in edits if edit.partner
    }
    return records.changing(source_of(edits[0].record.level), partners=partners, by=by)


for key, properties in (("deal", DEAL), ("lead", LEAD)):
    levels.register(
        Level(
            key,
            AttributedRecord,
            COLUMNS,
            required=frozenset({"name"}),
            beginning="stage",
            built_in=properties,
            changing=changing,
        )
    )
