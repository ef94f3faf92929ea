"""What becomes of a link when the CRM's record is merged, deleted, restored or erased. Each may come twice."""

import hashlib
from collections.abc import Iterable

from django.utils import timezone

from crm_sync.agreement import audit, conflicts, delivery
from crm_sync.agreement.refreshing import refresh
from crm_sync.inbound import attribution
from crm_sync.kinds import KINDS
from crm_sync.models import (
    Conflict,
    Connection,
    ExternalRecord,
    FormerId,
    ImportRule,
    InboxEvent,
    OutboxChange,
    Tombstone,
)
from crm_sync.models.queues import OUTBOX
from workspaces.erasure import erase_contact
from workspaces.invitations import reactivate, suspend
from workspaces.jobs import leave_work
from workspaces.models import Contact

State = ExternalRecord.State
MERGED = "Merged with another {noun} in {crm}: {name} holds the link."
TWO = "{crm} merged the records of both. Nothing was taken away here: say which of the two stays."


def merged(connection: Connection, object_type: str, survivor: str, losers: Iterable[str]) -> None:
    """Several records are one now. The link moves; where two of ours were linked, a person is asked."""
    losers, kind = [old for old in losers if old != survivor], KINDS[object_type]
    of_type = ExternalRecord.objects.filter(connection=connection, object_type=object_type)
    _remember_former(connection, object_type, survivor, losers)
    of_type.filter(external_id__in=losers, state=State.NEW).delete()
    found = of_type.filter(external_id__in=[survivor, *losers], state__in=[State.LINKED, State.ARCHIVED])
    if kind.is_attributed:  # whose partners' locks come before those of the rows
        kind.lock([link.record for link in found.select_related("attributed")])
    links = {link.external_id: link for link in found.order_by("pk").select_for_update(no_key=True)}
    if not links:
        return
    keeper = links.pop(next((i for i in (survivor, *losers) if i in links), ""))
    for loser in links.values():
        _give_up(connection, keeper, loser)
    if keeper.external_id != survivor:
        of_type.filter(external_id=survivor, state=State.NEW).delete()
        told = f"{connection} merged {keeper.external_id} into {survivor}."
        keeper.external_id, keeper.state = survivor, State.LINKED
        keeper.save(update_fields=["external_id", "state"])
        audit.note(connection, "merge", told, link=keeper)
    refresh([keeper])


def _remember_former(connection, object_type: str, survivor: str, losers: list[str]) -> None:
    former = FormerId.objects.filter(connection=connection, object_type=object_type)
    former.filter(survivor__in=losers).update(survivor=survivor)
    former.filter(external_id=survivor).delete()
    FormerId.objects.bulk_create(
        [
            FormerId(connection=connection, object_type=object_type, external_id=old, survivor=survivor)
            for old in losers
        ],
        update_conflicts=True,
        unique_fields=["workspace", "connection", "object_type", "external_id"],
        update_fields=["survivor"],
    )


def _give_up(connection: Connection, keeper: ExternalRecord, loser: ExternalRecord) -> None:
    """The record of this link is part of the keeper's by now; the partner here stays, without a link."""
    noun = KINDS[loser.object_type].noun
    message = MERGED.format(noun=noun, crm=connection, name=keeper.record)
    waiting = OutboxChange.objects.filter(link=loser, state__in=delivery.OPEN)
    waiting.update(state=OutboxChange.State.SUPERSEDED, message=message, finished_at=timezone.now())
    loser.state, loser.state_at = State.MERGED, timezone.now()
    loser.save(update_fields=["state", "state_at"])
    audit.note(connection, "merge", message, link=loser)
    if attribution.put_aside(connection, loser):
        return  # it is part of the other one, which has the same partner's people on it
    other = {KINDS[loser.object_type].link: loser.record}
    text = TWO.format(crm=connection)
    conflicts.ask(connection, Conflict.Kind.DUPLICATE, once={"link": keeper, **other}, message=text)


