"""What people did, as rules ask for it: the newest instants, newest first. A partner did what its contacts did."""

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
ROWS = {
    "contact": ("segments_activity a", "a.contact_id"),
    "partner": ("segments_activity a JOIN workspaces_contact c ON c.id = a.contact_id", "c.partner_id"),
}


def value(spec: dict, owner: sql.Composable, fields: Fields, depth: int) -> Predicate:
    rows, whose = ROWS[fields.level]
    clause = sql.SQL(NEWEST).format(
        instant=sql.SQL(INSTANT).format(sql.SQL("newest.at")),
        rows=sql.SQL(rows),  # type: ignore[arg-type]  # one of two literals
        whose=sql.SQL(whose),  # type: ignore[arg-type]
        owner=owner,
    )
    what = spec["what"]
    return Predicate(clause, [current_workspace_id(), spec["kind"], what, what, depth])
