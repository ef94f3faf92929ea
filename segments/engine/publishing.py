"""A new build of a segment: filled in beside the old one, then switched in one transaction.

Until the switch the old membership stands. While a build is being filled, every change of a property evaluates
it already; the fill takes the chunk's lock exclusively, so that nobody falls between the two.
"""

import logging
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import F, Max, Q
from django.utils import timezone

from segments import live
from segments.engine import backfill, counting, definitions, dependents, exceptions, states
from segments.engine.history import FOLLOW
from segments.models import Build, BuildChange, Segment
from segments.rules.expressions import facts as facts_of
from segments.rules.lower import lower
from segments.rules.tree import conditions
from workspaces import jobs, locks
from workspaces.actors import Actor
from workspaces.keys import uuid7
from workspaces.models import Contact, Partner

log = logging.getLogger(__name__)
INLINE = 5000  # subjects that are filled in within the request
CHUNKS = 128
MODELS = {"partner": Partner, "contact": Contact}


def publish(segment: Segment, *, tree: dict | None, by: Actor) -> Build:
    """Makes a build and fills it: at once in a small workspace, else by a worker.

    Rules that ask for the segment get builds of their own, and all go live together.
    """
    others = dependents.following(segment)
    at_once = hold(segment.level, others, tree)
    definitions.change()
    rules = [(segment, tree), *((other, dependents.rule_of(other)) for other in others)]
    batch = uuid7()
    builds = [_make(one, rule, by=by, batch=batch) for one, rule in rules]
    if at_once:
        _build_at_once(builds)
        segment.refresh_from_db(fields=["live_build", "member_count"])
    else:
        jobs.leave_work("segments.publish")
    return builds[0]


def follow(segment: Segment, *, by: Actor) -> None:
    """Builds again what asks for a segment whose members have changed all at once."""
    others = dependents.following(segment)
    if not others:
        return
    at_once = hold(others[0].level, others)
    definitions.change()
    batch = uuid7()
    builds = [_make(other, dependents.rule_of(other), by=by, batch=batch) for other in others]
    if at_once:
        _build_at_once(builds)
    else:
        jobs.leave_work("segments.publish")


def _make(segment: Segment, tree: dict | None, *, by: Actor, batch: UUID) -> Build:
    _supersede(segment)
    return Build.objects.create(
        segment=segment,
        number=(Build.objects.aggregate(top=Max("number"))["top"] or 0) + 1,
        version=(segment.builds.aggregate(top=Max("version"))["top"] or 0) + 1,
        kind=segment.kind,
        tree=tree,
        total=CHUNKS,
        batch=batch,
        made_by={"kind": by.kind, "id": by.id, "label": by.label},
    )


def _build_at_once(builds: list[Build]) -> None:
    everybody = list(range(CHUNKS))
    for build in builds:
        fill(build, everybody)
    switch(builds)
    for level in {build.segment.level for build in builds}:
        sweep_retired(level, everybody)


def hold(level: str, others: Collection[Segment] = (), tree: dict | None = None) -> bool:
    """Takes all chunks where builds will be filled within this transaction, and says whether they will be.

    Before the segment's own row is touched: whoever changes a membership holds a chunk and comes to that row
    only at the end. What is asked of related records and of activity is changed under the chunks of both levels.
    """
    rules = [(level, tree), *((other.level, dependents.rule_of(other)) for other in others)]
    both = any(rule and _asks_beside(of, rule) for of, rule in rules)
    levels = set(MODELS) if both else {of for of, _ in rules}
    if not all(_few(one) for one in levels):
        return False
    locks.lock_chunks([_offset(one) + chunk for one in levels for chunk in range(CHUNKS)], exclusive=True)
    return True


def _asks_beside(level: str, tree: dict) -> bool:
    """Of related records or activity, by itself or through a segment that it asks for."""
    if all(isinstance(leaf["p"], int) for _, leaf in conditions(tree)):
        return False
    asked = facts_of(lower(tree, definitions.fields_of(level, everything=False)))
    return any(fact.kind != "history" for _, fact in asked)


def lock(level: str, chunks: list[int]) -> None:
    locks.lock_chunks([_offset(level) + chunk for chunk in chunks], exclusive=True)


def _offset(level: str) -> int:
    return locks.PARTNER_CHUNKS if level == "partner" else 0


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
    if 0 in chunks and backfill.asks_about_partners(build):
        everybody = list(range(CHUNKS))
        lock("partner", everybody)
        backfill.fill_partners(build, everybody)
    backfill.add_members(build, chunks)
    build.done += len(chunks)
    build.save(update_fields=["done"])


def switch(builds: Iterable[Build]) -> None:
    """The builds decide from here on. Nobody changes a membership while the old and the new are compared."""
    definitions.lock_exclusive()
    now = timezone.now()
    for build in builds:
        _switch_one(build, now)
    definitions.change()


def _switch_one(build: Build, now: datetime) -> None:
    segment = Segment.objects.select_for_update().get(pk=build.segment_id)
    build.refresh_from_db()
    if build.state != Build.State.BUILDING:
        return
    members = _remember(build, segment.live_build, now)
    segment.builds.filter(state=Build.State.LIVE).update(state=Build.State.RETIRED, swept=False)
    build.state, build.live_at, build.members = Build.State.LIVE, now, members
    build.save(update_fields=["state", "live_at", "members"])
    if not build.by_rule:
        exceptions.forget(segment)  # there is no rule left that they could be exceptions to
    counting.reset(segment, members)
    segment.live_build = build.number
    segment.save(update_fields=["live_build", "member_count"])


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
    live_build = segment.builds.filter(state=Build.State.LIVE).first()
    if live_build is None or segment.live_build != live_build.number:
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
    """Fills the builds that wait longest, chunk by chunk, each in a short transaction of its own."""
    batch = _next_batch()
    if batch is None:
        return None
    try:
        _wait_for_those_before()
        while (build := _unfilled(batch)) is not None:
            _next_chunk(build)
        with jobs.job_transaction():
            switch(_of_batch(batch))
            jobs.leave_work("segments.sweep")
    except Exception as error:
        _fail(batch, error)
        raise
    return timezone.now() if _next_batch() is not None else None


def _wait_for_those_before() -> None:
    """Who changes a contact asks under its chunk's lock whether its partner follows. Those who asked before this
    build was there are through when every chunk has been ours for a moment.
    """
    with jobs.job_transaction():
        lock("contact", list(range(CHUNKS)))


def _next_batch() -> UUID | None:
    with jobs.job_transaction():
        waiting = Build.objects.filter(state=Build.State.BUILDING).order_by("number")
        return waiting.values_list("batch", flat=True).first()


def _of_batch(batch: UUID):
    """In the order of their making: a list of picked members stands before the rules that ask for it."""
    waiting = Build.objects.filter(batch=batch, state=Build.State.BUILDING)
    return waiting.select_related("segment").order_by("number")


def _unfilled(batch: UUID) -> UUID | None:
    with jobs.job_transaction():
        return _of_batch(batch).filter(done__lt=F("total")).values_list("pk", flat=True).first()


def _next_chunk(build_id: UUID) -> None:
    with jobs.job_transaction():
        build = Build.objects.select_related("segment").get(pk=build_id)
        if build.state == Build.State.BUILDING and build.done < build.total:
            fill(build, [build.done])


def _fail(batch: UUID, error: Exception) -> None:
    """The old membership stands; the screen says what happened and offers to try again."""
    log.exception("A segment could not be rebuilt")
    with jobs.job_transaction():
        Build.objects.filter(batch=batch, state=Build.State.BUILDING).update(
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
