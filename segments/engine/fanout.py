"""What a change of a partner means for its contacts: they follow at once, or where they are many, by a worker."""

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol
from uuid import UUID

from segments.engine.causes import Cause
from segments.engine.states import Subject
from segments.models import PartnerState
from segments.rules.tree import Place
from workspaces import jobs
from workspaces.models import Contact

QUEUE = "segments.fanout"
INLINE = 2000  # contacts that follow a partner within its transaction; more of them follow by a worker


class Evaluation(Protocol):
    """What is needed of segments.engine.evaluation, which stands above."""

    def of_level(self, level: str) -> "Evaluation": ...

    def lock(self, ids: Collection[UUID]) -> list[Subject]: ...

    def reconsider(self, subject: Subject, changed: Iterable[Place] | None, cause: Cause) -> None: ...

    def write(self, subjects: Iterable[Subject]) -> None: ...


def fan_out(carried: Mapping[UUID, tuple[Cause, set[Place]]], partners: Evaluation) -> None:
    """What a partner's change means for its contacts: now, or by a worker where they are many."""
    contacts = partners.of_level("contact")
    followers = _contacts_by_partner(carried)
    room = INLINE
    now: list[UUID] = []
    for partner_id in sorted(followers, key=lambda pk: len(followers[pk])):
        room -= len(followers[partner_id])
        if room >= 0:
            now += followers[partner_id]
        else:
            _leave_behind(partner_id, carried[partner_id][0].seen_from_below())
    causes = {pk: cause.seen_from_below() for pk, (cause, _) in carried.items()}
    subjects = contacts.lock(now) if now else []
    for subject in subjects:
        contacts.reconsider(subject, carried[subject.partner_id][1], causes[subject.partner_id])
    contacts.write(subjects)


def _contacts_by_partner(partner_ids: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    followers: dict[UUID, list[UUID]] = {}
    ids = list(partner_ids)
    if ids:
        rows = Contact.objects.filter(partner_id__in=ids).order_by("pk").values_list("partner_id", "pk")
        for partner_id, contact_id in rows:
            followers.setdefault(partner_id, []).append(contact_id)
    return followers


def _leave_behind(partner_id: UUID, cause: Cause) -> None:
    """From here on every read of these contacts evaluates, until the worker has been to them all."""
    state = PartnerState.objects.get(pk=partner_id)
    if state.behind and state.fanout_cause:
        cause = Cause.from_json(state.fanout_cause).followed_by(cause)
    state.fanout += 1
    state.behind = True
    state.fanout_cause = cause.as_json([place for place, _, _ in cause.changes])
    state.save(update_fields=["fanout", "behind", "fanout_cause"])
    jobs.leave_work(QUEUE)
