"""Connections that were signed in to as people do it, for the cases about tokens and allowances."""

from datetime import timedelta

from django.utils import timezone

from crm_sync.connecting import accounts, trying
from crm_sync.models import Connection, Credential
from tests.fakes import hubspot, salesforce
from workspaces.actors import SYSTEM
from workspaces.tenancy import workspace_transaction

BACK = "https://portal.example.com/accounts/crm/answer/"


def by_hubspot_app(workspace, crm):
    oauth = crm.standin.oauth
    code = oauth.give_code(BACK, ["oauth", *scopes()])
    app = {"app": hubspot.APP_ID, "client_id": oauth.client_id, "client_secret": oauth.client_secret}
    found = trying.hubspot_code(code=code, redirect_uri=BACK, **app)
    with workspace_transaction(workspace):
        return accounts.connect(found, by=SYSTEM)


def by_salesforce_secret(workspace, sf):
    app = {"client_id": salesforce.CLIENT_ID, "client_secret": salesforce.CLIENT_SECRET}
    found = trying.salesforce_secret(address=sf.url, **app)
    with workspace_transaction(workspace):
        return accounts.connect(found, by=SYSTEM)


def by_salesforce_app(workspace, sf, verifier="v" * 43):
    from crm_sync.connectors.salesforce.oauth import challenge
    from crm_sync.standins.salesforce.oauth import Code

    sf.standin.oauth.codes["code"] = Code(BACK, challenge(verifier), float("inf"))
    app = {"client_id": salesforce.CLIENT_ID, "client_secret": salesforce.CLIENT_SECRET}
    found = trying.salesforce_code(address=sf.url, code="code", redirect_uri=BACK, verifier=verifier, **app)
    with workspace_transaction(workspace):
        return accounts.connect(found, by=SYSTEM)


def expire(connection):
    """As if the access token had ended."""
    with workspace_transaction(connection.workspace_id):
        Credential.objects.filter(connection=connection).update(
            expires_at=timezone.now() - timedelta(seconds=1)
        )


def credential(connection):
    with workspace_transaction(connection.workspace_id):
        return Credential.objects.get(connection=connection)


def now_of(connection):
    """The connection as it is stored."""
    with workspace_transaction(connection.workspace_id):
        return Connection.objects.get(pk=connection.pk)


def scopes():
    kinds = ("companies", "contacts", "deals")
    return [f"crm.objects.{k}.{w}" for k in kinds for w in ("read", "write")] + [
        f"crm.schemas.{k}.read" for k in kinds
    ]
