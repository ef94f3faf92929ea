"""News about the people of a company: a colleague was invited to the portal."""

from django.dispatch import receiver
from django.urls import reverse

from portal.notifications import events, sources
from portal.notifications.events import Doing
from portal.notifications.sources import Shown, Source, who
from segments.notifications import Kind
from workspaces.models import Contact
from workspaces.signals import contact_invited

INVITED = "team.invited"


def shown(viewer, found):
    """Colleagues know each other; who works elsewhere now, or was shut out, is not news any more."""
    wanted = [event.subject_id for event in found]
    people = Contact.objects.filter(pk__in=wanted, partner=viewer.partner_id)
    present = people.exclude(status=Contact.Status.SUSPENDED).in_bulk()
    return {
        event.pk: Shown(
            f"{who(event)} invited {present[event.subject_id]} to the portal",
            reverse("partner:profile"),
        )
        for event in found
        if event.subject_id in present
    }


def names(found):
    people = Contact.objects.in_bulk([event.subject_id for event in found])
    return {event.pk: str(people[event.subject_id]) for event in found if event.subject_id in people}


@receiver(contact_invited)
def note(sender, contact, by, **kwargs):
    """Once for each person, however often they are reminded."""
    events.note(Doing(INVITED, contact.pk, contact.partner_id, by, once=True))


sources.register(
    Source(
        kind=Kind(key=INVITED, label="A colleague was invited", group="Team"),
        icon="person-plus",
        shown=shown,
        names=names,
    )
)
