"""What a list of members says beside a name: always in, or held after a sync."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from segments.engine import verdicts
from segments.engine.backfill import STATES
from segments.models import Segment

ALWAYS, HELD = "always", "held"


def marks(segment: Segment, subject_ids: Collection[UUID]) -> dict[UUID, str]:
    """By id, for the few that have one."""
    states = STATES[segment.level].objects.filter(pk__in=list(subject_ids))
    few = states.filter(~Q(exceptions={}) | ~Q(held=[])).values_list("pk", "held", "exceptions")
    found = {pk: _mark(segment.number, held, exceptions) for pk, held, exceptions in few}
    return {pk: mark for pk, mark in found.items() if mark}


def _mark(number: int, held: list[int], exceptions: dict) -> str:
    one = exceptions.get(str(number))
    if one and one["in"] and verdicts.holds(one, timezone.now()):
        return ALWAYS
    return HELD if number in held else ""