def archive(connection: Connection, link: ExternalRecord) -> None:
    """The record was deleted in the CRM, or is not there: ours stays, and what waits is kept for its return."""
    if link.state == State.ARCHIVED:
        return
    message = delivery.DELETED.format(noun=link.object_type, crm=connection)
    waiting = OutboxChange.objects.filter(link=link, state__in=["pending", "inflight"])
    waiting.update(state=OutboxChange.State.PARKED, message=message, finished_at=timezone.now())
    rule = ImportRule.objects.filter(connection=connection, object_type=link.object_type).first()
    if link.attributed_id:
        attribution.put_aside(connection, link)
    else:
        suspends = rule is not None and rule.when_deleted == ImportRule.Deleted.SUSPEND
        link.suspended = [str(contact.pk) for contact in _shut_out(link)] if suspends else []
    link.state, link.state_at = State.ARCHIVED, timezone.now()
    link.save(update_fields=["state", "state_at", "suspended"])
    audit.note(connection, "deletion", message, link=link)


def _shut_out(link: ExternalRecord) -> list[Contact]:
    of_record = Contact.objects.filter(pk=link.contact_id) if link.contact_id else None
    contacts = of_record if of_record is not None else Contact.objects.filter(partner=link.partner_id)
    shut = list(contacts.exclude(status=Contact.Status.SUSPENDED))
    for contact in shut:
        suspend(contact)
    return shut


def restore(connection: Connection, link: ExternalRecord) -> None:
    """It is there again: who lost their way in with it has it again, and what waited goes."""
    let_in_again(link)
    attribution.take_back(connection, link)
    link.state, link.state_at = State.LINKED, timezone.now()
    link.save(update_fields=["state", "state_at"])
    parked = OutboxChange.objects.filter(
        link=link, state="parked", message=delivery.DELETED.format(noun=link.object_type, crm=connection)
    )
    if parked.update(state="pending", next_at=timezone.now(), tries=0, finished_at=None):
        leave_work(OUTBOX)
    audit.note(connection, "restore", f"{connection} has this {link.object_type} again.", link=link)


def let_in_again(link: ExternalRecord) -> None:
    if link.attributed_id:
        return
    for contact in Contact.objects.filter(pk__in=link.suspended, status=Contact.Status.SUSPENDED):
        reactivate(contact)
    link.suspended = []
    link.save(update_fields=["suspended"])


def digest_of(connection: Connection, object_type: str, external_id: str) -> str:
    text = f"{connection.pk}:{object_type}:{external_id}"
    return hashlib.sha256(text.encode()).hexdigest()


def erased_among(connection: Connection, object_type: str, external_ids: Iterable[str]) -> set[str]:
    digests = {digest_of(connection, object_type, one): one for one in external_ids}
    stones = Tombstone.objects.filter(connection=connection, digest__in=list(digests))
    return {digests[digest] for digest in stones.values_list("digest", flat=True)}


def erase(connection: Connection, object_type: str, external_id: str) -> None:
    """A person asked the CRM to be forgotten. Nothing that tells who it was stays here either."""
    digest = digest_of(connection, object_type, external_id)
    Tombstone.objects.get_or_create(connection=connection, digest=digest)
    same = {"connection": connection, "object_type": object_type, "external_id": external_id}
    for link in ExternalRecord.objects.filter(**same).select_related("contact"):
        if link.contact is not None:
            erase_contact(link.contact, by=connection.actor)
        link.delete()  # with what was agreed, its edits, its conflicts and its audit
    FormerId.objects.filter(connection=connection, object_type=object_type, survivor=external_id).delete()
    Conflict.objects.filter(**same).delete()
    now = timezone.now()
    events = InboxEvent.objects.filter(**same)
    events.filter(state="pending").update(state="done", handled_at=now)
    events.update(raw="", external_id="", reason="")
    audit.note(connection, "erasure", f"A {object_type} was erased for privacy, here as in {connection}.")
