"""Connecting a CRM account, mapping its fields, linking its records; pausing and letting go."""

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from crm_sync import inbox, providers, routes
from crm_sync.arrival import GONE_FIELD
from crm_sync.connectors.base import CrmError, CrmField, FailureKind
from crm_sync.connectors.hubspot.client import client_for
from crm_sync.delivery import QUEUE as OUTBOX
from crm_sync.models import Connection, ExternalRecord, FieldMapping, OutboxChange
from crm_sync.models.connection import OBJECT_TYPES
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
    return {object_type: [_remembered(f) for f in fields] for object_type, fields in known.items()}


def known_field(connection: Connection, object_type: str, name: str) -> CrmField | None:
    """A field of the CRM as last read."""
    known = connection.fields_known.get(object_type, [])
    return next((CrmField(**item) for item in known if item["name"] == name), None)


def _remembered(field: CrmField) -> dict:
    names = ("name", "label", "type", "widget", "read_only")
    return {name: getattr(field, name) for name in names}


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
    leave_work(inbox.QUEUE)
    leave_work(OUTBOX)


def disconnect(connection: Connection) -> None:
    """Lets go of the account: keys, mapping, links and queues. Partners and contacts stay as they are."""
    HookRoute.objects.filter(
        provider=connection.provider, account=connection.account, workspace_id=current_workspace_id()
    ).delete()
    OutboxChange.objects.filter(link__connection=connection).delete()
    connection.delete()
    transaction.on_commit(routes.forget)


def map_field(
    connection: Connection, *, object_type: str, field: CrmField, prop, direction: str
) -> FieldMapping:
    """Maps a field to a property, or changes the direction. Raises ValueError with the reason."""
    mapping = FieldMapping.objects.filter(connection=connection, prop=prop).first()
    mapping = mapping or FieldMapping(connection=connection, prop=prop)
    mapping.object_type, mapping.field, mapping.label = object_type, field.name, field.label
    mapping.direction, mapping.read_only, mapping.broken = direction, field.read_only, ""
    if reason := providers.misfit(mapping, field):
        raise ValueError(reason)
    if field.read_only and direction != "in":
        raise ValueError(f"{field.label} cannot be written in {connection}: it can only come in.")
    try:
        with transaction.atomic():
            mapping.save()
    except IntegrityError as error:
        raise ValueError(f"{field.label} is mapped to another property already.") from error
    _learn_field(connection, object_type, field)
    inbox.refresh(connection.records.filter(object_type=object_type))
    return mapping


def _learn_field(connection: Connection, object_type: str, field: CrmField) -> None:
    if known_field(connection, object_type, field.name) is None:
        connection.fields_known.setdefault(object_type, []).append(_remembered(field))
        connection.save(update_fields=["fields_known"])


def unmap(mapping: FieldMapping) -> None:
    """Values stay on both sides; what was agreed about them is forgotten."""
    OutboxChange.objects.filter(mapping=mapping).delete()
    for row in mapping.connection.records.filter(agreed__has_key=mapping.field).select_for_update(
        no_key=True
    ):
        del row.agreed[mapping.field]
        row.save(update_fields=["agreed"])
    mapping.delete()


def learn_fields(connection: Connection, known: dict[str, list[dict]]) -> None:
    """Remembers the CRM's fields; a mapping whose field is back, or is gone, is marked so."""
    connection.fields_known = known
    connection.save(update_fields=["fields_known"])
    for mapping in connection.mappings.all():
        there = known_field(connection, mapping.object_type, mapping.field) is not None
        broken = "" if there else GONE_FIELD
        if broken != mapping.broken:
            mapping.broken = broken
            mapping.save(update_fields=["broken"])


def link(connection: Connection, record, external_id: str) -> ExternalRecord:
    """Says that a partner or contact and a record of the CRM are the same, and reads it. Raises ValueError."""
    object_type = "company" if record.level == "partner" else "contact"
    row = ExternalRecord(connection=connection, object_type=object_type, external_id=external_id)
    setattr(row, record.level, record)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise ValueError("One of the two is linked already.") from error
    inbox.refresh([row])
    return row


def replay_events(events) -> int:
    """Tries events again that failed or were put aside."""
    again = events.filter(state__in=["dead", "skipped"])
    count = again.update(state="pending", tries=0, next_at=timezone.now(), reason="", handled_at=None)
    if count:
        leave_work(inbox.QUEUE)
    return count


def resend(changes) -> int:
    """Sends values again that the CRM refused or that were given up, unless a newer one waits."""
    count = 0
    for change in changes.filter(state__in=["parked", "dead"]).select_for_update():
        newer = OutboxChange.objects.filter(link=change.link_id, mapping=change.mapping_id, state="pending")
        if newer.exists():
            continue
        change.state, change.tries, change.next_at, change.finished_at = "pending", 0, timezone.now(), None
        change.save(update_fields=["state", "tries", "next_at", "finished_at"])
        count += 1
    if count:
        leave_work(OUTBOX)
    return count


def _stand(connection: Connection, status: str, message: str) -> None:
    connection.status, connection.message, connection.status_at = status, message, timezone.now()
    connection.resting_until = None
    connection.save(update_fields=["status", "message", "status_at", "resting_until"])
