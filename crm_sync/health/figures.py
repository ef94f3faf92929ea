"""How a connection is doing, in figures that the health page shows."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, Max, Min, Q
from django.db.models.functions import TruncHour
from django.utils import timezone

from crm_sync.models import Connection, InboxEvent, OutboxChange
from crm_sync.models.queues import REFRESH
from crm_sync.models.records import LINKS

DAY = timedelta(hours=24)
WAITING_CHANGES = ["pending", "inflight"]
FAILED_CHANGES = ["parked", "dead"]
LAG = ExpressionWrapper(F("handled_at") - F("received_at"), output_field=DurationField())
WAY_OUT = ExpressionWrapper(F("finished_at") - F("created_at"), output_field=DurationField())


class Percentile(Aggregate):
    function = "percentile_cont"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass
class Hour:
    """What happened in one hour, both ways."""

    at: datetime
    changes: int = 0
    failed: int = 0
    worst: float | None = None  # seconds from a webhook's arrival to the stored value


@dataclass(frozen=True)
class Delay:
    """Seconds, of the last 24 hours."""

    middle: float
    slow: float  # 95 of 100 were faster


@dataclass
class Health:
    latest: InboxEvent | None = None
    waiting: int = 0
    oldest_waiting: datetime | None = None
    failed: int = 0
    changes: int = 0
    lag: "Delay | None" = None  # from an event to the stored value
    way_out: "Delay | None" = None  # from an edit here to the CRM
    hours: list[Hour] = field(default_factory=list)


def health_of(connection: Connection) -> Health:
    now = timezone.now()
    events = InboxEvent.objects.filter(connection=connection)
    changes = OutboxChange.objects.filter(link__connection=connection)
    heard = events.exclude(kind=REFRESH)
    health = Health(latest=heard.order_by("-received_at").first())
    _count_queues(health, events, changes)
    recent = heard.filter(received_at__gte=now - DAY, state="done")
    sent = changes.filter(created_at__gte=now - DAY, state="done")
    count_in, health.lag = _delay(recent, LAG)
    count_out, health.way_out = _delay(sent, WAY_OUT)
    health.changes = count_in + count_out
    health.hours = _hours(heard, changes, now)
    return health


def _delay(rows, took) -> tuple[int, Delay | None]:
    half, most = Percentile(took, fraction=0.5), Percentile(took, fraction=0.95)
    found = rows.aggregate(count=Count("pk"), middle=half, slow=most)
    if found["middle"] is None:
        return found["count"], None
    return found["count"], Delay(found["middle"].total_seconds(), found["slow"].total_seconds())


def counts_of(connections) -> dict:
    """Connection → (waiting, failed), for the list."""
    events = InboxEvent.objects.values("connection").annotate(
        waiting=Count("pk", filter=Q(state="pending")), failed=Count("pk", filter=Q(state="dead"))
    )
    changes = OutboxChange.objects.values("link__connection").annotate(
        waiting=Count("pk", filter=Q(state__in=WAITING_CHANGES)),
        failed=Count("pk", filter=Q(state__in=FAILED_CHANGES)),
    )
    counts = {connection.pk: [0, 0] for connection in connections}
    for row in events.filter(state__in=["pending", "dead"]):
        counts[row["connection"]] = [row["waiting"], row["failed"]]
    for sent in changes.filter(state__in=[*WAITING_CHANGES, *FAILED_CHANGES]):
        of_connection = counts[sent["link__connection"]]
        of_connection[0] += sent["waiting"]
        of_connection[1] += sent["failed"]
    return counts


def name_subjects(connection: Connection, events) -> list[InboxEvent]:
    """Gives events the record and the property that they are about, where the portal knows them."""
    events = list(events)
    ids = {event.external_id for event in events}
    links = connection.records.filter(external_id__in=ids).select_related(*LINKS)
    subjects = {(link.object_type, link.external_id): link.record for link in links}
    mappings = connection.mappings.select_related("prop")
    labels = {(mapping.object_type, mapping.field): mapping.prop.label for mapping in mappings}
    for event in events:
        event.subject = subjects.get((event.object_type, event.external_id))
        event.label = labels.get((event.object_type, event.property), event.property)
    return events


def _count_queues(health: Health, events, changes) -> None:
    came = events.aggregate(
        waiting=Count("pk", filter=Q(state="pending")),
        oldest=Min("received_at", filter=Q(state="pending")),
        failed=Count("pk", filter=Q(state="dead")),
    )
    went = changes.aggregate(
        waiting=Count("pk", filter=Q(state__in=WAITING_CHANGES)),
        oldest=Min("created_at", filter=Q(state__in=WAITING_CHANGES)),
        failed=Count("pk", filter=Q(state__in=FAILED_CHANGES)),
    )
    health.waiting = came["waiting"] + went["waiting"]
    health.failed = came["failed"] + went["failed"]
    health.oldest_waiting = min(filter(None, [came["oldest"], went["oldest"]]), default=None)


def _hours(events, changes, now: datetime) -> list[Hour]:
    first = timezone.localtime(now).replace(minute=0, second=0, microsecond=0) - timedelta(hours=23)
    hours = [Hour(first + timedelta(hours=n)) for n in range(24)]
    by_moment = {hour.at.timestamp(): hour for hour in hours}
    came = events.filter(received_at__gte=first).annotate(hour=TruncHour("received_at")).values("hour")
    for row in came.annotate(
        done=Count("pk", filter=Q(state="done")),
        dead=Count("pk", filter=Q(state="dead")),
        worst=Max(LAG, filter=Q(state="done")),
    ):
        hour = by_moment[row["hour"].timestamp()]
        hour.changes, hour.failed = row["done"], row["dead"]
        hour.worst = row["worst"].total_seconds() if row["worst"] is not None else None
    went = changes.filter(created_at__gte=first).annotate(hour=TruncHour("created_at")).values("hour")
    for row in went.annotate(
        done=Count("pk", filter=Q(state="done")), failed=Count("pk", filter=Q(state__in=FAILED_CHANGES))
    ):
        hour = by_moment[row["hour"].timestamp()]
        hour.changes += row["done"]
        hour.failed += row["failed"]
    return hours
