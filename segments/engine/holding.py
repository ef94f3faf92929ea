"""What becomes of those whom the circuit breaker holds: released, kept, or no longer held by themselves."""

import json
from collections.abc import Callable
from functools import partial

from django.db import connection, transaction
from django.utils import timezone

from segments.engine import backfill, definitions, dependents, membership, publishing, staging
from segments.engine.causes import Cause
from segments.engine.history import Change
from segments.models import Build, Hold, Segment
from workspaces import jobs, mailing
from workspaces.actors import Actor
from workspaces.models import TeamMember, Workspace
from workspaces.tenancy import current_workspace_id

KEPT = "Kept after a sync"
STATES = Hold.State
ALL = list(range(publishing.CHUNKS))
TOLD = (TeamMember.Access.OWNER, TeamMember.Access.ADMIN)

KEEP = """
    WITH kept AS (
        UPDATE segments_{level}state SET held = array_remove(held, %(number)s),
               exceptions = exceptions || jsonb_build_object(%(key)s, '{{"in": true}}'::jsonb)
        WHERE workspace_id = %(workspace)s AND chunk = ANY (%(chunks)s)
          AND held <> '{{}}' AND %(number)s = ANY (held)
        RETURNING {level}_id AS id
    )
    INSERT INTO segments_segmentexception
           (id, workspace_id, segment_id, {level}_id, included, reason, made_by, made_at)
    SELECT uuidv7(), %(workspace)s, %(segment)s, id, true, %(reason)s, %(by)s, %(now)s FROM kept
    ON CONFLICT (workspace_id, segment_id, {level}_id)
    DO UPDATE SET included = true, until = NULL, reason = excluded.reason,
                  made_by = excluded.made_by, made_at = excluded.made_at"""


def release(hold: Hold, *, by: Actor) -> None:
    """They leave now, as the sync wanted; whom the rule has again by now stays."""
    _decide(hold, STATES.RELEASING, by)


def keep(hold: Hold, *, by: Actor) -> None:
    """They stay, each as an exception that has no end."""
    _decide(hold, STATES.KEEPING, by)


def _decide(hold: Hold, state: str, by: Actor) -> None:
    """In a small workspace at once, else by a worker, chunk by chunk."""
    others = dependents.following(hold.segment)
    # Before the hold's row: writers come to it with their chunks.
    at_once = publishing.hold(hold.segment.level, others)
    if others:
        definitions.lock_exclusive()  # what asks for the segment is built anew; shared first could go in a circle
    hold = Hold.objects.select_for_update(of=("self",)).select_related("segment").get(pk=hold.pk)
    if hold.state != STATES.OPEN:
        return
    hold.state, hold.decided_at = state, timezone.now()
    hold.decided_by = {"kind": by.kind, "id": by.id, "label": by.label}
    hold.save(update_fields=["state", "decided_at", "decided_by"])
    if at_once:
        _carry_out(hold, ALL)
        _finish(hold)
    else:
        jobs.leave_work("segments.holds")


def _carry_out(hold: Hold, chunks: list[int]) -> None:
    publishing.lock(hold.segment.level, chunks)
    definitions.lock_shared()
    by = Actor(**(hold.decided_by or {}))
    if hold.state == STATES.RELEASING:
        _release_chunks(hold.segment, chunks, by)
    else:
        _keep_chunks(hold.segment, chunks, by)


def _finish(hold: Hold) -> None:
    hold.state = STATES.RELEASED if hold.state == STATES.RELEASING else STATES.KEPT
    hold.save(update_fields=["state"])
    publishing.follow(hold.segment, by=Actor(**(hold.decided_by or {})))


def _release_chunks(segment: Segment, chunks: list[int], by: Actor) -> None:
    moment = backfill.moment_of_workspace()
    cause = json.dumps(Cause("released", by).as_json(()))
    changes = []
    deciding = list(segment.builds.filter(state__in=[Build.State.LIVE, Build.State.BUILDING]))
    for build in deciding:
        if not build.by_rule:
            continue
        gone = backfill.take_out_held(build, moment, chunks)
        _note_drift(deciding, build, gone)
        if build.number == segment.live_build and segment.archived_at is None:
            changes = [Change(segment.pk, segment.level, pk, False, cause, moment.at) for pk in gone]
    backfill.let_go_of_held(segment, chunks)
    membership.record(changes)


def _note_drift(deciding, build: Build, gone: list) -> None:
    making = next((one for one in deciding if one.state == Build.State.BUILDING), None)
    if making is not None:
        staging.add((making.pk, pk, -1 if build.pk == making.pk else 0) for pk in gone)


def _keep_chunks(segment: Segment, chunks: list[int], by: Actor) -> None:
    params = {
        "workspace": current_workspace_id(),
        "segment": segment.pk,
        "number": segment.number,
        "key": str(segment.number),
        "chunks": chunks,
        "reason": KEPT,
        "by": by.label,
        "now": timezone.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(KEEP.format(level=segment.level), params)


@jobs.queue("segments.holds")
def drain_holds() -> None:
    """Tells the team what is held, and carries out what it decided where that takes longer than a request."""
    while _next(_tell):
        pass
    while _next(_carry_out_next):
        pass


def _next(work: Callable[[], bool]) -> bool:
    with jobs.job_transaction():
        return work()


def _tell() -> bool:
    """One mail to each, once: the mark is committed first, since a mail cannot be taken back."""
    waiting = Hold.objects.filter(state=STATES.OPEN, mailed_at=None).select_related("segment")
    hold = waiting.select_for_update(of=("self",), skip_locked=True).first()
    if hold is None:
        return False
    hold.mailed_at = timezone.now()
    hold.save(update_fields=["mailed_at"])
    workspace = Workspace.objects.get(pk=current_workspace_id())
    words = {"hold": hold, "segment": hold.segment, "count": held_in(hold.segment).count()}
    for member in TeamMember.objects.filter(access__in=TOLD).select_related("user"):
        send = partial(mailing.send, "emails/held", member.user.email, words, workspace=workspace)
        transaction.on_commit(send)
    return True


def _carry_out_next() -> bool:
    """A chunk in a transaction of its own: only those that hold somebody have anything to do."""
    decided = Hold.objects.filter(state__in=[STATES.RELEASING, STATES.KEEPING]).select_related("segment")
    hold = decided.order_by("began_at").first()
    if hold is None:
        return False
    chunk = held_in(hold.segment).order_by("chunk").values_list("chunk", flat=True).first()
    if chunk is None:
        _finish(hold)
    else:
        _carry_out(hold, [chunk])
    return True


def held_in(segment: Segment):
    """The states of those who are held in a segment."""
    found = backfill.STATES[segment.level].objects.exclude(held=[])
    return found.filter(held__contains=[segment.number])


def settle() -> None:
    """Closes what holds nobody any more: all of them fit again, or were changed by hand."""
    for hold in Hold.objects.filter(state=STATES.OPEN).select_related("segment"):
        if held_in(hold.segment).exists():
            continue
        # Those who are just adding to it share the row; after the lock nobody does.
        locked = Hold.objects.select_for_update().get(pk=hold.pk)
        if locked.state == STATES.OPEN and not held_in(hold.segment).exists():
            locked.state, locked.decided_at = STATES.SETTLED, timezone.now()
            locked.save(update_fields=["state", "decided_at"])


def open_holds():
    """For the banners: what waits for a decision or is just being carried out, with how many it holds."""
    shown = [STATES.OPEN, STATES.RELEASING, STATES.KEEPING]
    holds = Hold.objects.filter(state__in=shown, segment__archived_at=None)
    return holds.select_related("segment").order_by("began_at")
