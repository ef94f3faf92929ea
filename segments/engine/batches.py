"""Builds that wait for a worker: those of one batch are filled chunk by chunk and go live together."""

import logging
from datetime import datetime
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from segments.engine import backfill, definitions, filling, publishing, scouting, switching
from segments.models import Build
from workspaces import jobs, statements
from workspaces.statements import array
from workspaces.tenancy import current_workspace_id

log = logging.getLogger(__name__)
WANTED = """
    SELECT id FROM segments_build WHERE workspace_id = %s::uuid AND id = ANY (%s::uuid[]) AND state = %s::text
    ORDER BY number FOR NO KEY UPDATE"""
AT_ONCE = 8000  # subjects that are filled in one transaction, as far as chunks allow


@jobs.queue(publishing.QUEUE)
def drain_builds() -> datetime | None:
    """Fills all builds that wait, chunk by chunk, each in a short transaction of its own; then each batch switches."""
    batches = _waiting()
    if not batches:
        return None
    _wait_for_those_before()
    try:
        _fill_all(batches)
    except Exception:
        if len(batches) == 1:
            raise
        log.exception("Builds could not be filled together: one batch after the other")
        for batch in batches:
            _fill_all([batch])
    return timezone.now() if _waiting() else None


def _fill_all(batches: list[UUID]) -> None:
    try:
        pace = _pace()
        _scout(batches, pace)
        while _fill_some(batches, pace):
            pass
        for batch in batches:
            with jobs.job_transaction():
                switching.switch(_of_batches([batch]))
        with jobs.job_transaction():
            jobs.leave_work("segments.sweep")
    except Exception as error:
        if len(batches) == 1:
            _fail(batches[0], error)
        raise


def _wait_for_those_before() -> None:
    """Who changes a contact asks under its chunk's lock whether its partner follows. Those who asked before this
    build was there are through when every chunk has been ours for a moment.
    """
    with jobs.job_transaction():
        publishing.lock("contact", list(range(publishing.CHUNKS)))


def _waiting() -> list[UUID]:
    """The batches that wait, the oldest first."""
    with jobs.job_transaction():
        waiting = Build.objects.filter(state=Build.State.BUILDING).order_by("number")
        return list(dict.fromkeys(waiting.values_list("batch", flat=True)))


def _of_batches(batches: list[UUID]):
    """In the order of their making: a list of picked members stands before the rules that ask for it."""
    waiting = Build.objects.filter(batch__in=batches, state=Build.State.BUILDING)
    return waiting.select_related("segment").order_by("number")


def _pace() -> dict[str, int]:
    """How many chunks of a level are filled in one transaction: who changes somebody there waits for its end."""
    with jobs.job_transaction():
        counts = {level: model.objects.count() for level, model in publishing.MODELS.items()}
    return {level: max(1, publishing.CHUNKS * AT_ONCE // max(count, 1)) for level, count in counts.items()}


def _scout(batches: list[UUID], pace: dict[str, int]) -> None:
    """A few rules over many are looked at as a whole first. Nobody may be without a state by then."""
    with jobs.job_transaction():
        waiting = list(_of_batches(batches)[: filling.ONE_BY_ONE + 1])
        found = definitions.current()
        wanted = [
            one.pk
            for one in waiting
            if pace[one.segment.level] < publishing.CHUNKS and scouting.can_be(one, found)
        ]
        whole = {
            level
            for level in publishing.MODELS
            if publishing.MODELS[level].objects.count() == backfill.STATES[level].objects.count()
        }
    for pk in wanted if len(waiting) <= filling.ONE_BY_ONE else ():
        with jobs.job_transaction():
            build = _of_batches(batches).filter(pk=pk).first()
            if build is not None and build.segment.level in whole:
                scouting.scout(build)


def _fill_some(batches: list[UUID], pace: dict[str, int]) -> bool:
    """All chunks of some builds, or as far as all of them are still wanted."""
    with jobs.job_transaction():
        builds = _unfilled(batches)
    while builds:
        count = pace[builds[0].segment.level] if len(builds) <= filling.ONE_BY_ONE else 1
        done, total = builds[0].done, builds[0].total
        chunks = list(range(done, min(done + count, total)))
        with jobs.job_transaction():
            publishing.lock(builds[0].segment.level, chunks)
            if not _still_wanted(builds):
                return True
            publishing.fill(builds, chunks)
        if builds[0].done >= total:
            return True
    return False


def _still_wanted(builds: list[Build]) -> bool:
    """Held until the end of the transaction, so that none is superseded while it is filled. After the chunks'
    locks, which who publishes in a small workspace has by then, too.
    """
    params = [current_workspace_id(), array(build.pk for build in builds), Build.State.BUILDING]
    return len(statements.run(WANTED, params)) == len(builds)


def _unfilled(batches: list[UUID]) -> list[Build]:
    """Builds of one level that have come equally far: partners' first, since contacts' rules may ask for them."""
    found = _of_batches(batches).filter(done__lt=F("total")).defer("tree")
    first = found.order_by("-segment__level", "number").first()
    return list(found.filter(segment__level=first.segment.level, done=first.done)) if first else []


def _fail(batch: UUID, error: Exception) -> None:
    """The old membership stands; the screen says what happened and offers to try again."""
    log.exception("A segment could not be rebuilt")
    with jobs.job_transaction():
        Build.objects.filter(batch=batch, state=Build.State.BUILDING).update(
            state=Build.State.FAILED, error=f"{type(error).__name__}: {error}"[:500]
        )
        definitions.change()
