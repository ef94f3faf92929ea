"""One record as the CRM has it now, brought together with the portal's: field by field, in one transaction."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction
from django.db import connection as database
from django.db.models import Max
from django.utils import timezone

from crm_sync.agreement import conflicts, delivery
from crm_sync.agreement.decisions import Decision, Sides, merge
from crm_sync.breaker import incoming
from crm_sync.breaker.counting import Gate
from crm_sync.connectors.base import CrmRecord
from crm_sync.kinds import KINDS
from crm_sync.mapping import codec
from crm_sync.mapping.schema import GONE_FIELD
from crm_sync.models import ExternalRecord, FieldMapping, InboxEvent
from workspaces.properties import PropertyErrors, set_properties

MOVES = 3  # how often a link may change between our look and our lock
NOT_OURS = "\x00"  # equal to nothing that a CRM holds
THEIRS = {Decision.TAKE, Decision.OVERRULE}
OURS = {Decision.SEND, Decision.KEEP, Decision.RECOGNISE}
NOTE_SAME = """
    UPDATE crm_sync_externalrecord r SET complete_at = s.at, synced_at = %(now)s,
      external_updated_at = coalesce(s.at, r.external_updated_at)
    FROM unnest(%(ids)s::uuid[], %(moments)s::timestamptz[]) AS s (id, at)
    WHERE r.id = s.id AND (r.external_updated_at IS NULL OR s.at IS NULL OR r.external_updated_at <= s.at)
"""
SAME = {Decision.NOTHING, Decision.AGREE}


@dataclass
class Outcome:
    """What is to happen to a record, field by field, and what cannot."""

    decided: dict[FieldMapping, Decision] = field(default_factory=dict)
    theirs: dict[FieldMapping, str] = field(default_factory=dict)
    values: dict[FieldMapping, Any] = field(default_factory=dict)  # theirs, in the portal's form
    ours: dict[FieldMapping, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)  # CRM field → why it was left alone
    held: dict[str, str] = field(default_factory=dict)  # CRM field → why it waits for a person
    gone: list[FieldMapping] = field(default_factory=list)

    def those(self, *decisions: Decision) -> list[FieldMapping]:
        return [mapping for mapping, decision in self.decided.items() if decision in decisions]

    @property
    def is_empty(self) -> bool:
        """Whether a merge would leave everything as it is."""
        return not (self.gone or self.reasons) and set(self.decided.values()) <= {Decision.NOTHING}


def locked(link: ExternalRecord, *, partner_ids: Collection[UUID] = ()):
    """The link and its record, held. The locks of a change come first (workspaces/locks.py), ours after them.

    `partner_ids`: the partners that the record may come to belong to.
    """
    connection, of_link = link.connection, KINDS[link.object_type].link
    for _ in range(MOVES):
        record = ExternalRecord.objects.select_related(of_link).get(pk=link.pk).record
        with suppress(_Moved), transaction.atomic():
            if record is not None:
                KINDS[link.object_type].lock([record], partner_ids=partner_ids)
            row = ExternalRecord.objects.select_for_update(no_key=True).get(pk=link.pk)
            if getattr(row, f"{of_link}_id") != (record and record.pk):
                raise _Moved
            row.connection = connection
            if record is not None:
                record.refresh_from_db(fields=["raw", "norm", "set_at", "version"])
                setattr(row, of_link, record)
            return row, record
    raise OperationalError("The link kept changing.")


class _Moved(Exception):
    """Somebody linked it between our look and our lock: the savepoint gives the locks back."""


def is_stale(link: ExternalRecord, found: CrmRecord) -> bool:
    """The CRM's copies are a moment behind each other: an older one than we know says nothing."""
    seen = link.external_updated_at
    return bool(seen and found.updated_at and found.updated_at < seen)


def merge_record(
    link: ExternalRecord,
    record,
    found: CrmRecord,
    mappings: Iterable[FieldMapping],
    known: set[str] | None,
    *,
    gate: Gate | None = None,
    complete: bool = True,
) -> Outcome:
    """Under the record's lock; raises nothing that a person could mend. `complete`: all mapped fields were read."""
    outcome = decide(link, record, found, mappings, known)
    for mapping in outcome.gone:
        mapping.broken = GONE_FIELD
        mapping.save(update_fields=["broken"])
    if gate is not None:
        incoming.hold(gate, outcome, link)
    _write(outcome, link, record)
    _note_conflicts(outcome, link)
    delivery.ensure(link, {m: outcome.ours[m] for m in outcome.those(*OURS)}, edited_by=str(link.connection))
    link.external_updated_at = found.updated_at or link.external_updated_at
    link.synced_at = timezone.now()
    if complete:
        link.complete_at = found.updated_at
    link.save(update_fields=["agreed", "sent", "external_updated_at", "complete_at", "synced_at"])
    return outcome


