"""The first workspace of an installation: made on the command line, because nobody can sign up."""

import pytest
from django.core.management import CommandError, call_command

from workspaces.models import Property, TeamMember, User, Workspace
from workspaces.tenancy import workspace_transaction

pytestmark = pytest.mark.django_db


def test_a_workspace_begins_with_its_properties_and_an_owner():
    call_command("create_workspace", "initech", "Initech", "Bill@example.com")

    workspace = Workspace.objects.get(slug="initech")
    with workspace_transaction(workspace):
        (member,) = TeamMember.objects.select_related("user")
        assert Property.objects.filter(key="tier").exists()
    assert (member.user.email, member.access) == ("bill@example.com", "owner")


@pytest.mark.parametrize(
    ("slug", "owner", "word"),
    [
        ("settings", "bill@example.com", "used by the portal itself"),
        ("Initech", "bill@example.com", "small letters"),
        ("acme", "bill@example.com", "already exists"),
        ("initech", "bill", "valid email"),
    ],
)
def test_nothing_is_left_of_a_workspace_that_cannot_be(slug, owner, word):
    before = Workspace.objects.count()
    with pytest.raises(CommandError, match=word):
        call_command("create_workspace", slug, "Initech", owner)

    assert Workspace.objects.count() == before
    assert not User.objects.filter(email=owner).exists()
