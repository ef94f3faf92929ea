"""Seeing the portal as a contact does: with a reason, for half an hour at most, and written down first."""

from django.utils import timezone

from portal.access.models import LONGEST, Viewing
from workspaces.models import Contact

SHOWN = 5


def begin(contact, *, member, reason):
    """The row that everything afterwards is read through."""
    now = timezone.now()
    return Viewing.objects.create(
        contact=contact,
        member=member,
        member_label=str(member)[:200],
        reason=reason,
        started_at=now,
        ends_at=now + LONGEST,
    )


def open_one(contact, *, member):
    """The member's own that still runs, or None."""
    rows = Viewing.objects.open().filter(contact=contact, member=member)
    return rows.exclude(contact__status=Contact.Status.SUSPENDED).order_by("-started_at").first()


def end(viewing):
    Viewing.objects.open().filter(pk=viewing.pk).update(ended_at=timezone.now())


def latest(contact):
    return list(Viewing.objects.filter(contact=contact).order_by("-started_at")[:SHOWN])
