"""Who is restricted works on what they made or were added to, and finds no trace of the rest."""

import pytest

from portal.quotes import collaborators
from portal.quotes.models import Collaborator
from segments.models import Segment
from segments.permissions import set_permissions
from tests.conftest import make_contact
from workspaces import invitations
from workspaces.actors import SYSTEM
from workspaces.models import Workspace
from workspaces.properties import move_contact, set_properties

NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def rita(acme, inside, brightpath):
    """A sales rep at Pat's partner; sales reps are restricted."""
    with inside(acme):
        role = Segment.objects.get(built_in_key="role:sales_rep")
        set_permissions(role, invite="inherit", restricted=True)
    return make_contact(acme, "rita", brightpath, role="sales_rep")


@pytest.fixture
def secret(pat, make_quote):
    return make_quote(pat, customer="Zephyrine AG")


def add(client, quote, contact):
    return client.post(
        f"/acme/quotes/{quote.pk}/collaborators/", {"contact": str(getattr(contact, "pk", contact))}
    )


def sees(client, quote):
    return client.get(f"/acme/quotes/{quote.pk}/").status_code == 200


def test_the_restricted_see_what_they_made_and_the_others_see_all(pat, rita, secret, make_quote, as_user):
    own = make_quote(rita, customer="Own AG")
    listed = as_user(rita).get("/acme/quotes/").text
    assert "Own AG" in listed
    assert "Zephyrine" not in listed
    assert "1 quote<" in listed
    assert sees(as_user(rita), own)
    assert sees(as_user(pat), own)


@pytest.mark.parametrize(
    ("method", "tail"),
    [("get", ""), ("get", "draft/"), ("post", "draft/"), ("post", "sending/"), ("post", "collaborators/")],
)
def test_what_they_do_not_work_on_does_not_exist(method, tail, pat, rita, secret, as_user, typed, stored):
    body = {**typed(customer="Mine"), "contact": str(rita.pk)}
    response = getattr(as_user(rita), method)(f"/acme/quotes/{secret.pk}/{tail}", body)
    assert response.status_code == 404
    assert "Zephyrine" not in response.text
    assert (stored(secret).customer, stored(secret).status) == ("Zephyrine AG", "draft")


@pytest.mark.parametrize("search", ["?q=zephyr", "?q=1001", "?status=draft", "?page=2"])
def test_no_search_finds_it(search, rita, secret, make_quote, as_user):
    make_quote(rita, customer="Own AG")
    assert "Zephyrine" not in as_user(rita).get(f"/acme/quotes/{search}").text


def test_who_is_added_sees_it_and_who_is_taken_off_does_not(pat, rita, secret, as_user, inside, acme):
    client = as_user(rita)
    assert add(as_user(pat), secret, rita).status_code == 302
    assert sees(client, secret)
    assert "Zephyrine" in client.get("/acme/quotes/").text
    as_user(pat).post(f"/acme/quotes/{secret.pk}/collaborators/{rita.pk}/removal/")
    assert not sees(client, secret)
    with inside(acme):
        assert not Collaborator.objects.exists()


def test_a_restricted_collaborator_adds_others_and_may_leave(pat, rita, secret, acme, brightpath, as_user):
    ron = make_contact(acme, "ron", brightpath, role="sales_rep")
    add(as_user(pat), secret, rita)
    assert add(as_user(rita), secret, ron).status_code == 302
    assert sees(as_user(ron), secret)
    gone = as_user(rita).post(f"/acme/quotes/{secret.pk}/collaborators/{rita.pk}/removal/")
    assert gone["Location"].endswith("/acme/quotes/")
    assert not sees(as_user(rita), secret)


def test_the_maker_is_not_taken_off(pat, secret, as_user):
    answer = as_user(pat).post(f"/acme/quotes/{secret.pk}/collaborators/{pat.pk}/removal/")
    assert answer.status_code == 404


@pytest.mark.parametrize("who", ["sam", "eve", "nobody", "suspended"])
def test_only_colleagues_are_added(who, acme, inside, pat, rita, secret, as_user, request):
    if who == "suspended":
        with inside(acme):
            invitations.suspend(rita)
        wanted = rita
    else:
        wanted = NOBODY if who == "nobody" else request.getfixturevalue(who)
    assert add(as_user(pat), secret, wanted).status_code == 404
    with inside(acme):
        assert not Collaborator.objects.exists()


def test_nothing_chosen_is_said(pat, secret, as_user):
    answer = as_user(pat).post(f"/acme/quotes/{secret.pk}/collaborators/", {"contact": ""}, follow=True)
    assert "Choose a colleague first" in answer.text


def test_added_twice_is_added_once(acme, inside, pat, rita, secret):
    with inside(acme):
        collaborators.add(secret, rita, by=pat)
        collaborators.add(secret, rita, by=pat)
        assert [c.name for c in collaborators.of(secret)] == ["Pat", "Rita"]
        assert not collaborators.candidates(secret).exists()


def test_who_moves_to_another_partner_leaves_the_quotes_behind(
    acme, inside, pat, rita, kestrel, secret, as_user
):
    with inside(acme):
        collaborators.add(secret, rita, by=pat)
        move_contact(rita, kestrel, by=SYSTEM)
        assert [c.name for c in collaborators.of(secret)] == ["Pat"]
    assert not sees(as_user(rita), secret)


def test_the_restriction_follows_the_role_at_once(acme, inside, rita, secret, as_user):
    client = as_user(rita)
    assert not sees(client, secret)
    with inside(acme):
        set_properties(rita, {"role": "marketing"}, by=SYSTEM)
    assert sees(client, secret)


def test_the_workspaces_default_restricts_everybody(acme, pat, brightpath, secret, as_user):
    cleo = make_contact(acme, "cleo", brightpath, role="marketing")
    assert sees(as_user(cleo), secret)
    Workspace.objects.filter(pk=acme.pk).update(collaboration_restricted=True)
    assert not sees(as_user(cleo), secret)
    assert sees(as_user(pat), secret)


def test_a_segment_that_is_not_counted_yet_restricts_everybody(
    acme, inside, brightpath, rita, secret, as_user
):
    cleo = make_contact(acme, "cleo", brightpath, role="marketing")
    with inside(acme):
        Segment.objects.filter(built_in_key="role:sales_rep").update(live_build=None)
    assert not sees(as_user(cleo), secret)


def test_the_page_names_them_and_offers_the_rest(acme, inside, pat, rita, secret, as_user):
    page = as_user(pat).get(f"/acme/quotes/{secret.pk}/").text
    assert "Who works on it" in page
    assert f'value="{rita.pk}"' in page
    with inside(acme):
        collaborators.add(secret, rita, by=pat)
    page = as_user(pat).get(f"/acme/quotes/{secret.pk}/").text
    assert f'value="{rita.pk}"' not in page
    assert "Take Rita off this quote" in page


def test_the_team_reads_who_works_on_it(acme, inside, ada, pat, rita, secret, as_user):
    with inside(acme):
        collaborators.add(secret, rita, by=pat)
    assert (
        f"/acme/settings/contacts/{rita.pk}/" in as_user(ada).get(f"/acme/settings/quotes/{secret.pk}/").text
    )
