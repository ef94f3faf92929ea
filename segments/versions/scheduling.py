"""A rule for later: kept until its moment, validated again then, and told about where it cannot be.

The note for the worker is due at the moment itself, so the change is made within seconds of it.
"""

import logging
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

from segments import editing
from segments.checks import ChecksFail
from segments.engine import definitions
from segments.models import ScheduledChange, Segment
from segments.rules.validate import InvalidRule, validate
from workspaces import jobs, mailing
from workspaces.actors import Actor
from workspaces.guard import WouldLock, guarded
from workspaces.models import TeamMember, Workspace

log = logging.getLogger(__name__)
QUEUE = "segments.scheduled"
State = ScheduledChange.State


class NotThen(ValueError):
    """The moment cannot be: it is over, or none."""


def read_moment(text: str, zone: ZoneInfo) -> datetime:
    """What was typed, on the clock of the workspace. Raises NotThen."""
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        overdue = moment <= timezone.now()
    except (ValueError, OverflowError) as error:
        raise NotThen("Choose a date and a time.") from error
    if overdue:
        raise NotThen("Choose a moment that is still to come.")
    return moment


def schedule(segment: Segment, *, tree: dict, at: datetime, by: Actor) -> ScheduledChange:
    """Raises InvalidRule. Only the rule waits; name and description are not touched. Said twice it is one change."""
    what = {"segment": segment, "take_effect_at": at}
    what["tree"] = validate(tree, definitions.fields_of(segment.level))
    if (there := ScheduledChange.objects.filter(state=State.WAITING, **what).first()) is not None:
        return there
    made_by = {"kind": by.kind, "id": by.id, "label": by.label}
    change = ScheduledChange.objects.create(made_by=made_by, **what)
    jobs.leave_work(QUEUE, at=at)
    return change


def cancel(change: ScheduledChange, *, by: Actor) -> bool:
    """False where it is too late: it took effect, or was cancelled already."""
    waiting = ScheduledChange.objects.filter(pk=change.pk, state=State.WAITING)
    return bool(waiting.update(state=State.CANCELLED, ended_at=timezone.now(), ended_by=by.label))


@jobs.queue(QUEUE)
def take_effect() -> datetime | None:
    while (due := _next_due()) is not None:
        with jobs.job_transaction():
            failed = _apply(due)
        if failed is not None:
            _tell(failed)
    with jobs.job_transaction():
        waiting = ScheduledChange.objects.filter(state=State.WAITING).order_by("take_effect_at")
        return waiting.values_list("take_effect_at", flat=True).first()


def _next_due() -> UUID | None:
    with jobs.job_transaction():
        due = ScheduledChange.objects.filter(state=State.WAITING, take_effect_at__lte=timezone.now())
        return due.order_by("take_effect_at", "pk").values_list("pk", flat=True).first()


def _apply(pk: UUID) -> ScheduledChange | None:
    """The change where it failed, None where it took effect or somebody was quicker."""
    found = ScheduledChange.objects.select_for_update(of=("self",)).select_related("segment")
    change = found.filter(pk=pk, state=State.WAITING).first()
    if change is None:
        return None
    change.error = _save(change)
    change.state = State.FAILED if change.error else State.DONE
    change.ended_at = timezone.now()
    change.save(update_fields=["state", "error", "version", "ended_at"])
    return change if change.error else None


def _save(change: ScheduledChange) -> str:
    """Why it could not be, in words; nothing where it could."""
    segment = change.segment
    if segment.archived_at is not None:
        return "The segment is archived."
    if segment.kind != Segment.Kind.DYNAMIC:
        return f"The segment is {segment.get_kind_display().lower()} now and has no rule."
    try:
        with guarded(confirmed=False, segment=segment):
            editing.save(
                segment,
                name=segment.name,
                description=segment.description,
                kind=segment.kind,
                tree=change.tree,
                by=Actor(**change.made_by),
            )
    except ChecksFail as error:
        return str(error)
    except WouldLock as error:
        return f"{error.told} Save the rule by hand if that is meant."
    except InvalidRule as error:
        return " ".join(dict.fromkeys(fault.message for fault in error.errors))
    except Exception:
        log.exception("A scheduled change could not take effect")
        return "Something went wrong on our side. Save the rule again to try once more."
    latest = segment.builds.order_by("-version").first()
    change.version = latest.version if latest else None
    return ""


def _tell(change: ScheduledChange) -> None:
    """To whoever scheduled it, when the transaction is over; the segment's page says it to everybody."""
    with jobs.job_transaction():
        workspace = Workspace.objects.get(pk=jobs.job_workspace())
        member = _member(change.made_by.get("id", ""))
        segment = Segment.objects.get(pk=change.segment_id)
    if member is not None:
        at = f"{change.take_effect_at.astimezone(workspace.zone):%-d %B %Y, %H:%M}"
        content = {"change": change, "segment": segment, "at": at, "person": member.user}
        mailing.send("emails/scheduled_change_failed", member.user.email, content, workspace=workspace)


def _member(key: str) -> TeamMember | None:
    try:
        return TeamMember.objects.select_related("user").filter(pk=UUID(key)).first()
    except ValueError:
        return None
