"""A contact's own team: the colleagues at their partner, and asking new ones in."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils import timezone

from portal.access.models import Invitation
from workspaces import invitations
from workspaces.actors import Actor
from workspaces.models import Contact
from workspaces.properties import create_contact, properties_of

AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
MOST_AN_HOUR = 10  # of one person
MOST_A_DAY = 50  # of one partner
AGAIN_AFTER = timedelta(minutes=10)


class Refused(Exception):
    """What was asked for is not done; the message says why, to the person who asked."""


@dataclass(frozen=True)
class Colleague:
    contact: Contact
    role: str
    invited_at: Any

    @property
    def waits(self):
        """Invited, and not here yet."""
        return self.contact.status == Contact.Status.INVITED


def colleagues(contact):
    """Everybody at the contact's partner but those whom the team has suspended."""
    role = properties_of("contact").get("role")
    people = list(_present(contact).order_by("name", "email", "pk"))
    sent = Invitation.objects.filter(partner=contact.partner_id).order_by().values("contact")
    latest = dict(sent.annotate(latest=Max("sent_at")).values_list("contact", "latest"))
    return [
        Colleague(person, _label(role, person), latest.get(person.pk, person.created_at)) for person in people
    ]


def invite(*, by, name, email, workspace):
    """A new contact with the default role, and a mail to it. Raises Refused, or PropertyErrors.

    Contacts of other partners are not looked for: the answer is the same whether the address is known there.
    """
    _keep_within_limits(by)
    known = Contact.objects.filter(partner=by.partner_id, email__iexact=email).first()
    if known is not None:
        raise Refused(_known(known, workspace))
    try:
        with transaction.atomic():
            made = create_contact(by.partner, {"name": name, "email": email}, by=Actor.of_contact(by))
    except IntegrityError as race:
        raise Refused(f"{email} is on your team already.") from race
    _send(made, by)
    return made


def invite_again(colleague, *, by):
    """Raises Refused."""
    _keep_within_limits(by)
    just_now = Invitation.objects.filter(contact=colleague, sent_at__gt=timezone.now() - AGAIN_AFTER)
    if just_now.exists():
        raise Refused(f"{colleague} was invited a moment ago. Give the mail some minutes, then try again.")
    _send(colleague, by)


def waiting(contact):
    """The colleagues who can be invited again."""
    return _present(contact).filter(status=Contact.Status.INVITED)


def _present(contact):
    return Contact.objects.filter(partner=contact.partner_id).exclude(status=Contact.Status.SUSPENDED)


def _label(role, person):
    value = person.value(role) if role else None
    return role.option_label(value) if value else ""


def _known(known, workspace):
    if known.status == Contact.Status.SUSPENDED:
        return f"This address cannot be invited. Ask your contact at {workspace.name}."
    return f"{known.email} is on your team already."


def _keep_within_limits(by):
    """Two requests at once wait for each other, so that both are counted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('invite' || %s, 0))", [str(by.partner_id)]
        )
    sent, now = Invitation.objects.filter(partner=by.partner_id), timezone.now()
    if sent.filter(by=by, sent_at__gt=now - AN_HOUR).count() >= MOST_AN_HOUR:
        raise Refused(f"You sent {MOST_AN_HOUR} invitations within an hour. Try again a little later.")
    if sent.filter(sent_at__gt=now - A_DAY).count() >= MOST_A_DAY:
        raise Refused(f"Your company sent {MOST_A_DAY} invitations within a day. Try again tomorrow.")


def _send(colleague, by):
    Invitation.objects.create(partner_id=by.partner_id, contact=colleague, by=by, by_label=str(by)[:200])
    invitations.invite(colleague, by=by)
