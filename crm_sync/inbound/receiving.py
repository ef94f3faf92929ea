"""From a webhook's bytes to stored events: verified, deduplicated, committed. Nothing else happens here."""

import json
import time
from collections import defaultdict
from uuid import UUID

from django.conf import settings
from django.db import connection as database
from django.utils import timezone

from crm_sync.connecting.routes import Route, hook_name, routes_for
from crm_sync.connectors.base import PushedEvent
from crm_sync.connectors.hubspot import push, signature
from crm_sync.connectors.salesforce import push as salesforce
from crm_sync.inbound.shared_commits import SharedCommits
from crm_sync.models.queues import INBOX
from workspaces.jobs import leave_work
from workspaces.keys import uuid7
from workspaces.tenancy import workspace_transaction

Arrival = tuple[Route, list[PushedEvent]]
HUBSPOT_PATH = "/hooks/hubspot/"
# HubSpot signs the address as it was typed there, and does not follow a redirect.
HUBSPOT_PATHS = (HUBSPOT_PATH, HUBSPOT_PATH.rstrip("/"))

STORE = """
    INSERT INTO crm_sync_inboxevent
      (id, workspace_id, connection_id, fingerprint, kind, object_type, external_id, property, occurred_at,
       received_at, handled_at, state, reason, tries, next_at, raw)
    SELECT e.id, %(workspace)s, %(connection)s, e.fingerprint, e.kind, e.object_type, e.external_id, e.property,
           e.occurred_at, %(now)s, CASE WHEN e.reason <> '' THEN %(now)s END,
           CASE WHEN e.reason <> '' THEN 'skipped' ELSE 'pending' END, e.reason, 0, %(now)s, e.raw
    FROM unnest(%(ids)s::uuid[], %(fingerprints)s::text[], %(kinds)s::text[], %(object_types)s::text[],
                %(external_ids)s::text[], %(properties)s::text[], %(moments)s::timestamptz[],
                %(reasons)s::text[], %(raws)s::text[])
         AS e(id, fingerprint, kind, object_type, external_id, property, occurred_at, reason, raw)
    ON CONFLICT (workspace_id, connection_id, fingerprint) DO NOTHING
    RETURNING state
"""


class NotVerified(Exception):
    """Nobody that we know signed these bytes."""


def receive_hubspot(body: bytes, *, path: str, timestamp: str | None, signed: str | None) -> None:
    """Returns once everything that HubSpot sent is committed. Raises NotVerified, push.Unreadable."""
    events = push.events_from_body(body)
    # Unverified so far: the app id only picks whose secret to try.
    app = next((event.app for event in events), "")
    # What HubSpot called, not what a proxy or a Host header makes of it.
    uri = settings.PUBLIC_URL + path
    routes = [r for r in routes_for("hubspot", app) if _verified(r, uri, body, timestamp, signed)]
    if not routes:
        raise NotVerified
    for route in routes:
        arrived = [e for e in events if e.account == route.account and e.app == app]
        if arrived:
            commits.add((route, arrived))


def salesforce_path(token: str) -> str:
    return f"/hooks/salesforce/{token}/"


def receive_salesforce(body: bytes, *, token: str) -> None:
    """Returns once everything of the message is committed. Raises NotVerified, salesforce.Unreadable."""
    routes = routes_for("salesforce", hook_name(token))
    if not routes:
        raise NotVerified
    organization, events = salesforce.message_from_body(body)
    for route in routes:
        if route.account != organization:
            raise NotVerified
        if events:
            commits.add((route, events))


def _verified(route: Route, uri: str, body: bytes, timestamp: str | None, signed: str | None) -> bool:
    return signature.is_valid(
        secret=route.secret,
        method="POST",
        uri=uri,
        body=body,
        timestamp=timestamp,
        signature=signed,
        now_ms=int(time.time() * 1000),
    )


def _store(arrivals: list[Arrival]) -> None:
    """One transaction for each workspace that something arrived for."""
    by_workspace: dict[UUID, dict[Route, list[PushedEvent]]] = defaultdict(lambda: defaultdict(list))
    for route, events in arrivals:
        by_workspace[route.workspace_id][route] += events
    for workspace_id, by_route in by_workspace.items():
        with workspace_transaction(workspace_id):
            states = [state for route, events in by_route.items() for state in insert_events(route, events)]
            if "pending" in states:
                leave_work(INBOX)


def insert_events(route: Route, events: list[PushedEvent]) -> list[str]:
    """The states of those events that were new."""
    with database.cursor() as cursor:
        cursor.execute(STORE, _columns(route, events))
        return [row[0] for row in cursor.fetchall()]


def _columns(route: Route, events: list[PushedEvent]) -> dict:
    return {
        "workspace": route.workspace_id,
        "connection": route.connection_id,
        "now": timezone.now(),  # the clock that the worker reads too
        "ids": [uuid7() for _ in events],
        "fingerprints": [e.fingerprint for e in events],
        "kinds": [e.kind for e in events],
        "object_types": [e.object_type for e in events],
        "external_ids": [e.external_id for e in events],
        "properties": [e.property for e in events],
        "moments": [e.occurred_at for e in events],
        "reasons": [e.not_yet for e in events],
        "raws": [json.dumps(e.raw, separators=(",", ":")) for e in events],
    }


commits: SharedCommits[Arrival] = SharedCommits(_store)
