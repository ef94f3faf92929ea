"""A record of the CRM that nobody is linked to: does it come in, is it somebody we have, or is it left outside?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction

from crm_sync.agreement import audit, conflicts
from crm_sync.connecting import addresses
from crm_sync.connectors.base import CrmRecord
from crm_sync.inbound import attribution, membership, merging
from crm_sync.inbound.attribution import Ties
from crm_sync.inbound.matching import Match
from crm_sync.kinds import KINDS
from crm_sync.mapping import codec, filters
from crm_sync.models import Conflict, Connection, ExternalRecord, FieldMapping, ImportRule
from portal.deals import attributed
from workspaces.models import Partner
from workspaces.properties import PropertyErrors, create_contact, create_partner

NO_RULE = "Nothing of ours is linked to this record of the CRM."
OUTSIDE = "The import rule leaves this record outside."
LINKED_ELSEWHERE = "{record} is linked to another record of the CRM already."
NO_PARTNER = "The company that this contact belongs to is no partner here."
SEVERAL = "{count} of yours could be this record."


class Action(StrEnum):
    CREATE = "create"
    LINK = "link"
    ASK = "ask"
    OUTSIDE = "outside"
    REFUSE = "refuse"


@dataclass
class Proposal:
    """What would be done with a record, and why. Nothing is written yet."""

    action: Action
    reason: str = ""
    match: Match | None = None
    partner: Partner | None = None
    distributor: Partner | None = None
    people: Ties | None = None
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Intake:
    """What decides about unlinked records of one type: read once, used for many."""

    rule: ImportRule | None
    mappings: Sequence[FieldMapping]
    currency: str
    trial: bool = False  # as if the rule were switched on: for a dry run before it is

    @property
    def key(self) -> str:
        """The CRM's field in which records that were made here carry their id."""
        return self.rule.key if self.rule and self.rule.creates else ""

    def fields(self) -> set[str]:
        asked = filters.fields_of(self.rule.conditions) if self.rule else set()
        return {mapping.field for mapping in self.mappings} | asked | ({self.key} if self.key else set())


def propose(
    link: ExternalRecord,
    found: CrmRecord,
    intake: Intake,
    matches: Sequence[Match],
    ties: Ties | None = None,
    partners: Mapping[str, Partner] | None = None,
) -> Proposal:
    """`partners`: those of the companies that it is tied to, where they were looked up for many at once."""
    rule, ties = intake.rule, ties or Ties()
    if rule is not None and (made := next((match for match in matches if match.ours), None)):
        return Proposal(Action.LINK, "It was made here.", match=made, people=ties)
    if rule is None or not (rule.enabled or intake.trial):
        return Proposal(Action.OUTSIDE, NO_RULE)
    if not filters.lets_in(rule.conditions, found.values, every=rule.every):
        return Proposal(Action.OUTSIDE, OUTSIDE)
    proposal = Proposal(Action.CREATE, people=ties)
    if reason := _place(proposal, link, ties, partners):
        return Proposal(Action.OUTSIDE, reason)
    if link.object_type == "contact" and proposal.partner is not None:
        matches = [match for match in matches if match.record.partner_id == proposal.partner.pk]
    if known := _matched(link, rule, matches):
        known.people = ties
        return known
    proposal.values = _values(found, intake)
    return proposal


def _place(
    proposal: Proposal, link: ExternalRecord, ties: Ties, partners: Mapping[str, Partner] | None
) -> str:
    """The partner whose record it would be. Returns why it is nobody's."""
    if link.object_type == "contact":
        proposal.partner = membership.partner_of(link.connection, ties.companies, partners)
        return "" if proposal.partner else NO_PARTNER
    if KINDS[link.object_type].is_attributed:
        found = attribution.of(link.connection, ties.companies, ties.distributors, partners)
        proposal.partner, proposal.distributor = found.partner, found.distributor
        return "" if found.partner else attribution.reason(link.connection, link, found)
    return ""


def _told_apart(link: ExternalRecord, match: Match) -> bool:
    """A person said that these are two."""
    said = {"object_type": link.object_type, "external_id": link.external_id, "kept": "portal"}
    return Conflict.objects.filter(
        **{"connection": link.connection, KINDS[link.object_type].link: match.record}, **said
    ).exists()


