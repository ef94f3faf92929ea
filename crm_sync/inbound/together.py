"""Records of the CRM that come in for the first time, many in one go: as many statements for a hundred as for one."""

from collections.abc import Sequence
from dataclasses import dataclass

from crm_sync.connecting import addresses
from crm_sync.connectors.base import CrmRecord
from crm_sync.inbound import attribution, importing, merging
from crm_sync.inbound.importing import Intake, Proposal
from crm_sync.kinds import KINDS, Kind
from crm_sync.models import AuditEntry, Connection, ExternalRecord
from portal.deals import attributed
from workspaces.models import Contact, Partner
from workspaces.properties import Edit, set_many
from workspaces.tenancy import current_workspace_id

AT_ONCE = 100  # what a change of one of their partners' contacts may have to wait for


@dataclass(frozen=True)
class Arrival:
    """A record that is to be made here, as `importing.propose` said."""

    found: CrmRecord
    proposal: Proposal


def bring_in(
    connection: Connection,
    object_type: str,
    arrivals: Sequence[Arrival],
    intake: Intake,
    known: set[str] | None,
) -> None:
    """In a transaction of the caller's, which one bad value, or a webhook that was quicker, rolls back as a whole:
    then halves of them are tried again, down to the one alone that `importing.carry_out` has words for."""
    kind = KINDS[object_type]
    records = _made(connection, kind, arrivals)
    links, unlike = [], []
    for arrival, record in zip(arrivals, records, strict=True):
        link = ExternalRecord(
            connection=connection, object_type=object_type, external_id=arrival.found.external_id
        )
        setattr(link, kind.link, record)
        links.append(link)
        if not merging.meet(link, record, arrival.found, intake.mappings, known):
            unlike.append((link, record, arrival.found))
    ExternalRecord.objects.bulk_create(links)
    _note(connection, arrivals, links)
    if kind.is_attributed:
        people = [arrival.proposal.people.people if arrival.proposal.people else () for arrival in arrivals]
        attribution.name_people(connection, dict(zip(records, people, strict=True)))
    for link, record, found in unlike:
        merging.merge_record(link, record, found, intake.mappings, known)


def _made(connection: Connection, kind: Kind, arrivals: Sequence[Arrival]) -> list:
    by, workspace_id = connection.actor, current_workspace_id()
    if kind.is_attributed:
        return attributed.create_many([_coming(connection, kind, one) for one in arrivals], by=by)
    edits = []
    for one in arrivals:
        values, partner = one.proposal.values, one.proposal.partner
        if partner is None:
            edits.append(Edit(Partner(workspace_id=workspace_id), values, created=True))
        else:
            contact = Contact(workspace_id=workspace_id, partner=partner, status=Contact.Status.INVITED)
            edits.append(Edit(contact, values, partner=partner, created=True))
    set_many(edits, by=by)
    return [edit.record for edit in edits]


def _coming(connection: Connection, kind: Kind, one: Arrival) -> attributed.Coming:
    return attributed.Coming(
        level=kind.level,
        values=one.proposal.values,
        partner=one.proposal.partner,
        distributor=one.proposal.distributor,
        at=addresses.in_crm(connection, kind.object_type, one.found.external_id),
    )


def _note(connection: Connection, arrivals: Sequence[Arrival], links: Sequence[ExternalRecord]) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(
            connection=connection,
            link=link,
            action="import",
            message=importing.came_in(connection, arrival.proposal),
            by=str(connection),
        )
        for arrival, link in zip(arrivals, links, strict=True)
    )
