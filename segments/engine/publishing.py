"""A new build of a segment: filled in beside the old one, then switched in one transaction.

Until the switch the old membership stands. While a build is being filled, every change of a property evaluates
it already; the fill takes the chunk's lock exclusively, so that nobody falls between the two.
"""

import logging
from datetime import datetime
from uuid import UUID

from django.db.models import Max, Q
from django.utils import timezone

from segments import live
from segments.engine import backfill, counting, definitions, exceptions, states
from segments.engine.history import FOLLOW
from segments.models import Build, BuildChange, Segment
from workspaces import jobs, locks
from workspaces.actors import Actor
from workspaces.models import Contact, Partner

log = logging.getLogger(__name__)
INLINE = 5000  # subjects that are filled in within the request
CHUNKS = 128
MODELS = {"partner": Partner, "contact": Contact}


def publish(segment: Segment, *, tree: dict | None, by: Actor) -> Build:
    """Makes a build and fills it: at once in a small workspace, else by a worker."""
    at_once = hold(segment.level)
    definitions.change()
    _supersede(segment)
    build = Build.objects.create(
        segment=segment,
        number=(Build.objects.aggregate(top=Max("number"))["top"] or 0) + 1,
        version=(segment.builds.aggregate(top=Max("version"))["top"] or 0) + 1,
        kind=segment.kind,
        tree=tree,
        total=CHUNKS,
        made_by={"kind": by.kind, "id": by.id, "label": by.label},
    )
    if at_once:
        fill(build, list(range(CHUNKS)))
        switch(build)
        sweep_retired(segment.level, list(range(CHUNKS)))
        segment.refresh_from_db(fields=["live_build", "member_count"])
    else:
        jobs.leave_work("segments.publish")
    return build


def hold(level: str) -> bool:
    """Takes all chunks where the build will be filled within this transaction, and says whether it will be.

    Before the segment's own row is touched: whoever changes a membership holds a chunk and comes to that row
    only at the end.
    """
    if not _few(level):
        return False
    lock(level, list(range(CHUNKS)))
    return True


def lock(level: str, chunks: list[int]) -> None:
    offset = locks.PARTNER_CHUNKS if level == "partner" else 0
    locks.lock_chunks([offset + chunk for chunk in chunks], exclusive=True)


def _few(level: str) -> bool:
    return len(MODELS[level].objects.order_by()[: INLINE + 1].values_list("pk", flat=True)) <= INLINE


def _supersede(segment: Segment) -> None:
    """A build that is still being made will never go live: a newer one is on its way."""
    segment.builds.filter(state__in=[Build.State.BUILDING, Build.State.FAILED]).update(
        state=Build.State.RETIRED, error="", swept=False
    )


def fill(build: Build, chunks: list[int]) -> None:
    """Adds the build to everybody who belongs to it, under the exclusive locks of the chunks."""
    level = build.segment.level
    lock(level, chunks)
    states.make(level, chunks=chunks)
    backfill.add_members(build, chunks)
    build.done += len(chunks)
    build.save(update_fields=["done"])


def switch(build: Build) -> None:
    """The build decides from here on. Nobody changes a membership while the two are compared."""
    definitions.lock_exclusive()
    segment = Segment.objects.select_for_update().get(pk=build.segment_id)
    build.refresh_from_db()
    if build.state != Build.State.BUILDING:
        return
    now = timezone.now()
    members = _remember(build, segment.live_build, now)
    segment.builds.filter(state=Build.State.LIVE).update(state=Build.State.RETIRED, swept=False)
    build.state, build.live_at, build.members = Build.State.LIVE, now, members
    build.save(update_fields=["state", "live_at", "members"])
    if not build.by_rule:
        exceptions.forget(segment)  # there is no rule left that they could be exceptions to
    counting.reset(segment, members)
    segment.live_build = build.number
    segment.save(update_fields=["live_build", "member_count"])
    definitions.change()


