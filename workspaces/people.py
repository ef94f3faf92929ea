"""Who a signed-in person is in a workspace: a member of its team, one of its partners' contacts, or both."""

from allauth.account.models import EmailAddress
from django.db.models.functions import Lower

from workspaces.models import Contact, PersonAccess, TeamMember

# In the session: workspace id → the contact that the person chose to be there.
CHOSEN_CONTACT = "chosen_contacts"


def team_member(user):
    """The person's membership of the current workspace's team, or None."""
    return TeamMember.objects.filter(user=user).select_related("user").first()


def contacts_of(user):
    """The person's contacts in the current workspace: one for each partner that they work for."""
    bound = Contact.objects.filter(user=user).exclude(status=Contact.Status.SUSPENDED)
    return bound.select_related("partner").order_by("partner__name", "pk")


def chosen_contact(user, session, workspace):
    """The contact that the person is now, or None. Who has several chooses; else it is the first."""
    contacts = list(contacts_of(user))
    chosen = session.get(CHOSEN_CONTACT, {}).get(str(workspace.pk))
    return next((c for c in contacts if str(c.pk) == chosen), contacts[0] if contacts else None)


def unbound_contacts(user):
    """Contacts of the current workspace at an address that the person has proved, bound to nobody yet."""
    proved = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    addresses = [address.lower() for address in proved]
    return (
        Contact.objects.annotate(address=Lower("email"))
        .filter(address__in=addresses, user=None)
        .exclude(status=Contact.Status.SUSPENDED)
    )


def bind_contacts(user, workspace):
    """Binds the person to their contacts in the current workspace. Only ever by a proved address."""
    bound = unbound_contacts(user).update(user=user, status=Contact.Status.ACTIVE)
    if bound:
        PersonAccess.objects.get_or_create(user=user, workspace=workspace)
    return bound


def add_team_member(user, workspace, *, access):
    member = TeamMember.objects.create(user=user, access=access)
    PersonAccess.objects.get_or_create(user=user, workspace=workspace)
    return member
