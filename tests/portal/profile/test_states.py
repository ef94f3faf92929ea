"""Where an edited value is, in the page and in the fragment that it asks for."""

import pytest

STATES = "/acme/profile/states/"


@pytest.mark.parametrize(
    ("state", "message", "words", "waits"),
    [
        ("saved", "", "Saved here", False),
        ("on_its_way", "", "Saved here, on its way to HubSpot", True),
        ("in_crm", "", "In HubSpot", False),
        ("refused", "VAT must have 9 digits.", "HubSpot refused this: “VAT must have 9 digits.” It is kept here.", False),
    ],
)  # fmt: skip
def test_each_state_is_said_in_words_and_only_waiting_asks_again(
    state, message, words, waits, pat, brightpath, delivery, as_user
):
    delivery(brightpath, "website", state, message)
    for path in ("/acme/profile/", STATES):
        text = as_user(pat).get(path).text
        assert words in text
        assert ("every 2s" in text) == waits


def test_the_fragment_is_no_page_and_names_each_field(pat, brightpath, delivery, as_user):
    delivery(brightpath, "website", "on_its_way")
    text = as_user(pat).get(STATES).text
    assert "<html" not in text
    assert 'hx-swap-oob="true"' in text
    assert text.count('id="state-') == 1


def test_states_are_of_the_own_partner_and_of_what_one_may_edit(pat, sam, brightpath, delivery, as_user):
    delivery(brightpath, "tier", "refused", "Secret words about the tier")
    delivery(brightpath, "website", "refused", "Secret words about the website")
    assert "Secret words" not in as_user(sam).get(STATES).text
    assert "Secret words" not in as_user(sam).get("/acme/profile/").text
    assert "about the tier" not in as_user(pat).get(STATES).text
    assert "about the website" in as_user(pat).get(STATES).text


def test_the_crms_words_are_text(pat, brightpath, delivery, as_user):
    delivery(brightpath, "website", "refused", "<script>alert(1)</script>")
    assert "<script>alert(1)" not in as_user(pat).get(STATES).text


def test_readers_without_the_right_see_no_states(pat, brightpath, layout, narrow, delivery, as_user):
    delivery(brightpath, "website", "refused", "Secret words")
    narrow(layout.audience, "nobody")
    assert "Secret words" not in as_user(pat).get("/acme/profile/").text
    assert as_user(pat).get(STATES).status_code == 404
