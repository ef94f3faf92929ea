"""Who listens: one process a stream, for as long as it says so every few seconds."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import close_old_connections
from django.db import connection as database
from django.db.models import Q
from django.utils import timezone

from crm_sync.models import ChangeStream
from workspaces.models import HookRoute
from workspaces.tenancy import workspace_transaction

LEASE = timedelta(seconds=20)
PROVIDER = "salesforce"


class Lost(Exception):
    """Somebody else listens by now, or nobody shall."""


@dataclass(frozen=True)
class Tenure:
    """The right to listen to one stream."""

    workspace_id: UUID
    stream_id: UUID
    listener: UUID


def free_streams(listener: UUID) -> list[Tenure]:
    """Everywhere: streams that are switched on, due, and listened to by nobody."""
    now = timezone.now()
    found = []
    for workspace_id in workspaces_with_streams():
        with workspace_transaction(workspace_id):
            free = ChangeStream.objects.listenable().filter(_free(now), next_at__lte=now)
            found += [Tenure(workspace_id, pk, listener) for pk in free.values_list("pk", flat=True)]
    return found


def workspaces_with_streams() -> list[UUID]:
    """Those with such a connection at all, which is known without entering each."""
    found = HookRoute.objects.filter(provider=PROVIDER).values_list("workspace_id", flat=True)
    return list(found.distinct().order_by("workspace_id"))


def take(tenure: Tenure) -> bool:
    """Whether it is ours now; of several who try, one."""
    now = timezone.now()
    with workspace_transaction(tenure.workspace_id):
        free = ChangeStream.objects.filter(_free(now), pk=tenure.stream_id, enabled=True)
        return bool(free.update(listener=tenure.listener, leased_until=now + LEASE))


def renew(tenure: Tenure, *, is_open: bool) -> bool:
    """Whether to go on listening: not where somebody switched it off or to another channel."""
    now = timezone.now()
    with workspace_transaction(tenure.workspace_id):
        ours = ChangeStream.objects.listenable().filter(pk=tenure.stream_id, listener=tenure.listener)
        if is_open:
            ours.filter(listening_since=None).update(listening_since=now, message="")
        return bool(ours.update(leased_until=now + LEASE))


def give_back(tenure: Tenure) -> None:
    with workspace_transaction(tenure.workspace_id):
        ours = ChangeStream.objects.filter(pk=tenure.stream_id, listener=tenure.listener)
        ours.update(listener=None, leased_until=None, listening_since=None)


def held(tenure: Tenure) -> ChangeStream:
    """The stream, locked, inside a transaction of its workspace. Raises Lost."""
    ours = ChangeStream.objects.listenable().filter(pk=tenure.stream_id, listener=tenure.listener)
    stream = ours.select_for_update(no_key=True, of=("self",)).select_related("connection__workspace").first()
    if stream is None:
        raise Lost
    return stream


def let_database_go() -> None:
    """Lines wait for hours: the connections of a pool are for those who work."""
    if not database.in_atomic_block:  # only a test holds a transaction open around a line
        close_old_connections()


def _free(now) -> Q:
    return Q(listener=None) | Q(leased_until=None) | Q(leased_until__lt=now)
