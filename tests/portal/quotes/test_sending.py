import pytest
import time_machine


def test_sending_closes_the_quote_and_says_who(pat, make_quote, as_user, stored, typed):
    quote, client = make_quote(pat), as_user(pat)
    assert client.post(f"/acme/quotes/{quote.pk}/sending/").status_code == 302

    sent = stored(quote)
    assert (sent.status, sent.sent_by_id) == ("sent", pat.pk)
    page = client.get(f"/acme/quotes/{quote.pk}/").text
    assert "Sent" in page
    assert "/draft/" not in page
    for method in ("get", "post"):
        refused = getattr(client, method)(f"/acme/quotes/{quote.pk}/draft/", typed(customer="Changed"))
        assert refused.status_code == 403
        assert "It stays as it is" in refused.text
    assert stored(quote).customer == "Alpenbank"


def test_two_clicks_send_once(pat, make_quote, as_user, stored):
    quote, client = make_quote(pat), as_user(pat)
    client.post(f"/acme/quotes/{quote.pk}/sending/")
    first = stored(quote).sent_at
    assert client.post(f"/acme/quotes/{quote.pk}/sending/").status_code == 302
    assert stored(quote).sent_at == first


def test_a_quote_without_lines_is_not_ready(pat, make_quote, as_user, stored, typed):
    quote, client = make_quote(pat), as_user(pat)
    client.post(f"/acme/quotes/{quote.pk}/draft/", typed(lines={}))
    response = client.post(f"/acme/quotes/{quote.pk}/sending/")
    assert response.status_code == 409
    assert "at least one line" in response.text
    assert stored(quote).status == "draft"


@pytest.mark.parametrize(
    ("valid_until", "status"), [("2026-11-21", 409), ("2026-11-22", 302), ("2026-11-23", 302)]
)
@time_machine.travel("2026-11-21T23:30:00Z", tick=False)
def test_the_day_is_the_workspaces_own(valid_until, status, pat, make_quote, as_user):
    """At half past eleven in the evening of the 21st in London it is the 22nd in Berlin."""
    quote = make_quote(pat, valid_until=valid_until)
    assert as_user(pat).post(f"/acme/quotes/{quote.pk}/sending/").status_code == status


def test_sending_is_never_a_get(pat, make_quote, as_user):
    assert as_user(pat).get(f"/acme/quotes/{make_quote(pat).pk}/sending/").status_code == 405


def test_sending_asks_for_the_forms_token(pat, make_quote, as_user, stored):
    quote = make_quote(pat)
    assert as_user(pat, enforce_csrf_checks=True).post(f"/acme/quotes/{quote.pk}/sending/").status_code == 403
    assert stored(quote).status == "draft"
