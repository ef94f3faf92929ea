"""Records of features that rules may ask about: partners with at least three quotes sent in the last 30 days.

A feature registers its kind of records when it starts, from its own side:

    records.register(
        records.Source(
            key="deals", label="Deals", one="deal",
            table="portal_deals_deal",                  # with a workspace_id, behind the walls
            owners={"partner": "partner_id", "contact": "registered_by_id"},
            name="r.title",                             # what people call one; the row is `r`
            asked=(
                records.Asked("stage", "Stage", "choice", "r.stage", options=STAGES),
                records.Asked("amount", "Amount", "money", "r.amount", currency="r.currency"),
                records.Asked("closed", "Closed", "datetime", "r.closed_at"),
            ),
        )
    )

From then on the editor offers them in rules about partners, about contacts whose partner they are of, and about
the contacts whose own they are; all that the rule language can ask of a property it can ask of each record.

Whoever adds, changes or removes such records does it inside `changing`, which takes the locks first and lets
memberships follow last, in the same transaction:

    with records.changing("deals", partners=[deal.partner_id], contacts=[deal.registered_by_id], by=actor):
        deal.save()

Rows that are locked as well are locked within, never before. Many at once are one call with all their owners.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import OperationalError, transaction

from segments.engine import membership, rollups
from segments.engine.causes import Cause
from segments.engine.record_sources import SOURCES, Asked, Source
from workspaces import locks
from workspaces.actors import Actor
from workspaces.models import Contact

MOVES = 50  # how often a contact may change its partner between our look and our lock

__all__ = ["Asked", "Source", "changing", "register"]


def register(source: Source) -> None:
    SOURCES[source.key] = source


@contextmanager
def changing(
    source: str, *, partners: Iterable[UUID], contacts: Iterable[UUID | None] = (), by: Actor
) -> Iterator[None]:
    """Around every change of records of a registered kind. Names their owners before and after the change."""
    partner_ids, contact_ids = set(partners), {pk for pk in contacts if pk is not None}
    with transaction.atomic():
        _lock(partner_ids, contact_ids)
        yield
        _follow(SOURCES[source], partner_ids, contact_ids, by)


class _Moved(Exception):
    """A contact is at another partner than the one that was locked."""


def _lock(partner_ids: Collection[UUID], contact_ids: Collection[UUID]) -> None:
    for _ in range(MOVES):
        try:
            with transaction.atomic():
                people = _at(contact_ids)
                locks.lock_partners_with_contacts(people.values(), partner_ids=partner_ids)
                after = _at(contact_ids) if people else {}
                if any(one.partner_id != people[pk].partner_id for pk, one in after.items() if pk in people):
                    raise _Moved
                return
        except _Moved:
            continue  # the savepoint gave the locks back
    raise OperationalError("The contact kept moving between partners.")


def _at(contact_ids: Collection[UUID]) -> dict[UUID, Contact]:
    return Contact.objects.only("pk", "partner_id", "chunk").in_bulk(list(contact_ids)) if contact_ids else {}


def _follow(source: Source, partner_ids: Collection[UUID], contact_ids: Collection[UUID], by: Actor) -> None:
    """Partners first: their contacts follow them, and read what is known of them."""
    partners = membership.begin("partner")
    contacts = partners.of_level("contact")
    cause = Cause("records", by, reason=source.label.lower())
    for evaluation, ids in ((partners, partner_ids), (contacts, contact_ids)):
        asked = partners.definitions.related.of_records(evaluation.level, source.key)
        rollups.settle(evaluation, asked, dict.fromkeys(ids, cause))
