"""What is known of partners and contacts through something else follows it: in the same transaction, partners first.

Whoever changes the something else has the locks of workspaces.locks.lock_partners_with_contacts.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol
from uuid import UUID

from segments.engine import facts
from segments.engine.causes import Cause
from segments.engine.definitions import RuleSet
from segments.engine.states import Subject
from segments.rules.expressions import Fact
from segments.rules.moments import Moment
from segments.rules.tree import Place
from workspaces.signals import RecordChange

type Changed = dict[UUID, set[Place]]  # by subject: which of its facts are others now


class Evaluation(Protocol):
    """What is needed of segments.engine.evaluation, which stands above."""

    level: str
    definitions: RuleSet
    moment: Moment

    def lock(self, ids: Collection[UUID]) -> list[Subject]: ...

    def reconsider(self, subject: Subject, changed: Iterable[Place] | None, cause: Cause) -> None: ...

    def write(self, subjects: Iterable[Subject]) -> None: ...


def settle(evaluation: Evaluation, asked: Collection[Fact], causes: Mapping[UUID, Cause]) -> None:
    """Works these facts of the subjects out again; what they are in follows, and for partners their contacts."""
    if not (asked and causes):
        return
    subjects = evaluation.lock(causes)
    known = evaluation.definitions
    found = _read(evaluation.level, [subject.id for subject in subjects], asked, known, evaluation.moment)
    for subject in subjects:
        keys = facts.renew(subject, asked, found.get(subject.id, {}))
        if keys:
            evaluation.reconsider(subject, [("self", key) for key in keys], causes[subject.id])
    evaluation.write(subjects)


def of_contacts(changes: Collection[RecordChange], partners: Evaluation) -> None:
    """Before the contacts' own states: what is known of their partners through them. The contacts of those partners
    follow, these among them.
    """
    rolling = [change for change in changes if change.rolls_up]
    causes: dict[UUID, Cause] = {}
    numbers: set[int] = set()
    moving = False
    for change in rolling:
        numbers |= change.values.keys()
        moving = moving or change.created or change.old_partner_id is not None
        for partner_id in (change.record.partner_id, change.old_partner_id):
            if partner_id is not None:
                causes.setdefault(partner_id, Cause("records", change.by, reason="contacts"))
    settle(partners, partners.definitions.related.fed_by_contacts(numbers, moving=moving), causes)


def catch_up(level: str, subjects: Collection[Subject], known: RuleSet, moment: Moment) -> Changed:
    """Whose instant has come: time has changed what is known of them, or of the partners of such contacts. What is
    known of a partner is put right for looking at only; the partner's own turn comes.
    """
    due = [subject for subject in subjects if subject.due(moment.at)]
    timed = known.related.timed
    changed: Changed = {}
    if due and timed[level]:
        found = _read(level, [subject.id for subject in due], timed[level], known, moment)
        for subject in due:
            keys = facts.renew(subject, timed[level], found.get(subject.id, {}))
            changed[subject.id] = {("self", key) for key in keys}
    if due and level == "contact" and timed["partner"]:
        _look_at_partners(due, timed["partner"], known, moment)
    return changed


def _look_at_partners(
    due: Collection[Subject], asked: Collection[Fact], known: RuleSet, moment: Moment
) -> None:
    found = _read("partner", {subject.partner_id for subject in due}, asked, known, moment)
    keys = [key for fact in asked for key in (fact.key, fact.mark)]
    for subject in due:
        facts.put(subject.partner_more.facts, keys, found.get(subject.partner_id, {}))


def _read(
    level: str, ids: Collection[UUID], asked: Collection[Fact], known: RuleSet, moment: Moment
) -> dict[UUID, dict]:
    return facts.read(level, ids, asked, known.fields[level], moment, known.depths)
