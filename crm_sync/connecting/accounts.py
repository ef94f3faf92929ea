"""Connecting a CRM account, renewing its keys, pausing and letting go."""

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from crm_sync.connecting import routes
from crm_sync.connectors.base import CrmError, FailureKind
from crm_sync.connectors.hubspot.client import client_for
from crm_sync.models import Connection, OutboxChange
from crm_sync.models.connection import OBJECT_TYPES, remembered
from crm_sync.models.queues import INBOX, OUTBOX
from workspaces.jobs import leave_work
from workspaces.models import HookRoute
from workspaces.tenancy import current_workspace_id


class ConnectError(ValueError):
    """The account cannot be connected so. `field` is the form's field to mend."""

    def __init__(self, field: str, message: str):
        super().__init__(message)
        self.field = field


def try_hubspot(*, token: str, account: str) -> dict[str, list[dict]]:
    """Asks HubSpot with this token for its fields; no transaction may be open. Raises ConnectError."""
    client = client_for(token, settings.HUBSPOT_API_URL)
    try:
        found = client.account()
        known = {object_type: client.fields(object_type) for object_type in OBJECT_TYPES}
    except CrmError as error:
        raise ConnectError(*_blamed(error)) from error
    if found.external_id and found.external_id != account:
        text = f"This token belongs to account {found.external_id}, not {account}."
        raise ConnectError("account", text)
    return {object_type: [remembered(f) for f in fields] for object_type, fields in known.items()}


def _blamed(error: CrmError) -> tuple[str, str]:
    match error.failure.kind:
        case FailureKind.AUTH:
            return (
                "token",
                "HubSpot does not accept this token. Copy it again from the app's page in HubSpot.",
            )
        case FailureKind.SCOPE:
            return "token", error.failure.message
        case _:
            return "", f"{error.failure.message} Nothing was saved; try again in a moment."


def connect_hubspot(
    *, account: str, app: str, token: str, secret: str, by, fields_known: dict | None = None
) -> Connection:
    """One account belongs to one workspace; the database decides who was first. Raises ConnectError."""
    taken = ConnectError("account", "This HubSpot account is connected to a workspace already.")
    if HookRoute.objects.filter(provider="hubspot", account=account).exists():
        raise taken
    connection = Connection(provider="hubspot", account=account, app=app, connected_by=by.label)
    connection.fields_known = fields_known or {}
    connection.token, connection.secret = token, secret
    try:
        with transaction.atomic():
            connection.save()
            HookRoute.objects.create(
                provider="hubspot", account=account, app=app, workspace_id=current_workspace_id()
            )
    except IntegrityError as error:
        raise taken from error
    transaction.on_commit(routes.forget)
    return connection


def renew(connection: Connection, *, app: str, token: str, secret: str, fields_known: dict) -> None:
    """New keys for the same account; what waited goes on."""
    hooks = HookRoute.objects.filter(
        provider=connection.provider, account=connection.account, workspace_id=current_workspace_id()
    )
    hooks.update(app=app)
    connection.app, connection.token, connection.secret = app, token, secret
    connection.fields_known = fields_known
    connection.save(update_fields=["app", "token_sealed", "secret_sealed", "fields_known"])
    transaction.on_commit(routes.forget)
    resume(connection)


def pause(connection: Connection, *, by) -> None:
    """Events are still stored and edits still wait; nothing is read or written."""
    _stand(connection, Connection.Status.PAUSED, f"Paused by {by.label}.")


def resume(connection: Connection) -> None:
    _stand(connection, Connection.Status.ACTIVE, "")
    leave_work(INBOX)
    leave_work(OUTBOX)


def disconnect(connection: Connection) -> None:
    """Lets go of the account: keys, mapping, links and queues. Partners and contacts stay as they are."""
    HookRoute.objects.filter(
        provider=connection.provider, account=connection.account, workspace_id=current_workspace_id()
    ).delete()
    OutboxChange.objects.filter(link__connection=connection).delete()
    connection.delete()
    transaction.on_commit(routes.forget)


def _stand(connection: Connection, status: str, message: str) -> None:
    connection.status, connection.message, connection.status_at = status, message, timezone.now()
    connection.resting_until = None
    connection.save(update_fields=["status", "message", "status_at", "resting_until"])
