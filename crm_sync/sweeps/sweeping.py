"""Works on long looks page by page: claim, ask, take in, note the place. A page that was interrupted is taken again.

What webhooks forget is found by sweeps of what changed lately; what sweeps forget, by a comparison of everything
each night.
"""

import time
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Min, Q
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from crm_sync import watchdog
from crm_sync.agreement.refreshing import refresh
from crm_sync.connecting.providers import connector_for
from crm_sync.connectors.base import Connector, ScanCursor
from crm_sync.connectors.failures import CrmError, FailureKind
from crm_sync.connectors.throttling import Priority
from crm_sync.inbound.inbox import intake_of
from crm_sync.kinds import KINDS
from crm_sync.limits import retries
from crm_sync.models import Connection, ExternalRecord, ImportRule, ScanPosition, SyncJob
from crm_sync.models.queues import SWEEPS
from crm_sync.sweeps import jobs
from crm_sync.sweeps.pages import Page
from workspaces.jobs import job_transaction, queue

LEASE = 4 * timedelta(seconds=settings.LEASE_SECONDS)  # a page is several calls and a hundred records
OVERLAP = timedelta(minutes=10)  # the CRM's index is behind, and its clock is not ours
EVERY = timedelta(minutes=15)
EVERY_POLL = timedelta(minutes=1)  # where nobody calls us
EVERY_COMPARE = timedelta(hours=24)
FIRST_LOOK = timedelta(hours=1)
# Seconds; then it is another's turn, and the relay rings again. A page takes a fraction of one, so that what waits
# for this worker, such as an edit on its way to the CRM, does not wait for an import.
AT_A_TIME = 2.0
GIVE_UP_AFTER = timedelta(hours=24)
PRIORITIES: dict[str, Priority] = {SyncJob.Kind.SWEEP: Priority.SWEEP}


@queue(SWEEPS)
def drain():
    until = time.monotonic() + AT_A_TIME
    with job_transaction():
        plan_sweeps()
        watchdog.tell_of_silent_streams()
    while True:
        with job_transaction():
            job = claim_job()
        if job is None:
            break
        step(job)
        if time.monotonic() > until:
            return timezone.now()
    with job_transaction():
        return next_due()


def plan_sweeps() -> None:
    """Begins what is due for every object type that is mapped or let in."""
    now = timezone.now()
    for connection in Connection.objects.working().defer("fields_known"):
        for object_type in _types_of(connection):
            for feed, every in (
                (SyncJob.Kind.SWEEP, _interval(connection)),
                (SyncJob.Kind.COMPARE, EVERY_COMPARE),
            ):
                _plan(connection, object_type, feed, every, now)


def _types_of(connection: Connection) -> list[str]:
    mapped = set(connection.mappings.values_list("object_type", flat=True))
    ruled = ImportRule.objects.filter(connection=connection, enabled=True).values_list(
        "object_type", flat=True
    )
    return [object_type for object_type in KINDS if object_type in mapped | set(ruled)]


def _interval(connection: Connection) -> timedelta:
    return EVERY if connection.calls_us else EVERY_POLL


def _plan(connection, object_type: str, feed: str, every: timedelta, now: datetime) -> None:
    first = now if feed == SyncJob.Kind.SWEEP else now + EVERY_COMPARE
    place, _ = ScanPosition.objects.get_or_create(
        connection=connection, object_type=object_type, feed=feed, defaults={"next_at": first}
    )
    if place.next_at > now:
        return
    place.next_at = now + (EVERY_POLL if place.broken_at else every)
    place.save(update_fields=["next_at"])
    cursor = ""
    if feed == SyncJob.Kind.SWEEP:
        begun = ScanCursor.from_text(place.cursor).at if place.cursor else now - FIRST_LOOK
        cursor = str(ScanCursor(begun - OVERLAP))
    jobs.start(connection, kind=feed, object_type=object_type, by=connection, cursor=cursor)


def claim_job() -> SyncJob | None:
    now = timezone.now()
    free = SyncJob.objects.filter(
        Q(leased_until=None) | Q(leased_until__lt=now),
        state=SyncJob.State.RUNNING,
        next_at__lte=now,
        connection__in=Connection.objects.working(),
    )
    # The one that waited longest: no import keeps another connection's sweep from its turn.
    job = free.order_by("moved_at").select_for_update(skip_locked=True, of=("self",)).first()
    if job is not None:
        job.leased_until = now + LEASE
        job.save(update_fields=["leased_until"])
        job.connection = Connection.objects.select_related("workspace").get(pk=job.connection_id)
    return job


