"""Which partner a deal or lead of the CRM is sold by, who stands between, and who of theirs works on it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from crm_sync.agreement import audit
from crm_sync.breaker import incoming
from crm_sync.breaker.counting import Gate
from crm_sync.connectors.base import Association
from crm_sync.models import Connection, ExternalRecord
from portal.deals import attributed, collaborators
from portal.deals.models import AttributedRecord
from workspaces.models import Contact, Partner

NOBODY = "None of the companies that this {noun} belongs to is a partner here."
SEVERAL = "This {noun} belongs to several partners, and {crm} does not say which of them sells it."


@dataclass(frozen=True)
class Ties:
    """What one record of the CRM is associated with."""

    companies: Sequence[Association] = ()
    distributors: Sequence[Association] = ()
    people: Sequence[Association] = ()


@dataclass(frozen=True)
class Attribution:
    """Whose a record is; without a partner, why it is nobody's."""

    partner: Partner | None = None
    distributor: Partner | None = None
    unclear: bool = False  # several could be it


def partners_by_company(connection: Connection, *companies: Sequence[Association]) -> dict[UUID, Partner]:
    """The partners that are linked to any of these companies."""
    return {partner.pk: partner for partner in linked(connection, *companies).values()}


def of(
    connection: Connection,
    companies: Sequence[Association],
    distributors: Sequence[Association],
    partners: Mapping[str, Partner] | None = None,
) -> Attribution:
    """The only partner among the companies, or the primary one; and the first one that stands between. `partners`
    by company, where they are known."""
    if partners is None:
        partners = linked(connection, companies, distributors)
    selling = [company for company in companies if company.external_id in partners]
    between = [partners[d.external_id] for d in distributors if d.external_id in partners]
    candidates = {partners[company.external_id].pk for company in selling}
    if len(candidates) > 1 and between:  # the distributor may be among them
        selling = [c for c in selling if partners[c.external_id].pk != between[0].pk]
        candidates = {partners[company.external_id].pk for company in selling}
    chosen = [c for c in selling if c.primary] if len(candidates) > 1 else selling
    if not chosen:
        return Attribution(unclear=bool(selling))
    partner = partners[chosen[0].external_id]
    others = [one for one in between if one.pk != partner.pk]
    return Attribution(partner, others[0] if others else None)


def reason(connection: Connection, link: ExternalRecord, found: Attribution) -> str:
    words = SEVERAL if found.unclear else NOBODY
    return words.format(noun=link.object_type, crm=connection)


def follow(connection: Connection, link: ExternalRecord, ties: "Ties", gate: Gate) -> str:
    """Attributes our record anew, or puts it aside while it is no partner's. Returns why it stays, if it does."""
    found, record, by = of(connection, ties.companies, ties.distributors), link.attributed, connection.actor
    assert record is not None
    if found.partner is None:
        words = reason(connection, link, found)
        leaves = not found.unclear and record.archived_at is None
        if leaves and (held := incoming.holds_removal(gate, link, ties.companies)):
            return held
        if not found.unclear and put_aside(connection, link):
            audit.note(connection, "association", words, link=link)
        return words
    between = found.distributor.pk if found.distributor else None
    if (record.partner_id, record.distributor_id) != (found.partner.pk, between):
        attributed.attribute(record, partner=found.partner, distributor=found.distributor, by=by)
        audit.note(connection, "association", f"{record} is sold by {found.partner} now.", link=link)
    take_back(connection, link)
    set_people(connection, link, ties.people)
    return ""


def set_people(
    connection: Connection, link: ExternalRecord, people: Sequence[Association], *, quietly: bool = False
) -> None:
    """The CRM's contacts of the record, as far as they are the partner's, collaborate."""
    contacts = _contacts(connection, people).values()
    collaborators.set_from_crm(link.attributed, list(contacts), by=connection.actor, quietly=quietly)


def name_people(connection: Connection, named: Mapping[AttributedRecord, Sequence[Association]]) -> None:
    """The same for records that were just made, of which nobody is told."""
    contacts = _contacts(connection, [one for people in named.values() for one in people])
    theirs = {
        record: [contacts[one.external_id] for one in people if one.external_id in contacts]
        for record, people in named.items()
    }
    collaborators.begin_from_crm(theirs, by=connection.actor)


def _contacts(connection: Connection, people: Iterable[Association]) -> dict[str, Contact]:
    """Ours, by their id in the CRM."""
    ids = {one.external_id for one in people}
    if not ids:
        return {}
    links = ExternalRecord.objects.linked().filter(
        connection=connection, object_type="contact", external_id__in=ids, contact__isnull=False
    )
    return {link.external_id: link.contact for link in links.select_related("contact") if link.contact}


def put_aside(connection: Connection, link: ExternalRecord) -> bool:
    """Archives our record, to come back with the CRM's. What a person archived stays theirs to restore."""
    record = link.attributed
    if record is None or record.archived_at is not None:
        return False
    attributed.archive(record, by=connection.actor)
    link.suspended = [str(record.pk)]
    link.save(update_fields=["suspended"])
    return True


def take_back(connection: Connection, link: ExternalRecord) -> None:
    record = link.attributed
    if record is not None and str(record.pk) in link.suspended:
        if record.archived_at is not None:
            attributed.restore(record, by=connection.actor)
        link.suspended = []
        link.save(update_fields=["suspended"])


def linked(connection: Connection, *companies: Iterable[Association]) -> dict[str, Partner]:
    """Company → the partner that it is here."""
    ids = {company.external_id for some in companies for company in some}
    if not ids:
        return {}
    links = ExternalRecord.objects.filter(
        connection=connection, object_type="company", external_id__in=ids, partner__isnull=False
    ).exclude(state=ExternalRecord.State.MERGED)
    return {link.external_id: link.partner for link in links.select_related("partner") if link.partner}
