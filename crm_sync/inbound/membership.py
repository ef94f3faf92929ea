"""Which company a contact belongs to in the CRM, and so which partner here."""

from collections.abc import Mapping, Sequence

from django.db import IntegrityError, transaction

from crm_sync.agreement import audit
from crm_sync.breaker import incoming
from crm_sync.breaker.counting import Gate
from crm_sync.connectors.base import Association
from crm_sync.inbound import lifecycle
from crm_sync.models import Connection, ExternalRecord
from workspaces.invitations import suspend
from workspaces.models import Contact, Partner
from workspaces.properties import move_contact

NOBODY = "{name} belongs to no company in {crm} any more, and cannot come in."


def partner_of(
    connection: Connection, companies: Sequence[Association], partners: Mapping[str, Partner] | None = None
) -> Partner | None:
    """The partner that is the primary company, or the only one. `partners` by company, where they are known."""
    primary = primary_of(companies)
    if primary is None:
        return None
    if partners is not None:
        return partners.get(primary.external_id)
    link = ExternalRecord.objects.filter(
        connection=connection, object_type="company", external_id=primary.external_id, partner__isnull=False
    )
    found = link.exclude(state=ExternalRecord.State.MERGED).select_related("partner").first()
    return found.partner if found else None


def primary_of(companies: Sequence[Association]) -> Association | None:
    marked = [company for company in companies if company.primary]
    return next(iter(marked or (companies if len(companies) == 1 else ())), None)


def follow(connection: Connection, link: ExternalRecord, companies: Sequence[Association], gate: Gate) -> str:
    """Moves the contact to the partner that the CRM names. Returns why it stays, if it does."""
    contact = link.contact
    assert contact is not None
    if not companies:
        shut = contact.status == Contact.Status.SUSPENDED
        held = "" if shut else incoming.holds_removal(gate, link, companies)
        return held or _shut_out(connection, link, contact)
    partner = partner_of(connection, companies)
    if partner is None:
        return "The company that this contact belongs to is no partner here."
    if partner.pk != contact.partner_id:
        try:
            with transaction.atomic():
                move_contact(contact, partner, by=connection.actor)
        except IntegrityError:
            return f"{partner} has a contact with this e-mail address already."
        audit.note(connection, "association", f"{contact} belongs to {partner} now.", link=link)
    if link.suspended:
        lifecycle.let_in_again(link)
    return ""


def _shut_out(connection: Connection, link: ExternalRecord, contact: Contact) -> str:
    """Who left the company has no business in its portal; a team member can let them in again."""
    message = NOBODY.format(name=contact, crm=connection)
    if contact.status != Contact.Status.SUSPENDED:
        suspend(contact)
        link.suspended = [str(contact.pk)]
        link.save(update_fields=["suspended"])
        audit.note(connection, "association", message, link=link)
    return message
