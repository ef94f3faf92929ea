"""Quotes and profile as sections of a tab: the same gates as on their own pages."""

import pytest

from portal.profile.models import ProfileLayout
from portal.quotes.models import QuoteSettings
from tests.portal.experiences.conftest import draft_of, publish, tab, text
from tests.portal.quotes.conftest import make_quote  # noqa: F401  a fixture

HOME = "/acme/"


@pytest.fixture
def home(acme):
    sections = [text("", kind="partner_profile"), text("", kind="quotes", title="Your offers")]
    publish(acme, draft_of(acme, tab("Home", *sections)))


def test_the_latest_quotes_of_the_own_partner_stand_on_the_tab(home, pat, sam, make_quote, as_user):  # noqa: F811
    for number in range(4):
        make_quote(pat, customer=f"Customer {number}.")
    make_quote(sam, customer="Secret customer")
    page = as_user(pat).get(HOME).text
    assert "Your offers" in page
    assert [f"Customer {number}." in page for number in range(4)] == [False, True, True, True]
    assert "Secret customer" not in page
    assert "/acme/quotes/new/" in page


def test_who_may_not_create_sees_no_button(acme, home, pat, narrow, as_user, inside):
    with inside(acme):
        audience = QuoteSettings.ensure().audience
    narrow(audience, "nobody")
    page = as_user(pat).get(HOME).text
    assert "/acme/quotes/new/" not in page
    assert "No quotes for you to see yet" in page


def test_the_profile_is_edited_where_it_stands_and_leads_back_there(home, pat, as_user):
    client = as_user(pat)
    page = client.get(HOME).text
    assert 'name="website"' in page
    assert f'name="next" value="{HOME}"' in page
    assert client.post("/acme/profile/", {"website": "https://new.example", "next": HOME}).url == HOME
    assert "https://new.example" in client.get(HOME).text


def test_who_may_not_edit_reads_it_there(acme, home, pat, narrow, as_user, inside):
    with inside(acme):
        audience = ProfileLayout.ensure().audience
    narrow(audience, "nobody")
    page = as_user(pat).get(HOME).text
    assert "Gold" in page
    assert 'name="website"' not in page
