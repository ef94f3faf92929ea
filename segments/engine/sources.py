"""From which tables a rule over many subjects reads: their records and, where it asks for them, their states."""

from psycopg import sql

from segments.rules.compile_sql import Side
from segments.rules.expressions import Expression, atoms

# Columns whose keys begin so stand in the state, not in the record.
OF_STATE = frozenset("fbhx")
SIDES = {
    "contact": {"self": Side("own", "s"), "partner": Side("partner", "ps")},
    "partner": {"self": Side("own", "s"), "partner": Side(None, None)},
}
_RECORDS = {
    "contact": "workspaces_contact own LEFT JOIN workspaces_partner partner ON partner.id = own.partner_id",
    "partner": "workspaces_partner own",
}
_STATE = {
    "contact": " LEFT JOIN segments_contactstate s ON s.contact_id = own.id",
    "partner": " LEFT JOIN segments_partnerstate s ON s.partner_id = own.id",
}
_STATE_OF_PARTNER = " LEFT JOIN segments_partnerstate ps ON ps.partner_id = own.partner_id"


def source(level: str, *rules: Expression, state: bool = False) -> sql.SQL:
    """What stands after FROM: `own`, for contacts `partner`; `s` and `ps` where a rule, or `state`, needs them."""
    asked = {
        column.of
        for rule in rules
        for atom in atoms(rule)
        for column in atom.columns
        if column.key[0] in OF_STATE
    }
    joined = _RECORDS[level]
    if state or "self" in asked:
        joined += _STATE[level]
    if level == "contact" and "partner" in asked:
        joined += _STATE_OF_PARTNER
    return sql.SQL(joined)  # type: ignore[arg-type]  # fixed pieces
