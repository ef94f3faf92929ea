"""Who a signed-in person is in a workspace: a member of its team, one of its partners' contacts, or both."""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth import get_user
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.db import models
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils import timezone

from workspaces.models import Contact, PersonAccess, TeamMember, User
from workspaces.signals import contact_visited
from workspaces.tenancy import workspace_transaction

# Being here is written down this often at most, so that reading a page is not writing a row.
VISIT_EVERY = timedelta(minutes=10)
# In the session: workspace id → the contact that the person chose to be there.
CHOSEN_CONTACT = "chosen_contacts"


def team_member(user):
    """The person's membership of the current workspace's team, or None."""
    return TeamMember.objects.filter(user=user).select_related("user").first()


def contacts_of(user):
    """The person's contacts in the current workspace: one for each partner that they work for."""
    bound = Contact.objects.filter(user=user).exclude(status=Contact.Status.SUSPENDED)
    return bound.select_related("partner").order_by("partner__name", "pk")


class PlacesOf(models.Func):
    """In how many workspaces the person of a user id is known."""

    template = "(SELECT count(*) FROM workspaces_personaccess known WHERE known.user_id = %(expressions)s)"
    output_field = models.IntegerField()


def chosen_contact(user, session, workspace):
    """The contact that the person is now, or None."""
    return chosen_among(list(contacts_of(user)), session, workspace)


def chosen_among(contacts, session, workspace):
    """Who has several chooses; else it is the first."""
    chosen = session.get(CHOSEN_CONTACT, {}).get(str(workspace.pk))
    return next((c for c in contacts if str(c.pk) == chosen), contacts[0] if contacts else None)


def note_visit(contact, workspace):
    """Keeps when a contact was last here, in a transaction of its own."""
    now = timezone.now()
    if contact.last_seen_at is None or now - contact.last_seen_at > VISIT_EVERY:
        with workspace_transaction(workspace):
            Contact.objects.filter(pk=contact.pk).update(last_seen_at=now)
        contact_visited.send(sender=Contact, contact=contact, workspace=workspace)


def choose_contact(session, contact):
    session[CHOSEN_CONTACT] = {
        **session.get(CHOSEN_CONTACT, {}),
        str(contact.workspace_id): str(contact.pk),
    }


def unbound_contacts(user):
    """Contacts of the current workspace at an address that the person has proved, bound to nobody yet."""
    proved = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return _contacts_at([address.lower() for address in proved]).filter(user=None)


def bind_contacts(user, workspace):
    """Binds the person to their contacts in the current workspace. Only ever by a proved address."""
    bound = unbound_contacts(user).update(user=user, status=Contact.Status.ACTIVE)
    if bound:
        PersonAccess.objects.get_or_create(user=user, workspace=workspace)
    return bound


def expect_contact(address):
    """Makes a person for one of the current workspace's contacts, so that a code can be sent to them.

    Nothing is bound yet, and the address counts as unproved until the code comes back.
    """
    contact = _contacts_at([address.lower()]).order_by("pk").first()
    if contact is not None:
        person_at(address, name=contact.name)


def person_at(address, *, name=""):
    """The person with this address, made on the spot where there is none."""
    address = address.lower()
    known = _user_at(address) or _proved_by(address)
    if known is not None:
        return known
    user, _ = User.objects.get_or_create(
        email=address, defaults={"name": name[:150], "password": make_password(None)}
    )
    EmailAddress.objects.get_or_create(user=user, email=address, defaults={"primary": True})
    return user


def session_is_alive(session_key, user_id):
    """Whether the session still signs this person in: not signed out, not expired, not switched off.

    Live streams ask this every minute.
    """
    request = HttpRequest()
    request.session = SessionStore(session_key)
    user = get_user(request)
    return user.is_authenticated and str(user.pk) == str(user_id)


def add_team_member(user, workspace, *, access, joined=True):
    member = TeamMember.objects.create(user=user, access=access, joined_at=timezone.now() if joined else None)
    PersonAccess.objects.get_or_create(user=user, workspace=workspace)
    return member


def join_team(member, workspace):
    """The first visit takes the invitation, in a transaction of its own: pages cannot write."""
    with workspace_transaction(workspace):
        TeamMember.objects.filter(pk=member.pk, joined_at=None).update(joined_at=timezone.now())


def place_of(user):
    """What the person is in the current workspace: "team", "partner" or None. Team members may be both."""
    if team_member(user):
        return "team"
    return "partner" if contacts_of(user).exists() or unbound_contacts(user).exists() else None


def _user_at(address):
    return User.objects.annotate(address=Lower("email")).filter(address=address).first()


def _proved_by(address):
    proof = EmailAddress.objects.filter(email=address, verified=True).select_related("user").first()
    return proof and proof.user


def _contacts_at(addresses):
    at = Contact.objects.annotate(address=Lower("email")).filter(address__in=addresses)
    return at.exclude(status=Contact.Status.SUSPENDED)
