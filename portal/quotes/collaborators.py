"""Who works on a quote: the person who made it, and colleagues who were added. Who sees a quote may add to it."""

from portal.quotes.models import Collaborator
from segments import live
from workspaces.models import Contact


def of(quote):
    """Those of the quote's partner who are still there, the maker first."""
    pks = [quote.created_by_id, *quote.added.values_list("contact_id", flat=True)]
    people = list(_colleagues(quote).filter(pk__in=pks))
    return sorted(people, key=lambda contact: (contact.pk != quote.created_by_id, contact.name, contact.pk))


def candidates(quote):
    """Colleagues who could be added, as a queryset."""
    added = Collaborator.objects.filter(quote=quote).values("contact")
    return _colleagues(quote).exclude(pk__in=added).exclude(pk=quote.created_by_id)


def add(quote, contact, *, by):
    """Adding twice is adding once."""
    Collaborator.objects.bulk_create(
        [Collaborator(quote=quote, contact=contact, added_by=str(by)[:200])], ignore_conflicts=True
    )
    live.announce([contact.pk])


def remove(quote, contact):
    """Whether they had been added: who made a quote stays."""
    gone, _ = Collaborator.objects.filter(quote=quote, contact=contact).delete()
    live.announce([contact.pk])
    return bool(gone)


def _colleagues(quote):
    people = Contact.objects.filter(partner=quote.partner_id).exclude(status=Contact.Status.SUSPENDED)
    return people.order_by("name", "pk")
