"""The cast. At acme, Ada is an admin, Mia a partner manager, Pat works for a gold partner, Sam for a silver one
and Kim for a third; Eve is a contact and Otto the owner at globex, where nobody of acme belongs."""

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client

from workspaces import jobs, people
from workspaces.actors import SYSTEM
from workspaces.models import Contact, User, Workspace
from workspaces.properties import create_contact, create_partner
from workspaces.setup import set_up_workspace
from workspaces.tenancy import workspace_transaction

PASSWORD = "correct horse battery"
ACME_DOMAIN = "partners.acme.test"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """The test database is made, migrated and emptied by the owner; the tests speak to it as the application."""
    for item in items:
        if {"browser", "running_portal"} & set(item.fixturenames):
            item.add_marker(pytest.mark.browser)
        if "running_portal" in item.fixturenames or item.get_closest_marker("processes"):
            item.add_marker(pytest.mark.alone)
        marker = item.get_closest_marker("django_db")
        uses_database = {"db", "transactional_db", "live_server"} & set(item.fixturenames)
        if marker or uses_database:
            options = {**(marker.kwargs if marker else {}), "databases": ["default", "owner"]}
            item.add_marker(pytest.mark.django_db(**options), append=False)


# For every test: passwords that cost nothing, and static files found when asked for, not at each client's start.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Both workspaces are made once. A test that empties the database makes its own again."""
    with django_db_blocker.unblock():
        make_workspace("acme", domain=ACME_DOMAIN)
        make_workspace("globex")


def workspace_named(slug, **fields):
    return Workspace.objects.filter(slug=slug).first() or make_workspace(slug, **fields)


def make_workspace(slug, **fields):
    workspace = Workspace.objects.create(slug=slug, name=slug.title(), time_zone="Europe/Berlin", **fields)
    workspace.refresh_from_db()
    with workspace_transaction(workspace):
        set_up_workspace(workspace)
    return workspace


def make_person(name, password=None):
    user = User.objects.create_user(f"{name}@example.com", password, name=name.title())
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def make_contact(workspace, name, partner, **values):
    user = make_person(name)
    with workspace_transaction(workspace):
        values = {"email": user.email, "name": user.name, **values}
        contact = create_contact(partner, values, by=SYSTEM, status=Contact.Status.ACTIVE)
        people.bind_contacts(user, workspace)
        contact.refresh_from_db()
    return contact


def make_partner(workspace, name, **values):
    with workspace_transaction(workspace):
        return create_partner({"name": name, **values}, by=SYSTEM)


def make_member(workspace, name, access):
    user = make_person(name, PASSWORD)
    with workspace_transaction(workspace):
        return people.add_team_member(user, workspace, access=access)


@pytest.fixture
def acme(db):
    return workspace_named("acme", domain=ACME_DOMAIN)


@pytest.fixture
def globex(db):
    return workspace_named("globex")


@pytest.fixture
def ada(acme):
    return make_member(acme, "ada", "admin")


@pytest.fixture
def mia(acme):
    return make_member(acme, "mia", "manager")


@pytest.fixture
def otto(globex):
    return make_member(globex, "otto", "owner")


@pytest.fixture
def brightpath(acme):
    return make_partner(acme, "Brightpath", tier="gold", phase="active")


@pytest.fixture
def kestrel(acme):
    return make_partner(acme, "Kestrel", tier="silver", phase="prospecting")


@pytest.fixture
def pat(acme, brightpath):
    return make_contact(acme, "pat", brightpath, role="admin")


@pytest.fixture
def sam(acme, kestrel):
    return make_contact(acme, "sam", kestrel, role="sales_rep")


@pytest.fixture
def kim(acme):
    return make_contact(acme, "kim", make_partner(acme, "Third"))


@pytest.fixture
def eve(globex):
    return make_contact(globex, "eve", make_partner(globex, "Evil"))


@pytest.fixture
def inside():
    """Opens a transaction in a workspace: `with inside(acme): …`."""
    return workspace_transaction


@pytest.fixture
def as_user():
    """A signed-in client for a contact or team member, at their workspace's path on the main host."""

    def signed_in(who, **options):
        client = Client(headers={"host": "localhost:8000"}, **options)
        client.force_login(who.user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return signed_in


@pytest.fixture
def drain():
    """Runs whatever work was left, here and now."""
    return jobs.run_everything
