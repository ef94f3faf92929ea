"""A new build of a segment: filled in beside the old one, then switched in one transaction.

Until the switch the old membership stands. While a build is being filled, every change of a property evaluates
it already; the fill takes the chunk's lock exclusively, so that nobody falls between the two.
"""

from collections.abc import Collection
from uuid import UUID

from django.db.models import F, Max, Q

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

QUEUE = "segments.publish"
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
        jobs.leave_work(QUEUE)
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
        jobs.leave_work(QUEUE)


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
    """Takes the numbers of retired builds out of the arrays, under the locks of all chunks."""
    numbers = _retired(level)
    backfill.take_out(level, numbers, chunks)
    _are_swept(numbers)


def _retired(level: str) -> list[int]:
    """Numbers are never given out again."""
    retired = Build.objects.filter(state=Build.State.RETIRED, swept=False, segment__level=level)
    return list(retired.values_list("number", flat=True))


def _are_swept(numbers: list[int]) -> None:
    Build.objects.filter(state=Build.State.RETIRED, number__in=numbers).update(swept=True)


@jobs.queue("segments.sweep")
def drain_sweep() -> None:
    """States are written under the lock of their chunk alone: who changes some at once would wait in a circle."""
    with jobs.job_transaction():
        staging.forget()
    for level in ("partner", "contact"):
        with jobs.job_transaction():
            numbers = _retired(level)
        for chunk in range(CHUNKS):
            with jobs.job_transaction():
                lock(level, [chunk])
                backfill.take_out(level, numbers, [chunk])
                facts.forget(level, [chunk], definitions.current().facts[level])
        with jobs.job_transaction():
            _are_swept(numbers)
    with jobs.job_transaction():
        jobs.leave_work(rosters.QUEUE)


def retry(segment: Segment, *, by: Actor) -> Build | None:
    """Once more what could not be built; None where nothing failed."""
    failed = segment.builds.filter(state=Build.State.FAILED).order_by("-number").first()
    return publish(segment, tree=failed.tree, by=by) if failed else None


def building(segment: Segment) -> Build | None:
    """The build that is on its way or stuck, for the screen."""
    return segment.builds.filter(Q(state=Build.State.BUILDING) | Q(state=Build.State.FAILED)).first()
