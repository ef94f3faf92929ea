"""The way out of mails that stands in each of them: a signed address that works without signing in, for ever."""

from dataclasses import dataclass
from uuid import UUID

from django.core import signing
from django.urls import get_script_prefix, reverse

from portal.notifications import choosing
from segments.notifications import KINDS, Kind
from workspaces.invitations import portal_address
from workspaces.models import Contact

SALT = "portal.notifications.unsubscribing"


@dataclass(frozen=True)
class Ticket:
    contact: Contact
    kind: Kind | None  # None: all mails

    @property
    def done(self):
        preference = choosing.preference_of(self.contact)
        if preference.mails_stopped_at:
            return True
        return self.kind is not None and preference.chosen(self.kind.key, "mail") == "off"

    @property
    def all_done(self):
        return choosing.preference_of(self.contact).mails_stopped_at is not None

    def use(self, *, all_mails=False):
        kind = None if all_mails or self.kind is None else self.kind.key
        choosing.stop_mails(self.contact, kind=kind)


def address(contact, workspace, *, kind=None):
    path = reverse("partner:unsubscribing", args=[token(contact, kind=kind)])
    return portal_address(workspace) + path.removeprefix(get_script_prefix())


def token(contact, *, kind=None):
    return signing.Signer(salt=SALT).sign_object([str(contact.pk), kind or ""])


def ticket(text):
    """What a token of the current workspace stands for, or None. A kind that is gone counts as all mails."""
    try:
        contact_id, kind = signing.Signer(salt=SALT).unsign_object(text)
        contact = Contact.objects.filter(pk=UUID(contact_id)).first()
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Ticket(contact, KINDS.get(kind)) if contact else None
