import json
import time
from dataclasses import dataclass

import pytest
from django.db.models import F

from crm_sync.connecting import accounts, routes
from crm_sync.connectors.hubspot.client import HubSpot
from crm_sync.connectors.hubspot.signature import sign
from crm_sync.inbound import linking
from crm_sync.limits import budgets
from crm_sync.mapping.fields import map_field
from crm_sync.models import Allowance, Connection, InboxEvent, OutboxChange
from tests.fakes import hubspot, salesforce
from workspaces.actors import SYSTEM, Actor
from workspaces.jobs import leave_work
from workspaces.models import PropertyChange, PropertyDelivery
from workspaces.properties import properties_of, set_properties
from workspaces.tenancy import workspace_transaction

MAPPED = {"name": ("name", "in"), "tier": ("partner_tier", "in"), "website": ("website", "both")}
MAPPED |= {"country": ("country", "both")}


@pytest.fixture(scope="session")
def hubspot_server():
    with hubspot.served() as server:
        yield server


@pytest.fixture
def crm(hubspot_server):
    """The stand-in HubSpot, empty."""
    hubspot_server.post("/standin/reset", {})
    return hubspot_server


@pytest.fixture(scope="session")
def salesforce_server():
    with salesforce.served() as server:
        yield server


@pytest.fixture
def sf(salesforce_server):
    """The stand-in Salesforce, empty."""
    salesforce_server.standin.reset()
    return salesforce_server


@pytest.fixture(autouse=True)
def _no_routes_are_remembered():
    routes.forget()


@pytest.fixture
def ample_allowance(monkeypatch):
    """So many requests at once that none has to wait for its turn."""
    monkeypatch.setattr(budgets, "RESERVE", dict.fromkeys(budgets.RESERVE, -1_000.0))


def connect(workspace, crm, account=hubspot.PORTAL_ID, app=hubspot.APP_ID, secret=hubspot.SECRET):
    with workspace_transaction(workspace):
        return accounts.connect_hubspot(
            account=account, app=app, token=hubspot.TOKEN, secret=secret, by=SYSTEM
        )


@dataclass
class Sync:
    """acme's connection to the stand-in, and short words for what tests ask of it."""

    connection: Connection
    workspace: object
    crm: hubspot.ServedHubSpot

    def inside(self):
        return workspace_transaction(self.workspace)

    def map(self, key, field, direction, level="partner"):
        object_type = {"partner": "company", "contact": "contact"}[level]
        fields = {f.name: f for f in HubSpot(hubspot.TOKEN, self.crm.url).fields(object_type)}
        with self.inside():
            return map_field(
                self.connection,
                object_type=object_type,
                field=fields[field],
                prop=properties_of(level)[key],
                direction=direction,
            )

    def link(self, record, external_id):
        with self.inside():
            return linking.link(self.connection, record, external_id)

    def values(self, record):
        """The record's values by property key, as stored."""
        with self.inside():
            record.refresh_from_db()
            known = properties_of(record.level)
        return {key: record.value(prop) for key, prop in known.items() if record.value(prop) is not None}

    def events(self):
        """(property or kind, state, reason) of every event, in the order of arrival."""
        with self.inside():
            rows = InboxEvent.objects.exclude(kind="portal.refresh").order_by("received_at", "pk")
            return [(e.property or e.kind, e.state, e.reason) for e in rows]

    def changes(self):
        with self.inside():
            rows = OutboxChange.objects.select_related("mapping").order_by("created_at", "pk")
            return [(c.mapping.field, c.value, c.state) for c in rows]

    def delivery(self, record, key):
        with self.inside():
            row = PropertyDelivery.objects.filter(record_id=record.pk, prop__key=key).first()
            return row and (row.state, row.message)

    def log(self, record, key):
        with self.inside():
            rows = PropertyChange.objects.filter(record_id=record.pk, prop__key=key).order_by("at")
            return [(row.old, row.new, row.actor_kind) for row in rows]

    def make_due(self):
        """As if the waiting times had passed."""
        with self.inside():
            Connection.objects.update(resting_until=None)
            Allowance.objects.update(paused_until=None, left=F("most"))
            for queue in (InboxEvent, OutboxChange):
                queue.objects.filter(state="pending").update(next_at="2026-01-01T00:00Z")
            leave_work("crm.inbox")
            leave_work("crm.outbox")


@pytest.fixture
def sync(acme, crm, settings):
    settings.HUBSPOT_API_URL = crm.url
    settings.PUBLIC_URL = "https://portal.example.com"
    made = Sync(connect(acme, crm), acme, crm)
    for key, (field, direction) in MAPPED.items():
        made.map(key, field, direction)
    crm.calls.clear()
    return made


@pytest.fixture
def linked(sync, brightpath, drain):
    """Brightpath and company 1, which agree."""
    sync.crm.seed(companies={"1": {"name": "Brightpath", "partner_tier": "gold", "country": "Belgium"}})
    sync.link(brightpath, "1")
    drain()
    sync.crm.calls.clear()
    return brightpath


@pytest.fixture
def edit(sync, pat):
    """Pat edits her partner's profile."""

    def change(record, **values):
        with sync.inside():
            set_properties(record, values, by=Actor.of_contact(pat))

    return change


@pytest.fixture
def hook(client):
    """Posts signed bytes to the receiver, as HubSpot would."""

    def post(body, *, secret=hubspot.SECRET, at_ms=None, **headers):
        timestamp = str(at_ms or int(time.time() * 1000))
        uri = "https://portal.example.com/hooks/hubspot/"
        signature = sign(secret=secret, method="POST", uri=uri, body=body, timestamp=timestamp)
        given = {"X-HubSpot-Request-Timestamp": timestamp, "X-HubSpot-Signature-v3": signature}
        given |= {"Host": "localhost:8000"} | headers
        return client.post("/hooks/hubspot/", body, content_type="application/json", headers=given)

    return post


@pytest.fixture
def push(sync, hook):
    """Posts events as HubSpot sends them; by default, changes of company 1."""

    def send(*items):
        base = {"portalId": int(hubspot.PORTAL_ID), "appId": int(hubspot.APP_ID), "attemptNumber": 0}
        base |= {"subscriptionType": "object.propertyChange", "objectTypeId": "0-2", "objectId": 1}
        base |= {"occurredAt": int(time.time() * 1000)}
        return hook(json.dumps([base | item for item in items]).encode())

    return send
