"""A new build of a segment: filled in beside the old one, then switched in one transaction.

Until the switch the old membership stands. While a build is being filled, every change of a property evaluates
it already; the fill takes the chunk's lock exclusively, so that nobody falls between the two.
"""

import logging
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import F, Max, Q
from django.utils import timezone

from segments.engine import (
    backfill,
    definitions,
    dependents,
    facts,
    filling,
    rosters,
    scouting,
    staging,
    states,
    switching,
)
from segments.models import Build, Segment
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
AT_ONCE = 8000  # subjects that are filled in one transaction, as far as chunks allow
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
    switching.supersede(segment)
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
        fill([build], everybody, staged=False)
    switching.switch(builds)
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


def fill(builds: list[Build], chunks: list[int], *, staged: bool = True) -> None:
    """Adds builds of one level to everybody who belongs to them, under the exclusive locks of the chunks."""
    level = builds[0].segment.level
    lock(level, chunks)
    known = scouting.scouted(builds, chunks[0]) if staged else set()
    for build in builds:
        if build.pk in known:
            scouting.apply(build, chunks)
    _fill_unknown([build for build in builds if build.pk not in known], chunks, staged=staged)
    Build.objects.filter(pk__in=[build.pk for build in builds]).update(done=F("done") + len(chunks))
    for build in builds:
        build.done += len(chunks)


def _fill_unknown(builds: list[Build], chunks: list[int], *, staged: bool) -> None:
    if not builds:
        return
    level = builds[0].segment.level
    states.make(level, chunks=chunks)
    if staged:
        backfill.take_out_drifted(builds, chunks)
    rules = definitions.current().rules_of(level, [build.number for build in builds if build.by_rule])
    if 0 in chunks and level == "contact" and any(of == "partner" for of, _ in rules.facts):
        everybody = list(range(CHUNKS))
        lock("partner", everybody)
        backfill.fill_partners(rules, everybody)
    filling.fill(builds, chunks)
    if staged:
        staging.stage(builds, chunks)


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
        lock("contact", list(range(CHUNKS)))


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
        counts = {level: model.objects.count() for level, model in MODELS.items()}
    return {level: max(1, CHUNKS * AT_ONCE // max(count, 1)) for level, count in counts.items()}


def _scout(batches: list[UUID], pace: dict[str, int]) -> None:
    """A few rules over many are looked at as a whole first. Nobody may be without a state by then."""
    with jobs.job_transaction():
        waiting = list(_of_batches(batches)[: filling.ONE_BY_ONE + 1])
        found = definitions.current()
        wanted = [
            one.pk for one in waiting if pace[one.segment.level] < CHUNKS and scouting.can_be(one, found)
        ]
        whole = {
            level
            for level in MODELS
            if MODELS[level].objects.count() == backfill.STATES[level].objects.count()
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
            lock(builds[0].segment.level, chunks)
            if not _still_wanted(builds):
                return True
            fill(builds, chunks)
        if builds[0].done >= total:
            return True
    return False


def _still_wanted(builds: list[Build]) -> bool:
    """Held until the end of the transaction, so that none is superseded while it is filled. After the chunks'
    locks, which who publishes in a small workspace has by then, too.
    """
    wanted = Build.objects.filter(pk__in=[build.pk for build in builds], state=Build.State.BUILDING)
    held = wanted.order_by("number").select_for_update(no_key=True).values_list("pk", flat=True)
    return len(held) == len(builds)


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


@jobs.queue("segments.sweep")
def drain_sweep() -> None:
    with jobs.job_transaction():
        staging.forget()
    for level in ("partner", "contact"):
        for chunk in range(CHUNKS):
            with jobs.job_transaction():
                lock(level, [chunk])
                sweep_retired(level, [chunk])
                facts.forget(level, [chunk], definitions.current().facts[level])
        with jobs.job_transaction():
            sweep_retired(level, list(range(CHUNKS)))
    with jobs.job_transaction():
        jobs.leave_work(rosters.QUEUE)


def retry(segment: Segment, *, by: Actor) -> Build | None:
    """Once more what could not be built; None where nothing failed."""
    failed = segment.builds.filter(state=Build.State.FAILED).order_by("-number").first()
    return publish(segment, tree=failed.tree, by=by) if failed else None


def building(segment: Segment) -> Build | None:
    """The build that is on its way or stuck, for the screen."""
    return segment.builds.filter(Q(state=Build.State.BUILDING) | Q(state=Build.State.FAILED)).first()
