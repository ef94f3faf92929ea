"""Who works for the vendor: inviting, changing what they may do, and taking it away."""

from functools import partial

from django.db import transaction

from workspaces import mailing, people
from workspaces.models import Contact, PersonAccess, TeamMember

OWNER = TeamMember.Access.OWNER


class TeamRefusal(Exception):
    """What was asked for cannot be; the message says why."""


def invite(address, *, name, access, workspace, by):
    """Adds a person to the team of the current workspace and mails them where to sign in."""
    _may_give(access, by)
    user = people.person_at(address, name=name)
    if TeamMember.objects.filter(user=user).exists():
        raise TeamRefusal(f"{address} is already on the team.")
    member = people.add_team_member(user, workspace, access=access, joined=False)
    send_invitation(member, workspace, by=by)
    return member


def send_invitation(member, workspace, *, by):
    context = {"member": member, "by": by}
    send = partial(mailing.send, "emails/team_invitation", member.user.email, context, workspace=workspace)
    transaction.on_commit(send)


def change_access(member, access, *, by):
    owners = _lock_owners()
    _may_touch(member, by)
    _may_give(access, by)
    if access != OWNER:
        _leave_an_owner(member, owners)
    member.access = access
    member.save(update_fields=["access"])


def remove(member, workspace, *, by):
    owners = _lock_owners()
    _may_touch(member, by)
    _leave_an_owner(member, owners)
    user = member.user
    member.delete()
    if not Contact.objects.filter(user=user).exists():
        PersonAccess.objects.filter(user=user, workspace=workspace).delete()


def accesses_to_give(member):
    """The accesses that this member may hand out, as choices."""
    return [choice for choice in TeamMember.Access.choices if choice[0] != OWNER or member.access == OWNER]


def may_touch(member, *, by):
    return member.pk != by.pk and (member.access != OWNER or by.access == OWNER)


def _lock_owners():
    """Two owners who remove each other at the same moment wait for one another here."""
    owners = TeamMember.objects.select_for_update().filter(access=OWNER).order_by("pk")
    return list(owners.values_list("pk", flat=True))


def _may_touch(member, by):
    member.refresh_from_db(fields=["access"])
    if member.pk == by.pk:
        raise TeamRefusal("You cannot change your own access. Ask another admin or owner.")
    if member.access == OWNER and by.access != OWNER:
        raise TeamRefusal("Only an owner can change an owner.")


def _may_give(access, by):
    if access == OWNER and by.access != OWNER:
        raise TeamRefusal("Only an owner can make somebody an owner.")


def _leave_an_owner(member, owners):
    if owners == [member.pk]:
        raise TeamRefusal("A workspace needs an owner. Make somebody else an owner first.")
