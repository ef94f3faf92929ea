"""Making, attributing and archiving deals and leads, by hand or from a CRM.

Values are set by `workspaces.properties.set_properties(record, values, by=…)`, as everywhere.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from portal.deals.levels import source_of
from portal.deals.models import AttributedRecord, Collaborator
from segments import live, records
from workspaces.properties import Edit, set_many
from workspaces.tenancy import current_workspace_id


@dataclass(frozen=True)
class InCrm:
    """Where the same record is in a CRM."""

    crm: str = ""  # hubspot | salesforce
    id: str = ""
    url: str = ""


@dataclass(frozen=True)
class Coming:
    """A record that is to be made: its level, its values by property key, and whose it is."""

    level: str
    values: dict
    partner: object
    distributor: object = None
    at: InCrm = InCrm()


def create(level, values, *, partner, by, distributor=None, at=InCrm()):
    """Raises PropertyErrors, writing nothing."""
    return create_many([Coming(level, values, partner, distributor, at)], by=by)[0]


def create_many(coming, *, by):
    """All of one level, in one go."""
    edits = [Edit(_new(one), one.values, partner=one.partner, created=True) for one in coming]
    set_many(edits, by=by)
    return [edit.record for edit in edits]


def _new(one):
    return AttributedRecord(
        workspace_id=current_workspace_id(),
        level=one.level,
        partner=one.partner,
        distributor=one.distributor,
        crm=one.at.crm,
        crm_id=one.at.id,
        crm_url=one.at.url,
    )


def attribute(record, *, partner, distributor=None, by):
    """To another partner, another distributor, or both. Whoever is at neither does not collaborate any more."""
    before = set(record.partner_ids)
    with transaction.atomic():
        if partner.pk == record.partner_id:
            _set_distributor(record, distributor)
        else:
            _set_distributor(record, None)  # who was the distributor may become the partner
            set_many([Edit(record, {}, partner=partner)], by=by)
            _set_distributor(record, distributor)
        gone = Collaborator.objects.filter(record=record).exclude(contact__partner__in=record.partner_ids)
        gone.delete()
        live.announce(before | set(record.partner_ids))


def _set_distributor(record, distributor):
    record.distributor = distributor
    AttributedRecord.objects.filter(pk=record.pk).update(distributor=distributor)


def archive(record, *, by):
    """It is in no list, sum or rule any more, and for partners it is not there. It can come back."""
    _set_archived(record, record.archived_at or timezone.now(), by)


def restore(record, *, by):
    _set_archived(record, None, by)


def _set_archived(record, at, by):
    with records.changing(source_of(record.level), partners=[record.partner_id], by=by):
        AttributedRecord.objects.filter(pk=record.pk).update(archived_at=at)
    record.archived_at = at
    live.announce(record.partner_ids)


def link(record, at):
    """Says where the record is in a CRM."""
    record.crm, record.crm_id, record.crm_url = at.crm, at.id, at.url
    AttributedRecord.objects.filter(pk=record.pk).update(crm=at.crm, crm_id=at.id, crm_url=at.url)
