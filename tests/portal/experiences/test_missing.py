"""What is not there, and what is not for this person: one answer, in the frame of whoever belongs here."""

import re
import uuid

import pytest

from tests.conftest import make_member
from tests.portal.experiences.conftest import tab, text
from workspaces.models import Contact

PER_REQUEST = re.compile(r'nonce="[^"]*"|"X-CSRFToken": "[^"]*"|name="csrfmiddlewaretoken" value="[^"]*"')
FRAMES = {"portal": 'class="portal"', "settings": 'class="settings"', "bare": 'class="alone said"'}


def body(response):
    assert response.status_code == 404
    return PER_REQUEST.sub("", response.text)


def frame(response):
    return next(name for name, mark in FRAMES.items() if mark in response.text)


@pytest.fixture
def gated(acme, gold, portal):
    """The address of a tab for gold partners alone, beside one for everybody."""
    prices = tab("Prices", text("Platinum margin"), only=[gold])
    portal(acme, tab("Start", text("Hello")), prices)
    return f"/acme/tabs/{prices['key']}/"


def test_what_is_not_for_a_contact_looks_like_what_never_was(sam, gated, as_user):
    client = as_user(sam)
    nowhere = f"/acme/tabs/{uuid.uuid4()}/"

    closed = client.get(gated)

    assert body(closed).replace(gated, nowhere) == body(client.get(nowhere))
    assert (frame(closed), closed["Cache-Control"]) == ("portal", "private, no-store")
    assert [tab.title for tab in closed.context["bar"].tabs] == ["Start"]
    assert "Prices" not in closed.text
    # An address that is no route at all, and the team's own, say no more.
    assert body(client.get("/acme/no/such/page/")) == body(client.get(nowhere))
    assert body(client.get("/acme/settings/partners/")) == body(client.get("/acme/settings/nothing/"))


def test_everybody_gets_their_own_frame(acme, sam, ada, eve, gated, as_user, client):
    assert frame(as_user(ada).get("/acme/settings/partners/nobody/")) == "settings"
    assert frame(as_user(ada).get(gated)) == "settings"
    assert frame(as_user(sam).get("/acme/settings/partners/")) == "portal"
    for stranger in (as_user(eve).get(gated), as_user(eve).get("/acme/settings/partners/")):
        assert (stranger.status_code, frame(stranger)) == (404, "bare")
        assert "Start" not in stranger.text
    assert frame(client.get("/acme/settings/nothing/")) == "bare"


def test_who_was_suspended_gets_the_bare_page(acme, sam, gated, as_user, inside):
    client = as_user(sam)
    with inside(acme):
        Contact.objects.filter(pk=sam.pk).update(status=Contact.Status.SUSPENDED)

    response = client.get("/acme/")

    assert (response.status_code, frame(response)) == (404, "bare")
    assert "signed in as sam@example.com" in response.text


@pytest.mark.parametrize("asked", [{"HX-Request": "true"}, {"Sec-Fetch-Dest": "image"}])
def test_a_fragment_is_answered_in_one_line(sam, gated, as_user, asked):
    response = as_user(sam).get(gated, headers=asked)
    assert (response.status_code, response.text) == (404, "This is no longer there.")


def test_what_ones_access_does_not_include_is_refused_in_the_frame(acme, ada, as_user):
    response = as_user(make_member(acme, "vera", "viewer")).get("/acme/settings/team/")
    assert (response.status_code, frame(response)) == (403, "settings")
    assert "Your access is Viewer" in response.text
