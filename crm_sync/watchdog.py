"""Notices when a CRM no longer calls us although things change there, and asks more often until it does.

A sweep that finds what no event told of is one miss. Two in a row, and nothing heard in between, are no coincidence:
the address, the secret or the subscriptions are not what they were. The first event that comes ends it.
"""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from crm_sync.agreement import audit
from crm_sync.kinds import KINDS
from crm_sync.limits.trouble import tell_admins
from crm_sync.models import ChangeStream, Connection, InboxEvent, ScanPosition, SyncJob
from crm_sync.models.change_streams import NOBODY_LISTENS
from crm_sync.models.queues import REFRESH

MISSES = 2  # sweeps in a row
ON_ITS_WAY = timedelta(minutes=2)  # what changed this moment may still be told
BEFORE = timedelta(minutes=25)  # how far back a sweep looks
SILENT = (
    "{things} changed in {crm}, and nobody told the portal. It asks every minute until {crm} calls again."
)
HEARD = "{crm} calls again about {things}."
STREAM_SILENT = timedelta(minutes=20)  # a line that is open gives a sign of life every five
STREAM_TOLD = (
    "Change Data Capture has been silent since {since:%H:%M} UTC. The portal asks for changes meanwhile."
)


def is_missed(at: datetime | None) -> bool:
    """Whether a change of this moment, by the CRM's clock, should have been told by now."""
    return at is not None and at < timezone.now() - ON_ITS_WAY


def note_sweep(job: SyncJob) -> None:
    """After a sweep, in the transaction that ends it."""
    connection = job.connection
    place = ScanPosition.objects.filter(
        connection=connection, object_type=job.object_type, feed=SyncJob.Kind.SWEEP
    ).first()
    if place is None or not connection.calls_us:
        return
    since = place.silent_since or job.started_at - BEFORE
    if _heard(connection, job.object_type, since):
        _end(connection, place)
    elif SyncJob.objects.filter(pk=job.pk, missed__gt=0).exists():
        place.misses, place.silent_since = place.misses + 1, since
        if place.misses >= MISSES and place.broken_at is None:
            _begin(connection, place)
    place.save(update_fields=["misses", "silent_since", "broken_at", "next_at"])


def broken(connection: Connection) -> list[ScanPosition]:
    """Where nobody calls us, and nothing was heard since that was found out."""
    places = ScanPosition.objects.filter(connection=connection, broken_at__isnull=False)
    return [p for p in places if p.broken_at and not _heard(connection, p.object_type, p.broken_at)]


def things(places) -> str:
    return " and ".join(KINDS[place.object_type].plural.lower() for place in places)


def _heard(connection: Connection, object_type: str, since: datetime) -> bool:
    events = InboxEvent.objects.filter(connection=connection, object_type=object_type, received_at__gte=since)
    return events.exclude(kind=REFRESH).exists()


def _begin(connection: Connection, place: ScanPosition) -> None:
    place.broken_at = timezone.now()
    place.next_at = min(place.next_at, place.broken_at + timedelta(minutes=1))
    told = SILENT.format(crm=connection, things=KINDS[place.object_type].plural)
    audit.note(connection, "webhooks", told)
    tell_admins(connection, "emails/crm_webhooks", {"things": things([place]), "since": place.silent_since})


def _end(connection: Connection, place: ScanPosition) -> None:
    if place.broken_at is not None:
        audit.note(connection, "webhooks", HEARD.format(crm=connection, things=things([place])))
    place.misses, place.silent_since, place.broken_at = 0, None, None


def tell_of_silent_streams() -> None:
    """Admins hear of a line that has been silent for long: once, and again only after it was heard. In a transaction
    of the workspace, now and then."""
    since = timezone.now() - STREAM_SILENT
    quiet = ChangeStream.objects.listenable().filter(
        Q(heard_at=None) | Q(heard_at__lt=since), switched_at__lt=since, told_at=None
    )
    for stream in quiet.select_related("connection").select_for_update(of=("self",), skip_locked=True):
        stream.told_at = timezone.now()
        stream.save(update_fields=["told_at"])
        begun = stream.heard_at or stream.switched_at
        audit.note(stream.connection, "stream", STREAM_TOLD.format(since=begun))
        tell_admins(
            stream.connection, "emails/crm_stream", {"since": begun, "why": stream.message or NOBODY_LISTENS}
        )
