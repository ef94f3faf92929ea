"""The moment at which builds begin to decide. Nobody changes a membership while the old and the new change places."""

import json
from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from segments import live
from segments.engine import backfill, counting, definitions, exceptions, staging
from segments.engine.history import FOLLOW
from segments.models import Build, BuildChange, Segment
from segments.rules.operators import OPERATORS
from segments.rules.tree import Node, conditions
from workspaces import jobs
from workspaces.actors import Actor

OF_HISTORY = {one.name for known in OPERATORS.values() for one in known.values() if one.reads == "history"}


def switch(builds: Iterable[Build]) -> None:
    """The builds decide from here on."""
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
    before = segment.builds.filter(state=Build.State.LIVE)
    forget_facts_of(before)
    before.update(state=Build.State.RETIRED, swept=False)
    build.state, build.live_at, build.members = Build.State.LIVE, now, members
    build.save(update_fields=["state", "live_at", "members"])
    if not build.by_rule:
        exceptions.forget(segment)  # there is no rule left that they could be exceptions to
    counting.reset(segment, members)
    segment.live_build = build.number
    segment.save(update_fields=["live_build", "member_count"])


def _remember(build: Build, old: int | None, now: datetime) -> int:
    """Writes down who joined and who left, chunk by chunk; returns how many members there are."""
    # An archived segment let everybody go, so its first build after that brings everybody back.
    cause = {"why": "restored"} if old is None and build.version > 1 else {}
    members = staging.settle(build, old, at=now, cause=json.dumps(cause))
    if members is None:
        members = _compare(build, old, now, cause)
    jobs.leave_work(FOLLOW)
    return members


def _compare(build: Build, old: int | None, now: datetime, cause: dict) -> int:
    """What was filled at once was not staged: there are few."""
    members, rows, moved = 0, [], set()
    for chunk, joined, left, inside in backfill.compare(build.segment.level, build.number, old):
        members += inside
        if joined or left:
            moved |= {*joined, *left}
            row = BuildChange(build=build, segment=build.segment, chunk=chunk, joined=joined, left=left)
            row.at, row.cause = now, cause
            rows.append(row)
    BuildChange.objects.bulk_create(rows)
    live.announce(moved)
    return members


def supersede(segment: Segment) -> None:
    """A build that is still being made will never go live: a newer one is on its way."""
    segment.builds.filter(state__in=[Build.State.BUILDING, Build.State.FAILED]).update(
        state=Build.State.RETIRED, error="", swept=False
    )


def forget_facts_of(builds: Iterable[Build]) -> None:
    """What was kept for their rules alone leaves the states: by a worker, which takes the locks piece by piece."""
    if any(_asks_for_facts(build.tree) for build in builds if build.tree):
        jobs.leave_work("segments.sweep")


def _asks_for_facts(tree: Node) -> bool:
    """Of related records, of what was done, or of the past."""
    return any(":" in str(leaf["p"]) or leaf["op"] in OF_HISTORY for _, leaf in conditions(tree))


def let_go(segment: Segment, *, by: Actor) -> None:
    """An archived segment has no members: everybody leaves at one moment, and nobody is being counted in."""
    definitions.lock_exclusive()
    supersede(segment)
    live_build = segment.builds.filter(state=Build.State.LIVE).first()
    if live_build is None or segment.live_build != live_build.number:
        return
    forget_facts_of([live_build])
    now = timezone.now()
    cause = {"why": "archived", "by": {"kind": by.kind, "id": by.id, "label": by.label}}
    rows = [
        BuildChange(build=live_build, segment=segment, chunk=chunk, left=members, at=now, cause=cause)
        for chunk, members, _, _ in backfill.compare(segment.level, live_build.number, None)
    ]
    BuildChange.objects.bulk_create(rows)