def meet(link: ExternalRecord, record, found: CrmRecord, mappings, known: set[str] | None) -> bool:
    """For a record that was made of what was read, and a link that is not saved yet: what both sides agree on.
    False where more is to be done, which is a merge's business."""
    outcome = decide(link, record, found, mappings, known)
    if outcome.gone or not set(outcome.decided.values()) <= SAME:
        return False
    for mapping in outcome.those(Decision.AGREE):
        link.agree(mapping.field, crm=outcome.theirs[mapping], ours=outcome.ours[mapping])
    link.external_updated_at = link.complete_at = found.updated_at
    link.synced_at = timezone.now()
    return True


def note_same(seen: Mapping[UUID, datetime | None]) -> None:
    """Of copies that changed nothing: that they were seen, unless a later one was meanwhile."""
    if not seen:
        return
    asked: dict[str, Any] = {"ids": list(seen), "moments": list(seen.values()), "now": timezone.now()}
    with database.cursor() as cursor:
        cursor.execute(NOTE_SAME, asked)


def decide(link, record, found: CrmRecord, mappings, known: set[str] | None) -> Outcome:
    """What a merge would do. Writes nothing."""
    outcome = Outcome()
    currency = link.connection.workspace.currency
    for mapping in mappings:
        if mapping.field not in found.values and known is not None and mapping.field not in known:
            # The field was deleted over there: that is no reason to clear our value.
            outcome.gone.append(mapping)
            outcome.reasons[mapping.field] = GONE_FIELD
            continue
        try:
            value = codec.from_wire(mapping, found.values.get(mapping.field, ""), currency=currency)
            theirs = codec.same_form(mapping, found.values.get(mapping.field, ""))
        except codec.UnfitValue as error:
            outcome.reasons[mapping.field] = str(error)
            continue
        sides = _sides(link, record, mapping, theirs, found)
        outcome.decided[mapping] = merge(sides, direction=mapping.direction, policy=mapping.policy)
        outcome.theirs[mapping], outcome.values[mapping], outcome.ours[mapping] = theirs, value, sides.ours
    return outcome


def _sides(link, record, mapping, theirs: str, found: CrmRecord) -> Sides:
    ours = record.value(mapping.prop)
    spoken = ours_as_theirs(mapping, ours)
    return Sides(
        theirs=theirs,
        ours=ours,
        ours_as_theirs=spoken,
        expressible=spoken != NOT_OURS,
        agreed=link.agreed.get(mapping.field),
        sent=tuple(link.sent.get(mapping.field, ())),
        # Asked only where it matters: it is a question to the database.
        theirs_later=mapping.policy != "latest"
        or theirs == spoken
        or _theirs_later(link, record, mapping, found),
    )


def ours_as_theirs(mapping, ours) -> str:
    try:
        return codec.to_wire(mapping, ours)
    except codec.UnfitValue:
        return NOT_OURS


def _theirs_later(link, record, mapping, found: CrmRecord) -> bool:
    """The CRM's moment by our clock against our edit's. A tie, or a moment unknown, is the CRM's."""
    told = InboxEvent.objects.filter(
        connection_id=link.connection_id,
        object_type=link.object_type,
        external_id=link.external_id,
        property=mapping.field,
        state="pending",
    ).aggregate(at=Max("occurred_at"))
    theirs, ours = told["at"] or found.updated_at, record.set_at.get(str(mapping.prop.number))
    if theirs is None or ours is None:
        return True
    return theirs - timedelta(seconds=link.connection.clock_ahead) >= datetime.fromisoformat(ours)


def _write(outcome: Outcome, link: ExternalRecord, record) -> None:
    """Sets what the portal accepts; a value that it refuses leaves its field as it was, with the reason."""
    by = link.connection.actor
    wanted = {m.prop.key: m for m in outcome.those(*THEIRS)}
    while wanted:
        try:
            set_properties(record, {key: outcome.values[m] for key, m in wanted.items()}, by=by)
            break
        except PropertyErrors as error:
            for key, message in error.errors.items():
                mapping = wanted.pop(key)
                outcome.reasons[mapping.field] = message
                del outcome.decided[mapping]
    for mapping in outcome.those(Decision.AGREE, *THEIRS):
        link.agree(mapping.field, crm=outcome.theirs[mapping], ours=record.value(mapping.prop))
    for mapping in outcome.those(Decision.KEEP, Decision.RECOGNISE):
        link.agree(mapping.field, crm=outcome.theirs[mapping], ours=outcome.values[mapping])
    delivery.settle(link, outcome.those(Decision.OVERRULE), overruled=True)
    delivery.settle(link, outcome.those(Decision.AGREE, Decision.TAKE), overruled=False)


def _note_conflicts(outcome: Outcome, link: ExternalRecord) -> None:
    for decision, kept in ((Decision.OVERRULE, "crm"), (Decision.KEEP, "portal")):
        for mapping in outcome.those(decision):
            conflicts.note_both_changed(
                link, mapping, theirs=outcome.values[mapping], ours=outcome.ours[mapping], kept=kept
            )