def _matched(link: ExternalRecord, rule: ImportRule, matches: Sequence[Match]) -> Proposal | None:
    """Somebody we have. A guess is never acted on in silence, nor asked about twice."""
    matches = [match for match in matches if not _told_apart(link, match)]
    if not matches:
        return None
    certain = [match for match in matches if match.certain] or list(matches)
    if len({match.record.pk for match in certain}) > 1:
        return Proposal(Action.ASK, SEVERAL.format(count=len(certain)), match=certain[0])
    [match] = certain[:1]
    taken = ExternalRecord.objects.filter(
        **{"connection": link.connection, KINDS[link.object_type].link: match.record}
    )
    if taken.exclude(state=ExternalRecord.State.MERGED).exists():
        return Proposal(Action.ASK, LINKED_ELSEWHERE.format(record=match.record), match=match)
    if match.certain or rule.linking == ImportRule.Linking.LINK:
        return Proposal(Action.LINK, f"The same {match.by}.", match=match)
    return Proposal(Action.ASK, f"The same {match.by}.", match=match)


def _values(found: CrmRecord, intake: Intake) -> dict[str, Any]:
    values = {}
    for mapping in intake.mappings:
        try:
            text = found.values.get(mapping.field, "")
            values[mapping.prop.key] = codec.from_wire(mapping, text, currency=intake.currency)
        except codec.UnfitValue:
            continue
    return {key: value for key, value in values.items() if value is not None}


def carry_out(
    proposal: Proposal, link: ExternalRecord, found: CrmRecord, intake: Intake, known: set[str] | None
) -> Proposal:
    """Does it, inside the caller's transaction. A row that leads nowhere is taken away again."""
    if proposal.action == Action.CREATE:
        proposal, record = _created(proposal, link)
    else:
        record = proposal.match.record if proposal.action == Action.LINK and proposal.match else None
    if record is None:
        if proposal.action == Action.ASK:
            _ask(proposal, link, found)
        link.delete()
        return proposal
    kind = KINDS[link.object_type]
    setattr(link, kind.link, record)
    link.state = ExternalRecord.State.LINKED
    link.save(update_fields=["state", kind.link])
    link, record = merging.locked(link)
    if kind.is_attributed:
        attributed.link(record, addresses.in_crm(link.connection, link.object_type, link.external_id))
        people = proposal.people.people if proposal.people else ()
        attribution.set_people(link.connection, link, people, quietly=True)
    merging.merge_record(link, record, found, intake.mappings, known)
    audit.note(link.connection, "import", came_in(link.connection, proposal), link=link)
    return proposal


def came_in(connection: Connection, proposal: Proposal) -> str:
    done = "Came in from" if proposal.action == Action.CREATE else "Was linked to its record in"
    return f"{done} {connection}. {proposal.reason}".strip()


def _created(proposal: Proposal, link: ExternalRecord) -> tuple[Proposal, Any]:
    values = dict(proposal.values)
    while True:
        try:
            with transaction.atomic():
                return proposal, _made(proposal, link, values)
        except PropertyErrors as error:
            bad = {key: message for key, message in error.errors.items() if key in values}
            if not bad or {"name", "email"} & error.errors.keys():
                return Proposal(Action.REFUSE, str(error)), None
            for key in bad:  # it comes in without; the merge names what was left out
                del values[key]
        except IntegrityError:
            return Proposal(Action.REFUSE, "Somebody with this e-mail address is there already."), None


def _made(proposal: Proposal, link: ExternalRecord, values: dict[str, Any]) -> Any:
    kind, by = KINDS[link.object_type], link.connection.actor
    if proposal.partner is None:
        return create_partner(values, by=by)
    if not kind.is_attributed:
        return create_contact(proposal.partner, values, by=by)
    whose = {"partner": proposal.partner, "distributor": proposal.distributor}
    return attributed.create(kind.level, values, **whose, by=by)


def _ask(proposal: Proposal, link: ExternalRecord, found: CrmRecord) -> None:
    assert proposal.match is not None
    kind = KINDS[link.object_type]
    conflicts.ask(
        link.connection,
        Conflict.Kind.MATCH,
        once={"object_type": link.object_type, "external_id": link.external_id},
        name=found.name[:200],
        message=proposal.reason,
        **{kind.link: proposal.match.record},
    )
