"""Who works on a deal or lead. A partner sees its own people alone; the other partner's are not its business."""

from portal.deals import news
from portal.deals.models import Collaborator
from segments import live
from workspaces.models import Contact


def of(record, *, partner_id=None):
    """Those who are still there, by name; with `partner_id` only of this partner."""
    found = record.collaborators.filter(contact__partner__in=_partners(record, partner_id))
    found = found.exclude(contact__status=Contact.Status.SUSPENDED).select_related("contact__partner")
    return sorted(found, key=lambda one: (one.contact.name.casefold(), one.contact.email, one.pk))


def candidates(record, *, partner_id=None):
    """Who could be added, as a queryset."""
    added = Collaborator.objects.filter(record=record).values("contact")
    people = Contact.objects.filter(partner__in=_partners(record, partner_id)).exclude(pk__in=added)
    return people.exclude(status=Contact.Status.SUSPENDED).select_related("partner").order_by("name", "pk")


def add(record, contact, *, by):
    """Adding twice is adding once. Says whether they were new."""
    return bool(_add(record, [contact], by=by, from_crm=False))


def remove(record, contact):
    """Whether they were on it, added by hand: whom the CRM names, the CRM takes off."""
    gone, _ = Collaborator.objects.filter(record=record, contact=contact, from_crm=False).delete()
    if gone:
        live.announce([contact.pk])
    return bool(gone)


def set_from_crm(record, contacts, *, by, quietly=False):
    """These are the record's contacts in the CRM. Who was added by hand stays; others of the partner's are let go.

    Contacts of partners that the record is not attributed to do not collaborate. `quietly`: who came in with the
    record is not told of it.
    """
    own = {contact.pk: contact for contact in contacts if contact.partner_id in record.partner_ids}
    there = dict(Collaborator.objects.filter(record=record).values_list("contact", "from_crm"))
    if left := [pk for pk, from_crm in there.items() if from_crm and pk not in own]:
        Collaborator.objects.filter(record=record, contact__in=left, from_crm=True).delete()
        live.announce(left)
    if new := [contact for pk, contact in own.items() if pk not in there]:
        _add(record, new, by=by, from_crm=True, quietly=quietly)


def begin_from_crm(contacts_of, *, by):
    """The same for records that were just made: record → its contacts in the CRM. Nobody is told."""
    rows = [
        Collaborator(record=record, contact=contact, added_by=by.label[:200], from_crm=True)
        for record, contacts in contacts_of.items()
        for contact in contacts
        if contact.partner_id in record.partner_ids
    ]
    if rows:
        Collaborator.objects.bulk_create(rows, ignore_conflicts=True)
        live.announce({row.contact_id for row in rows})


def _add(record, contacts, *, by, from_crm, quietly=False):
    pks = {contact.pk for contact in contacts}
    there = set(record.collaborators.filter(contact__in=pks).values_list("contact", flat=True))
    new = [contact for contact in contacts if contact.pk not in there]
    rows = [
        Collaborator(record=record, contact=contact, added_by=by.label[:200], from_crm=from_crm)
        for contact in new
    ]
    Collaborator.objects.bulk_create(rows, ignore_conflicts=True)
    for contact in new:
        if not (quietly or _is(contact, by)):
            news.added(record, contact, by=by)
    live.announce([contact.pk for contact in new])
    return new


def _is(contact, by):
    return by.kind == "contact" and by.id == str(contact.pk)


def _partners(record, partner_id):
    return record.partner_ids if partner_id is None else [partner_id]
