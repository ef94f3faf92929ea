"""Exceptions of dynamic segments: somebody is always in, or never, with a reason and maybe until a moment.

The rows are what the team sees; the state of the partner or contact mirrors them, and that is what decides.
Both are written here together, under the locks of a change.
"""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from psycopg import sql

from segments.engine import membership, states
from segments.engine.causes import Cause
from segments.engine.evaluation import Evaluation
from segments.models import Hold, Segment, SegmentException
from segments.rules.moments import stamp
from workspaces import locks
from workspaces.actors import Actor
from workspaces.tenancy import current_workspace_id


class NoRule(ValueError):
    """Only a dynamic segment has a rule that something can be an exception to."""


def set_exception(
    segment: Segment, record, *, included: bool, reason: str, by: Actor, until: datetime | None = None
) -> SegmentException:
    """Always in, or never, from now on. One that is there already is replaced."""
    if not segment.by_rule:
        raise NoRule(f"{segment} is not dynamic.")
    until = until.replace(microsecond=until.microsecond // 1000 * 1000) if until else None
    evaluation, subject = _lock(segment.level, record)
    row, _ = SegmentException.objects.update_or_create(
        segment=segment,
        **{segment.level: record},
        defaults={"included": included, "reason": reason, "until": until, "made_by": by.label},
    )
    subject.exceptions[str(segment.number)] = mirrored(included=included, until=until, reason=reason)
    evaluation.reconsider_segment(subject, segment.number, Cause("exception", by, reason=reason))
    evaluation.write([subject])
    return row


def end(exception: SegmentException, *, by: Actor) -> None:
    """From here on the rule alone decides again."""
    segment = exception.segment
    evaluation, subject = _lock(segment.level, exception.subject)
    subject.exceptions.pop(str(segment.number), None)
    cause = Cause("exception", by, reason=exception.reason, ended=True)
    evaluation.reconsider_segment(subject, segment.number, cause)
    evaluation.write([subject])
    SegmentException.objects.filter(pk=exception.pk).delete()


def mirrored(*, included: bool, until: datetime | None, reason: str) -> dict:
    """As the state keeps it."""
    return {"in": included} | ({"until": stamp(until), "reason": reason} if until else {})


class _Moved(Exception):
    """A contact is at another partner than the one that was locked."""


def _lock(level: str, record) -> tuple[Evaluation, states.Subject]:
    while True:
        try:
            with transaction.atomic():
                return _take(level, record)
        except _Moved:
            continue  # the savepoint gave the locks back: a partner's comes before everything else


def _take(level: str, record) -> tuple[Evaluation, states.Subject]:
    if level == "contact":
        locks.lock_for_contacts([record])
    else:
        locks.lock_for_partners([record])
    evaluation = membership.begin(level)
    (subject,) = evaluation.lock([record.pk])
    if level == "contact" and subject.partner_id != record.partner_id:
        record.partner_id = subject.partner_id
        raise _Moved
    return evaluation, subject


def forget(segment: Segment) -> None:
    """Takes every trace of a segment's exceptions, and of who is held in it, out of rows and states."""
    update = sql.SQL(
        "UPDATE {} SET exceptions = exceptions - %s, held = array_remove(held, %s)"
        " WHERE workspace_id = %s AND (exceptions <> '{{}}' AND exceptions ? %s"
        " OR held <> '{{}}' AND %s = ANY (held))"
    ).format(sql.Identifier(f"segments_{segment.level}state"))
    key, workspace = str(segment.number), current_workspace_id()
    with connection.cursor() as cursor:
        cursor.execute(update, [key, segment.number, workspace, key, segment.number])
    segment.exceptions.all().delete()
    waiting = segment.holds.filter(decided_at=None)
    waiting.update(state=Hold.State.SETTLED, decided_at=timezone.now())


def counts(segment: Segment) -> tuple[int, int]:
    """How many are always in, and how many never."""
    included = list(segment.exceptions.values_list("included", flat=True))
    return sum(included), len(included) - sum(included)


def of_subject(level: str, pk: UUID):
    """The exceptions of one partner or contact, for its page."""
    found = SegmentException.objects.filter(**{f"{level}_id": pk}).select_related("segment")
    return found.order_by("segment__name", "pk")
