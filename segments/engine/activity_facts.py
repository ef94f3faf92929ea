"""What people did, as rules ask for it: the newest instants, newest first, or the very first. A partner did what its
contacts did.
"""

from psycopg import sql

from segments.engine.record_sources import INSTANT
from segments.rules.compile_sql import Predicate
from segments.rules.fields import Fields
from workspaces.tenancy import current_workspace_id

MOST = 101  # one more than a rule can ask for
NEWEST = """
    (SELECT jsonb_agg({instant} ORDER BY newest.at DESC)
     FROM (SELECT at FROM {rows} CROSS JOIN LATERAL unnest(a.times) AS at
           WHERE a.workspace_id = %s AND {whose} = {owner} AND a.kind = %s AND (%s = '' OR a.what = %s)
           ORDER BY at DESC LIMIT %s) newest)"""
FIRST = """
    (SELECT {instant} FROM {rows}
     WHERE a.workspace_id = %s AND {whose} = {owner} AND a.kind = %s AND (%s = '' OR a.what = %s))"""
FIRST_AT = sql.SQL("min(least(a.first_at, a.times[cardinality(a.times)]))")
ROWS = {
    "contact": ("segments_activity a", "a.contact_id"),
    "partner": ("segments_activity a JOIN workspaces_contact c ON c.id = a.contact_id", "c.partner_id"),
}


def value(spec: dict, owner: sql.Composable, fields: Fields, depth: int) -> Predicate:
    rows, whose = ROWS[fields.level]
    first = "first" in spec
    clause = sql.SQL(FIRST if first else NEWEST).format(
        instant=sql.SQL(INSTANT).format(FIRST_AT if first else sql.SQL("newest.at")),
        rows=sql.SQL(rows),  # type: ignore[arg-type]  # one of two literals
        whose=sql.SQL(whose),  # type: ignore[arg-type]
        owner=owner,
    )
    what = spec["what"]
    asked = [current_workspace_id(), spec["kind"], what, what]
    return Predicate(clause, asked if first else [*asked, depth])