def _remember(build: Build, old: int | None, now: datetime) -> int:
    """Writes down who joined and who left, chunk by chunk; returns how many members there are."""
    members, rows, moved = 0, [], set()
    # An archived segment let everybody go, so its first build after that brings everybody back.
    cause = {"why": "restored"} if old is None and build.version > 1 else {}
    for chunk, joined, left, inside in backfill.compare(build.segment.level, build.number, old):
        members += inside
        if joined or left:
            moved |= {*joined, *left}
            row = BuildChange(build=build, segment=build.segment, chunk=chunk, joined=joined, left=left)
            row.at, row.cause = now, cause
            rows.append(row)
    BuildChange.objects.bulk_create(rows)
    if rows:
        jobs.leave_work(FOLLOW)
    live.announce(moved)
    return members


def let_go(segment: Segment, *, by: Actor) -> None:
    """An archived segment has no members: everybody leaves at one moment, and nobody is being counted in."""
    definitions.lock_exclusive()
    _supersede(segment)
    live_build = segment.builds.filter(state=Build.State.LIVE, number=segment.live_build).first()
    if live_build is None:
        return
    now = timezone.now()
    cause = {"why": "archived", "by": {"kind": by.kind, "id": by.id, "label": by.label}}
    rows = [
        BuildChange(build=live_build, segment=segment, chunk=chunk, left=members, at=now, cause=cause)
        for chunk, members, _, _ in backfill.compare(segment.level, live_build.number, None)
    ]
    BuildChange.objects.bulk_create(rows)


def sweep_retired(level: str, chunks: list[int]) -> None:
    """Takes the numbers of retired builds out of the arrays. Numbers are never given out again."""
    retired = Build.objects.filter(state=Build.State.RETIRED, swept=False, segment__level=level)
    numbers = list(retired.values_list("number", flat=True))
    if not numbers:
        return
    backfill.take_out(level, numbers, chunks)
    if len(chunks) == CHUNKS:
        retired.filter(number__in=numbers).update(swept=True)


@jobs.queue("segments.publish")
def drain_builds() -> datetime | None:
    """Fills the build that waits longest, chunk by chunk, each in a short transaction of its own."""
    build_id = _next_build()
    if build_id is None:
        return None
    try:
        while _next_chunk(build_id):
            pass
        with jobs.job_transaction():
            switch(Build.objects.select_related("segment").get(pk=build_id))
            jobs.leave_work("segments.sweep")
    except Exception as error:
        _fail(build_id, error)
        raise
    return timezone.now() if _next_build() is not None else None


def _next_build() -> UUID | None:
    with jobs.job_transaction():
        waiting = Build.objects.filter(state=Build.State.BUILDING).order_by("number")
        return waiting.values_list("pk", flat=True).first()


def _next_chunk(build_id: UUID) -> bool:
    with jobs.job_transaction():
        build = Build.objects.select_related("segment").get(pk=build_id)
        if build.state != Build.State.BUILDING or build.done >= build.total:
            return False
        fill(build, [build.done])
        return True


def _fail(build_id: UUID, error: Exception) -> None:
    """The old membership stands; the screen says what happened and offers to try again."""
    log.exception("A segment could not be rebuilt")
    with jobs.job_transaction():
        Build.objects.filter(pk=build_id, state=Build.State.BUILDING).update(
            state=Build.State.FAILED, error=f"{type(error).__name__}: {error}"[:500]
        )
        definitions.change()


@jobs.queue("segments.sweep")
def drain_sweep() -> None:
    for level in ("partner", "contact"):
        for chunk in range(CHUNKS):
            with jobs.job_transaction():
                sweep_retired(level, [chunk])
        with jobs.job_transaction():
            sweep_retired(level, list(range(CHUNKS)))


def retry(segment: Segment, *, by: Actor) -> Build | None:
    """Once more what could not be built; None where nothing failed."""
    failed = segment.builds.filter(state=Build.State.FAILED).order_by("-number").first()
    return publish(segment, tree=failed.tree, by=by) if failed else None


def building(segment: Segment) -> Build | None:
    """The build that is on its way or stuck, for the screen."""
    return segment.builds.filter(Q(state=Build.State.BUILDING) | Q(state=Build.State.FAILED)).first()
