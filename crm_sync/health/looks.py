"""What the last long looks at a connection came to, object by object."""

from dataclasses import dataclass

from crm_sync.kinds import KINDS
from crm_sync.models import Connection, ScanPosition, SyncJob

LONG_LOOKS = (SyncJob.Kind.SWEEP, SyncJob.Kind.COMPARE)


@dataclass(frozen=True)
class Look:
    """The last one of its kind that was ended; `running` is the one under way, if any."""

    things: str
    kind: str
    last: SyncJob | None
    running: SyncJob | None
    next_at: object

    @property
    def equal(self) -> int:
        return max(0, self.last.seen - self.mended - self.differing - self.last.outside) if self.last else 0

    @property
    def mended(self) -> int:
        return self.last.changed + self.last.created + self.last.archived if self.last else 0

    @property
    def differing(self) -> int:
        return self.last.conflicts + self.last.refused if self.last else 0


def looks_of(connection: Connection) -> list[Look]:
    """Sweeps of what changed lately, and nightly comparisons of everything."""
    jobs = SyncJob.objects.filter(connection=connection, kind__in=LONG_LOOKS)
    ended = jobs.exclude(state=SyncJob.State.RUNNING).order_by("object_type", "kind", "-started_at")
    last = {(job.object_type, job.kind): job for job in ended.distinct("object_type", "kind")}
    running = {(job.object_type, job.kind): job for job in jobs.filter(state=SyncJob.State.RUNNING)}
    places = ScanPosition.objects.filter(connection=connection, feed__in=LONG_LOOKS)
    due = {(place.object_type, place.feed): place.next_at for place in places}
    return [
        Look(KINDS[key[0]].plural, SyncJob.Kind(key[1]).label, last.get(key), running.get(key), due.get(key))
        for object_type in KINDS
        for kind in LONG_LOOKS
        if (key := (object_type, kind)) in due or key in last
    ]
