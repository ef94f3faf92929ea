"""Whether a contact may come in: invited by mail, suspended, let in again."""

from functools import partial

from django.conf import settings
from django.db import transaction
from django.urls import get_script_prefix, reverse

from workspaces import mailing
from workspaces.actors import Actor
from workspaces.models import Contact
from workspaces.signals import contact_invited, standing_changed


def invite(contact, *, by):
    """Mails the way to the sign-in page, once the transaction has committed.

    The mail carries no secret: whoever opens the page proves the address by a code.
    """
    workspace = contact.workspace
    house = by.partner.name if isinstance(by, Contact) else workspace.name
    # The mail is written after the commit, outside the workspace's walls: nothing can be looked up there.
    words = {"contact": contact, "partner": contact.partner.name, "by": str(by), "house": house}
    words["address"] = sign_in_address(workspace)
    send = partial(mailing.send, "emails/contact_invitation", contact.email, words, workspace=workspace)
    transaction.on_commit(send)
    actor = Actor.of_contact(by) if isinstance(by, Contact) else Actor.of_member(by)
    contact_invited.send(sender=Contact, contact=contact, by=actor)


def suspend(contact):
    """They are out at once, wherever they are signed in: every page asks for the status, open ones are told."""
    _set_status(contact, Contact.Status.SUSPENDED)


def reactivate(contact):
    _set_status(contact, Contact.Status.ACTIVE if contact.user_id else Contact.Status.INVITED)


def portal_address(workspace):
    """Where the workspace's portal begins, with a slash at the end."""
    if workspace.domain:
        return f"{'https' if settings.HTTPS else 'http'}://{workspace.domain}/"
    return f"{settings.PUBLIC_URL}/{workspace.slug}/"


def sign_in_address(workspace):
    return portal_address(workspace) + reverse(settings.LOGIN_URL).removeprefix(get_script_prefix())


def _set_status(contact, status):
    contact.status = status
    contact.save(update_fields=["status"])
    standing_changed.send(sender=Contact, contact=contact)
