"""Starting and stopping long looks, and what they count."""

from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.utils import timezone

from crm_sync.agreement import audit
from crm_sync.models import Connection, SyncJob
from crm_sync.models.queues import SWEEPS
from workspaces.jobs import leave_work

SAMPLES = 8
COUNTED = ("created", "changed", "conflicts", "archived", "outside", "refused")


@dataclass
class Tally:
    """What one page came to."""

    seen: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))
    samples: dict[str, list[str]] = field(default_factory=dict)
    missed: int = 0  # changes that somebody should have told us of by then

    def add(self, what: str, sample: str = "") -> None:
        self.counts[what] += 1
        listed = self.samples.setdefault(what, [])
        if sample and len(listed) < SAMPLES:
            listed.append(sample[:200])


def start(connection: Connection, *, kind: str, object_type: str, by: object, cursor: str = "") -> SyncJob:
    """Begins a look, or returns the one that is under way."""
    try:
        with transaction.atomic():
            job = SyncJob.objects.create(
                connection=connection, kind=kind, object_type=object_type, started_by=str(by), cursor=cursor
            )
    except IntegrityError:
        return SyncJob.objects.get(connection=connection, kind=kind, object_type=object_type, state="running")
    if kind in (SyncJob.Kind.DRY_RUN, SyncJob.Kind.BACKFILL):
        SyncJob.objects.filter(
            connection=connection, kind=SyncJob.Kind.DRY_RUN, object_type=object_type, state="done"
        ).delete()
        audit.note(
            connection, "job", f"{job.get_kind_display()} of {object_type} records was started.", by=by
        )
    leave_work(SWEEPS)
    return job


def cancel(job: SyncJob, *, by: object) -> bool:
    """What is done stays done. The page that is being worked on is the last."""
    running = SyncJob.objects.filter(pk=job.pk, state=SyncJob.State.RUNNING)
    if not running.update(state=SyncJob.State.CANCELLED, finished_at=timezone.now()):
        return False
    audit.note(job.connection, "job", f"{job.get_kind_display()} was cancelled.", by=by)
    return True


def resume(job: SyncJob, *, by: object) -> bool:
    """From where it stood."""
    stopped = SyncJob.objects.filter(pk=job.pk, state__in=[SyncJob.State.CANCELLED, SyncJob.State.FAILED])
    try:
        with transaction.atomic():
            again = stopped.update(
                state=SyncJob.State.RUNNING, finished_at=None, message="", next_at=timezone.now()
            )
    except IntegrityError:
        return False
    if again:
        audit.note(job.connection, "job", f"{job.get_kind_display()} goes on.", by=by)
        leave_work(SWEEPS)
    return bool(again)


def note_page(job: SyncJob, tally: Tally, *, cursor: str) -> bool:
    """Cursor and counts in one go. Returns whether the job is still wanted."""
    row = SyncJob.objects.select_for_update().get(pk=job.pk)
    row.seen += tally.seen
    row.missed += tally.missed
    for name, count in tally.counts.items():
        setattr(row, name, getattr(row, name) + count)
        if have := tally.samples.get(name):
            row.samples[name] = [*row.samples.get(name, []), *have][:SAMPLES]
    row.cursor, row.moved_at, row.leased_until, row.message = cursor, timezone.now(), None, ""
    row.save(
        update_fields=["seen", "missed", *COUNTED, "samples", "cursor", "moved_at", "leased_until", "message"]
    )
    return row.state == SyncJob.State.RUNNING


def finish(job: SyncJob, *, state: str = SyncJob.State.DONE, message: str = "") -> None:
    SyncJob.objects.filter(pk=job.pk, state=SyncJob.State.RUNNING).update(
        state=state, message=message, finished_at=timezone.now(), leased_until=None
    )
