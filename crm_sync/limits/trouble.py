"""What the admins of a connection are mailed; and that one which can no longer sign in stops, once."""

from django.db import transaction
from django.utils import timezone

from crm_sync.models import Connection
from workspaces import mailing
from workspaces.models import TeamMember, Workspace


def needs_sign_in(connection: Connection, message: str) -> bool:
    """Whether this call was the one that stopped it. What waits to be sent stays where it is."""
    active = Connection.objects.filter(pk=connection.pk, status=Connection.Status.ACTIVE)
    stopped = active.update(
        status=Connection.Status.NEEDS_AUTH, message=message, status_at=timezone.now(), resting_until=None
    )
    if stopped:
        tell_admins(connection, "emails/crm_sign_in", {"message": message})
    return bool(stopped)


def tell_admins(connection: Connection, template: str, more: dict[str, object]) -> None:
    """After the commit: a mail must not tell of what did not happen."""
    workspace = Workspace.objects.get(pk=connection.workspace_id)
    admins = TeamMember.objects.filter(access__in=["owner", "admin"], joined_at__isnull=False)
    addresses = list(admins.values_list("user__email", flat=True))
    context: dict[str, object] = {"connection": str(connection), "account": connection.account}
    context |= {"connection_id": connection.pk} | more

    def send() -> None:
        for address in addresses:
            mailing.send(template, address, context, workspace=workspace)

    transaction.on_commit(send)