def step(job: SyncJob) -> None:
    """One page, outside every transaction as far as the CRM is asked."""
    try:
        connector = connector_for(job.connection, priority=PRIORITIES.get(job.kind, Priority.BACKFILL))
        with job_transaction():
            intake = intake_of(job.connection, job.object_type)
            intake = replace(intake, trial=job.kind == SyncJob.Kind.DRY_RUN)
        fields = sorted(intake.fields())
        if job.kind == SyncJob.Kind.SWEEP:
            answer = connector.scan(job.object_type, job.cursor, fields)
        else:
            answer = connector.list_all(job.object_type, job.cursor, fields)
        tally = Page(connector, job, job.connection, intake, answer.records).work_off()
        if answer.done:
            _close(connector, job, tally)
    except CrmError as error:
        with job_transaction():
            _postpone(job, error.failure)
        return
    with job_transaction():
        retries.recovered(job.connection)
        wanted = jobs.note_page(job, tally, cursor=answer.cursor)
        if wanted and answer.done:
            jobs.finish(job)
            _keep_place(job, answer.cursor)
            if job.kind == SyncJob.Kind.SWEEP:
                watchdog.note_sweep(job)


def _close(connector: Connector, job: SyncJob, tally: jobs.Tally) -> None:
    """What a list of living records cannot tell: who is gone."""
    if job.kind == SyncJob.Kind.SWEEP:
        _follow_deletions(connector, job, tally)
    elif job.kind == SyncJob.Kind.COMPARE:
        with job_transaction():
            missing = ExternalRecord.objects.linked().filter(
                Q(seen_at=None) | Q(seen_at__lt=job.started_at),
                connection=job.connection,
                object_type=job.object_type,
            )
            refresh(missing)  # which finds each deleted, merged, or merely younger than the list


def _follow_deletions(connector: Connector, job: SyncJob, tally: jobs.Tally) -> None:
    since, cursor, done = job.started_at - EVERY - OVERLAP, "", False
    while not done:
        page = connector.deleted(job.object_type, since, cursor)
        with job_transaction():
            for deletion in page.deletions:
                link = ExternalRecord.objects.linked().filter(
                    connection=job.connection,
                    object_type=job.object_type,
                    external_id=deletion.external_id,
                )
                if found := link.first():
                    tally.add("archived", str(found.record))
                    tally.missed += watchdog.is_missed(deletion.at)
                    refresh([found])  # the look decides: deleted, merged, or there again
        cursor, done = page.cursor, page.done


def _keep_place(job: SyncJob, cursor: str) -> None:
    if job.kind == SyncJob.Kind.SWEEP:
        ScanPosition.objects.filter(
            connection=job.connection, object_type=job.object_type, feed=job.kind
        ).update(cursor=cursor, at=timezone.now())
        # Of looks that found nothing the last one is enough.
        quiet = SyncJob.objects.filter(
            connection=job.connection, object_type=job.object_type, kind=job.kind, state="done"
        ).filter(created=0, changed=0, conflicts=0, archived=0, refused=0)
        quiet.exclude(pk=job.pk).delete()


def _postpone(job: SyncJob, failure) -> None:
    retries.rest(job.connection, failure)
    if job.moved_at < timezone.now() - GIVE_UP_AFTER or failure.kind not in retries.WAITS:
        jobs.finish(job, state=SyncJob.State.FAILED, message=failure.message)
        return
    at = retries.next_try(3, retry_after=failure.retry_after)
    if failure.kind == FailureKind.BUDGET:  # nothing failed: its turn comes when the allowance says
        at = timezone.now() + timedelta(seconds=failure.retry_after or 1.0)
    SyncJob.objects.filter(pk=job.pk).update(message=failure.message, leased_until=None, next_at=at)


def next_due() -> datetime | None:
    now = timezone.now()
    working = Connection.objects.working()  # one that rests is looked at again by the recurring ring
    running = SyncJob.objects.filter(state="running", connection__in=working)
    free_at = Greatest("next_at", Coalesce("leased_until", "next_at"))
    soon = running.aggregate(at=Min(free_at))["at"]
    later = ScanPosition.objects.filter(connection__in=working).aggregate(at=Min("next_at"))["at"]
    found = [at for at in (soon, later) if at]
    return max(min(found), now + timedelta(seconds=1)) if found else None
