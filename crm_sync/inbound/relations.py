"""Which records of the CRM belong together, as far as it decides about ours: read in one go, followed one by one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from crm_sync.breaker import incoming
from crm_sync.breaker.counting import Gate
from crm_sync.connectors.base import COMPANY, CONTACT, Association, Connector
from crm_sync.inbound import attribution, membership
from crm_sync.inbound.attribution import Ties
from crm_sync.kinds import KINDS
from crm_sync.models import Connection, ExternalRecord, ImportRule
from crm_sync.models.records import TIES

Ends = Mapping[str, Sequence[Association]]


@dataclass(frozen=True)
class Related:
    """By the id of each record that was asked about."""

    companies: Ends = field(default_factory=dict)
    distributors: Ends = field(default_factory=dict)
    people: Ends = field(default_factory=dict)


def read(connector: Connector, object_type: str, ids: Sequence[str], rule: ImportRule | None) -> Related:
    if not ids or object_type == COMPANY:
        return Related()
    if not KINDS[object_type].is_attributed:
        return Related(connector.associations(object_type, ids, COMPANY))
    seller, between = (rule.partner_by, rule.distributor_by) if rule else ("", "")
    return Related(
        companies=connector.associations(object_type, ids, COMPANY, by=seller),
        distributors=connector.associations(object_type, ids, COMPANY, by=between) if between else {},
        people=connector.associations(object_type, ids, CONTACT),
    )


def ties_of(related: Related, external_id: str) -> Ties | None:
    """None where nobody asked."""
    if external_id not in related.companies:
        return None
    return Ties(
        related.companies[external_id],
        related.distributors.get(external_id, ()),
        related.people.get(external_id, ()),
    )


def partner_ids(connection: Connection, ties: Ties | None) -> Collection[UUID]:
    """The partners that the record may come to belong to: their locks are taken with its own."""
    return attribution.partners_by_company(connection, ties.companies, ties.distributors) if ties else ()


def follow(connection: Connection, link: ExternalRecord, ties: Ties, gate: Gate) -> str:
    """Brings our record to where the CRM's is. Returns why it stays, if it does: `gate.keeps(link)` then says
    whether it is held."""
    reason = ""
    if link.agreed.get(TIES) != incoming.spoken(ties.companies):
        link.agreed.pop(TIES, None)  # what was discarded is not what there is now
    if link.contact_id:
        reason = membership.follow(connection, link, ties.companies, gate)
    elif link.attributed_id:
        reason = attribution.follow(connection, link, ties, gate)
    gate.settle(link, [None], ties=True)
    return reason
