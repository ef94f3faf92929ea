"""From what was heard to stored events, in the transaction that moves the place behind them.

A CRM that streams is answered by where we ask it to begin next time: nothing counts as heard that is not committed.
"""

from collections.abc import Sequence

from django.utils import timezone

from crm_sync.agreement import audit
from crm_sync.agreement.refreshing import refresh
from crm_sync.connecting.routes import Route
from crm_sync.connectors.salesforce.changes import OVERFLOW, UNREADABLE, Change
from crm_sync.inbound.receiving import insert_events
from crm_sync.models import Connection, ScanPosition, SyncJob
from crm_sync.models.queues import INBOX, SCHEMA, SWEEPS
from crm_sync.streams import leases
from crm_sync.streams.intake import Intake
from crm_sync.sweeps import jobs
from workspaces.jobs import leave_work
from workspaces.tenancy import workspace_transaction

BY = "Change Data Capture"
TOO_MANY = "More changed in Salesforce at once than it tells of: {type} records are compared one by one."
NOT_READ = "An event could not be read: all records are compared one by one."
CONVERTED = "A field was converted in Salesforce: all linked {type} records are read again."
LOST = (
    "Salesforce no longer knew how far we had heard. What it still keeps is heard again, all else compared."
)


def keep(tenure: leases.Tenure, changes: Sequence[Change], place: bytes) -> None:
    """Returns once it is committed. Raises leases.Lost where somebody else listens by now."""
    now = timezone.now()
    with workspace_transaction(tenure.workspace_id):
        stream = leases.held(tenure)
        _store(stream.connection, changes)
        stream.place, stream.from_earliest = place, False
        stream.heard_at, stream.message, stream.tries, stream.told_at = now, "", 0, None
        stream.listening_since = stream.listening_since or now
        stream.leased_until = now + leases.LEASE
        if changes:
            stream.event_at = now
            stream.saved_at = max((c.at for c in changes if c.at), default=stream.saved_at)
        stream.save()


def lose_place(tenure: leases.Tenure) -> int:
    """From the earliest event that is left, and with a comparison for those that are not. How often in a row."""
    with workspace_transaction(tenure.workspace_id):
        stream = leases.held(tenure)
        stream.place, stream.from_earliest, stream.lost_at = None, True, timezone.now()
        stream.listening_since, stream.tries = None, stream.tries + 1
        stream.save(update_fields=["place", "from_earliest", "lost_at", "listening_since", "tries"])
        if stream.tries == 1:
            _compare(stream.connection, Intake(stream.connection, []).types, LOST)
        return stream.tries


def _store(connection: Connection, changes: Sequence[Change]) -> None:
    intake = Intake(connection, changes)
    for change in changes:
        if change.happening == UNREADABLE:
            _compare(connection, intake.types, NOT_READ)
        elif change.happening == OVERFLOW and change.object_type in intake.types:
            _compare(connection, [change.object_type], TOO_MANY.format(type=change.object_type))
        elif change.every_record and change.object_type in intake.types:
            _read_all(connection, change.object_type)
    route = Route(connection.workspace_id, connection.pk, connection.account, "")
    if "pending" in insert_events(route, intake.events()):
        leave_work(INBOX)


def _compare(connection: Connection, object_types: Sequence[str], why: str) -> None:
    """Everything, which finds deletions too; and first what changed lately."""
    if SyncJob.objects.filter(
        connection=connection, kind=SyncJob.Kind.COMPARE, state="running", started_by=BY
    ).exists():
        why = ""  # told already
    places = ScanPosition.objects.filter(connection=connection, object_type__in=object_types)
    places.filter(feed=SyncJob.Kind.SWEEP).update(next_at=timezone.now())
    for object_type in object_types:
        jobs.start(connection, kind=SyncJob.Kind.COMPARE, object_type=object_type, by=BY)
    leave_work(SWEEPS)
    if why:
        audit.note(connection, "stream", why, by=BY)


def _read_all(connection: Connection, object_type: str) -> None:
    """Their stamps need not have moved, so that no comparison would look at them."""
    refresh(connection.records.filter(object_type=object_type, state="linked"))
    Connection.objects.filter(pk=connection.pk).update(fields_read_at=None)
    leave_work(SCHEMA)
    audit.note(connection, "stream", CONVERTED.format(type=object_type), by=BY)
