"""The front door: where a person may go, and as whom."""

import pytest

from tests.conftest import make_contact
from workspaces import people
from workspaces.actors import SYSTEM
from workspaces.properties import create_contact

DOOR = "/workspaces/"


@pytest.fixture
def tom(acme, brightpath, kestrel, inside):
    """A contact of two partners."""
    first = make_contact(acme, "tom", brightpath)
    with inside(acme):
        second = create_contact(kestrel, {"email": first.email, "name": "Tom"}, by=SYSTEM)
        people.bind_contacts(first.user, acme)
        first.second = second
    return first


def test_who_has_one_place_is_led_there(as_user, ada, pat):
    assert as_user(ada).get(DOOR)["Location"] == "/acme/settings/"
    assert as_user(pat).get(DOOR)["Location"] == "/acme/"


def test_who_has_several_places_chooses(as_user, ada, globex, inside):
    with inside(globex):
        people.add_team_member(ada.user, globex, access="viewer")
    page = as_user(ada).get(DOOR).content.decode()
    assert 'href="/acme/settings/"' in page
    assert 'href="/globex/settings/"' in page


def test_the_choice_between_two_partners_is_kept(as_user, tom, inside, acme):
    client = as_user(tom)
    page = client.get(DOOR).content.decode()
    assert "Brightpath" in page
    assert "Kestrel" in page
    assert client.post("/workspaces/contact/", {"contact": tom.second.pk})["Location"] == "/acme/"
    with inside(acme):
        assert people.chosen_contact(tom.user, client.session, acme).pk == tom.second.pk
        client.post("/acme/workspaces/contact/", {"contact": tom.pk})
    with inside(acme):
        assert people.chosen_contact(tom.user, client.session, acme).pk == tom.pk


def test_nobody_chooses_to_be_somebody_else(as_user, tom, pat, eve, inside, acme):
    client = as_user(tom)
    for stranger in (pat, eve):
        assert client.post("/workspaces/contact/", {"contact": stranger.pk}).status_code == 404
    assert client.post("/workspaces/contact/", {"contact": "x"}).status_code == 404


def test_a_workspaces_own_domain_shows_that_workspace_alone(tom, globex, inside):
    from django.test import Client

    with inside(globex):
        people.add_team_member(tom.user, globex, access="viewer")
    client = Client(headers={"host": "partners.acme.test"})
    client.force_login(tom.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(DOOR).content.decode()
    assert "Kestrel" in page
    assert "Globex" not in page


def test_signed_out_one_is_asked_to_sign_in():
    from django.test import Client

    response = Client(headers={"host": "localhost:8000"}).get(DOOR)
    assert response["Location"] == "/accounts/login/?next=/workspaces/"


@pytest.mark.parametrize("path", ["you/", "sessions/", "2fa/"])
def test_a_persons_own_pages_open_with_and_without_a_workspace(as_user, pat, path):
    assert as_user(pat).get(f"/accounts/{path}").status_code == 200
    assert as_user(pat).get(f"/acme/accounts/{path}").status_code == 200


def test_a_person_changes_their_name(as_user, pat):
    client = as_user(pat)
    assert client.post("/accounts/you/", {"name": "Patricia"}).status_code == 302
    pat.user.refresh_from_db()
    assert pat.user.name == "Patricia"
