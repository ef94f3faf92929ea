"""Everybody by all rules once more, where they stand: what is stored is compared with what a fresh evaluation says.

Nothing is built and nothing switched: the builds that decide are the same before and after. So a chunk is only read,
without a lock; who does not stand where they belong is evaluated once more under the locks of a change, like after
any other, with a place in the history.
"""

import logging
from collections.abc import Collection
from itertools import batched
from typing import Any
from uuid import UUID

from django.utils import timezone

from segments.engine import definitions, facts, membership, publishing, states, verdicts
from segments.engine.causes import Cause
from segments.engine.definitions import RuleSet
from segments.engine.states import Subject
from segments.rules.moments import Moment
from workspaces import jobs
from workspaces.models import Contact, Partner

log = logging.getLogger(__name__)
QUEUE = "segments.recompute"
BATCH = 500
# In this order: rules about contacts may ask about partners.
MODELS: dict[str, Any] = {"partner": Partner, "contact": Contact}
AGAIN: dict[str, Any] = {"partner": membership.reconsider_partners, "contact": membership.reconsider_contacts}


@jobs.queue(QUEUE)
def drain() -> None:
    for level in MODELS:
        for chunk in range(publishing.CHUNKS):
            moved = recompute(level, chunk)
            if moved:
                log.warning("%d of the %ss in chunk %d did not stand where they belong", moved, level, chunk)


def recompute(level: str, chunk: int) -> int:
    """How many did not stand where they belong, or would not have moved in time."""
    with jobs.job_transaction():
        _make_whole(level, chunk)
    with jobs.job_transaction():
        found = definitions.current()
        moment = Moment(timezone.now(), found.zone)
        there = states.in_chunks(level, [chunk], found.rules[level])
        astray = [subject.id for subject in there if _astray(subject, level, found, moment)]
    for some in batched(astray, BATCH):
        with jobs.job_transaction():
            _put_right(level, some)
    return len(astray)


def _make_whole(level: str, chunk: int) -> None:
    """Nobody without a state, and no fact that is outdated."""
    publishing.lock(level, [chunk])
    states.make(level, chunks=[chunk])
    found = definitions.current()
    moment = Moment(timezone.now(), found.zone)
    facts.fill(level, found.facts[level], [chunk], found.fields[level], moment, found.depths)


def _astray(subject: Subject, level: str, found: RuleSet, moment: Moment) -> bool:
    """Who changes meanwhile is looked at for nothing, and not wrongly. Whose instant has come is the clock's."""
    if subject.behind or subject.due(moment.at):
        return False
    rules = found.rules[level]
    documents = subject.documents(rules, moment.at)
    inside = rules.evaluate(*documents, moment)
    if subject.held or subject.exceptions:
        inside = verdicts.decide(
            inside,
            rules.builds,
            builds_of=found.builds_of,
            exceptions=subject.exceptions,
            held=subject.held,
            at=moment.at,
        )
    if inside != subject.builds & rules.builds:
        return True
    flip = rules.next_flip(*documents, moment)
    return flip is not None and (subject.next_flip_at is None or subject.next_flip_at > flip)


def _put_right(level: str, ids: Collection[UUID]) -> None:
    AGAIN[level](list(MODELS[level].objects.filter(pk__in=ids)), Cause("recomputed"))
