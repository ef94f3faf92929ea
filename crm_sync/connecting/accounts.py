"""Connecting a CRM account, renewing its keys, pausing and letting go."""

import secrets
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.utils import timezone

from crm_sync.connecting import routes, tokens
from crm_sync.connectors.base import Tokens
from crm_sync.models import Allowance, Connection, Credential, OutboxChange
from crm_sync.models.queues import INBOX, OUTBOX
from workspaces.jobs import leave_work
from workspaces.models import HookRoute
from workspaces.tenancy import current_workspace_id

HUBSPOT, SALESFORCE = Connection.Provider.HUBSPOT, Connection.Provider.SALESFORCE
TAKEN = "This {crm} account is connected to a workspace already."
ANOTHER = "This sign-in is for account {found}, and this connection is about account {account}."


class ConnectError(ValueError):
    """The account cannot be connected so. `field` is the form's field to mend."""

    def __init__(self, field: str, message: str):
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Found:
    """An account that was tried, and everything that was typed or given to sign in to it."""

    provider: str
    way: str
    account: str
    tokens: Tokens
    app: str = ""  # the app id that HubSpot's webhooks carry
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)  # what its webhooks prove themselves with
    address: str = ""
    account_name: str = ""
    time_zone: str = ""
    fields_known: dict[str, list[dict]] = field(default_factory=dict)


def connect(found: Found, *, by) -> Connection:
    """One account belongs to one workspace; the database decides who was first. Raises ConnectError."""
    crm = Connection.Provider(found.provider).label
    earlier = Connection.objects.filter(
        provider=found.provider, account=found.account, status=Connection.Status.DISCONNECTED
    ).first()
    connection = earlier or Connection(provider=found.provider, account=found.account)
    connection.connected_by = by.label
    _fill(connection, found)
    try:
        with transaction.atomic():
            connection.save()
            HookRoute.objects.create(
                provider=found.provider,
                account=found.account,
                app=connection.app,
                workspace_id=current_workspace_id(),
            )
            _keep_credential(connection, found)
    except IntegrityError as error:
        raise ConnectError("account", TAKEN.format(crm=crm)) from error
    transaction.on_commit(routes.forget)
    resume(connection)
    return connection


def connect_hubspot(
    *, account: str, app: str, token: str, secret: str, by, fields_known: dict | None = None
) -> Connection:
    """With the static token of a project app."""
    found = Found(
        provider=HUBSPOT,
        way=Connection.Way.STATIC,
        account=account,
        app=app,
        tokens=Tokens(token),
        secret=secret,
        fields_known=fields_known or {},
    )
    return connect(found, by=by)


def renew(connection: Connection, found: Found) -> None:
    """New keys, or a new sign-in, for the same account; what waited goes on. Raises ConnectError."""
    if found.account != connection.account:
        text = ANOTHER.format(found=found.account, account=connection.account)
        raise ConnectError("account", text)
    _fill(connection, found)
    connection.save()
    hooks = HookRoute.objects.filter(
        provider=connection.provider, account=connection.account, workspace_id=current_workspace_id()
    )
    hooks.update(app=connection.app)
    _keep_credential(connection, found)
    transaction.on_commit(routes.forget)
    resume(connection)


def pause(connection: Connection, *, by) -> None:
    """Events are still stored and edits still wait; nothing is read or written."""
    _stand(connection, Connection.Status.PAUSED, f"Paused by {by.label}.")


def resume(connection: Connection) -> None:
    _stand(connection, Connection.Status.ACTIVE, "")
    leave_work(INBOX)
    leave_work(OUTBOX)


def disconnect(connection: Connection, *, by) -> dict[str, str]:
    """Lets go of the account: its keys are wiped and nothing crosses any more. What was linked stays known, so that
    the same account can be connected again where it was. Gives what is to be revoked at the CRM afterwards."""
    held = Credential.objects.select_for_update(no_key=True).filter(connection=connection).first()
    revocable = {"refresh": held.refresh, "client_secret": held.client_secret} if held else {}
    Credential.objects.filter(connection=connection).delete()
    Allowance.objects.filter(connection=connection).delete()
    _let_go(connection)
    connection.secret = ""
    connection.subscriptions, connection.missing_scopes = [], []
    connection.save(update_fields=["secret_sealed", "subscriptions", "missing_scopes"])
    _stand(connection, Connection.Status.DISCONNECTED, f"Disconnected by {by.label}.")
    waiting = OutboxChange.objects.filter(link__connection=connection, state__in=["pending", "inflight"])
    waiting.update(state="parked", message=f"{connection} was disconnected.", finished_at=timezone.now())
    return revocable


def forget(connection: Connection) -> None:
    """Mapping, links and history of a disconnected account. Partners and contacts stay as they are."""
    _let_go(connection)
    OutboxChange.objects.filter(link__connection=connection).delete()
    connection.delete()


def _fill(connection: Connection, found: Found) -> None:
    connection.way, connection.client_id, connection.address = found.way, found.client_id, found.address
    connection.account_name, connection.time_zone = found.account_name, found.time_zone
    connection.fields_known = found.fields_known or connection.fields_known
    connection.missing_scopes = []
    connection.app, connection.secret = found.app, found.secret
    if found.provider == SALESFORCE:
        # Salesforce signs nothing: whoever knows the address may call, so nobody can guess it.
        connection.secret = secrets.token_urlsafe(32)
        connection.app = routes.hook_name(connection.secret)


def _keep_credential(connection: Connection, found: Found) -> None:
    """A new generation, so that a renewal that is on its way does not put old tokens over these."""
    held = Credential.objects.select_for_update(no_key=True).filter(connection=connection).first()
    held = held or Credential(connection=connection, generation=0)
    held.client_secret, held.refresh = found.client_secret, ""
    tokens.keep(held, found.tokens)


def _let_go(connection: Connection) -> None:
    hooks = HookRoute.objects.filter(
        provider=connection.provider, account=connection.account, workspace_id=current_workspace_id()
    )
    hooks.delete()
    transaction.on_commit(routes.forget)


def _stand(connection: Connection, status: str, message: str) -> None:
    connection.status, connection.message, connection.status_at = status, message, timezone.now()
    connection.resting_until = None
    connection.save(update_fields=["status", "message", "status_at", "resting_until"])
