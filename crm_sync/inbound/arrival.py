"""What was read for a claim of events, brought into the portal record by record, each in one transaction."""

from uuid import UUID

from django.utils import timezone

from crm_sync.breaker import incoming
from crm_sync.connectors.base import CrmRecord
from crm_sync.inbound import importing, lifecycle, merging, relations, told
from crm_sync.inbound.importing import Action
from crm_sync.limits import retries
from crm_sync.models import ExternalRecord, InboxEvent
from crm_sync.models.queues import REFRESH
from crm_sync.models.records import LINKS

STALE_SECONDS = 2.0  # the CRM's copies are a moment behind each other
State = ExternalRecord.State


def pass_over(claim, reading) -> set[UUID]:
    """Most of what a CRM tells is our own write, or told before: records that a merge would leave as they are. Their
    events are done in one transaction, the caller's; no lock is needed for what is not written."""
    if claim.gate.holds_something():
        return set()
    wanted = [link.pk for link in claim.links]
    links = ExternalRecord.objects.linked().filter(pk__in=wanted).select_related(*LINKS)
    same = [link for link in links if _is_same(claim, link, reading)]
    if same:
        merging.note_same({link.pk: reading.records[link.external_id].updated_at for link in same})
        retries.give_back(same)
        done = claim.events(*(link.external_id for link in same))
        done.update(state=InboxEvent.State.DONE, handled_at=timezone.now(), reason="")
    return {link.pk for link in same}


def _is_same(claim, link: ExternalRecord, reading) -> bool:
    found = reading.records.get(link.external_id)
    if found is None or found.archived or found.external_id != link.external_id or link.record is None:
        return False
    if relations.ties_of(reading.related, link.external_id) is not None:
        return False
    if merging.is_stale(link, found) or told.says_more(claim, link, found):
        return False
    link.connection = claim.connection
    return merging.decide(link, link.record, found, claim.intake.mappings, reading.known).is_empty


def apply(claim, link: ExternalRecord, reading) -> None:
    """Runs in a transaction; raises nothing that a person could mend."""
    ties = relations.ties_of(reading.related, link.external_id)
    link, record = merging.locked(link, partner_ids=relations.partner_ids(link.connection, ties))
    asked_by, found = link.external_id, reading.records.get(link.external_id)
    if link.state == State.MERGED:  # since the claim
        return finish(claim, asked_by, link=link, gone="This record was merged into another one.")
    if found is None or found.archived:
        return _gone(claim, link)
    if found.external_id != asked_by:
        lifecycle.merged(link.connection, link.object_type, found.external_id, [asked_by])
        return finish(claim, asked_by, link=link)  # the survivor is read again under its own id
    if link.state == State.NEW:
        return _consider(claim, link, found, reading, ties)
    return _merge(claim, link, record, found, reading, ties)


def _merge(claim, link: ExternalRecord, record, found: CrmRecord, reading, ties) -> None:
    if merging.is_stale(link, found):
        return retries.postpone_event(
            claim, link, "The CRM answered with an old copy.", seconds=STALE_SECONDS
        )
    if told.is_newer(claim, link, found):
        return retries.postpone_event(
            claim, link, "The CRM told of a later change than it shows.", seconds=STALE_SECONDS
        )
    if link.state == State.ARCHIVED:
        lifecycle.restore(link.connection, link)
    lost = told.overwritten(claim, link, found)
    stays = relations.follow(link.connection, link, ties, claim.gate) if ties is not None else ""
    outcome = merging.merge_record(link, record, found, claim.intake.mappings, reading.known, gate=claim.gate)
    told.give_back(link, record, lost)
    if stays:
        (outcome.held if claim.gate.keeps(link) else outcome.reasons)[""] = stays
    return finish(claim, link.external_id, outcome.reasons, held=outcome.held, link=link)


def _gone(claim, link: ExternalRecord) -> None:
    text = f"This {link.object_type} does not exist in the CRM."
    external_id = link.external_id
    if link.state == State.NEW:
        link.delete()
    elif incoming.holds_deletion(claim.gate, link):
        return finish(claim, external_id, held={"": incoming.DELETED.format(crm=link.connection)}, link=link)
    else:
        lifecycle.archive(link.connection, link)
    return finish(claim, external_id, gone=text, link=link if link.pk else None)


def _consider(claim, link: ExternalRecord, found: CrmRecord, reading, ties) -> None:
    """Nobody is linked to it: the import rule decides."""
    external_id = link.external_id
    matches = reading.matches.get(external_id, [])
    proposal = importing.propose(link, found, claim.intake, matches, ties)
    done = importing.carry_out(proposal, link, found, claim.intake, reading.known)
    brought_in = done.action in (Action.CREATE, Action.LINK)
    finish(claim, external_id, gone="" if brought_in else done.reason, link=link if brought_in else None)


def finish(
    claim,
    external_id: str,
    reasons: dict[str, str] | None = None,
    *,
    held: dict[str, str] | None = None,
    gone: str = "",
    link: ExternalRecord | None = None,
) -> None:
    """The events of this record are done, held, or skipped with the reason: by field, "" for the record as a whole."""
    now = timezone.now()
    if link is not None:
        ExternalRecord.objects.filter(pk=link.pk).update(reading_until=None, synced_at=now)
    events = claim.events(external_id)
    skipped = {"state": InboxEvent.State.SKIPPED, "handled_at": now}
    if gone:
        events.update(**skipped, reason=gone)
    for name, reason in (held or {}).items():
        kept = events.filter(property__in=["", name]).exclude(kind=REFRESH)
        kept.update(state=InboxEvent.State.HELD, reason=reason)
        events.filter(kind=REFRESH).update(**skipped, reason=reason)
    for name, reason in (reasons or {}).items():
        about = events.filter(property=name) if name else events.filter(kind__endswith=".associationChange")
        about.update(**skipped, reason=reason)
    if reasons:
        told = " ".join(f"{name}: {reason}" if name else reason for name, reason in reasons.items())
        events.filter(kind=REFRESH).update(**skipped, reason=told)
    events.update(state=InboxEvent.State.DONE, handled_at=now, reason="")
