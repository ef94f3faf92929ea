"""Who may create quotes, and what stays for those who may not any more."""

import pytest

from portal.quotes.models import Quote

LINE = {"n1": {"title": "Workshop", "quantity": "2", "unit_price": "10", "discount": ""}}


def count(workspace, inside):
    with inside(workspace):
        return Quote.objects.count()


@pytest.mark.parametrize(
    ("mode", "names_gold", "gold_may", "silver_may"),
    [
        ("everyone", False, True, True),
        ("only", True, True, False),
        ("except", True, False, True),
        ("nobody", False, False, False),
        ("only", False, False, False),
        ("except", False, False, False),
    ],
)  # fmt: skip
def test_the_audience_decides(
    mode, names_gold, gold_may, silver_may, acme, pat, sam, gold, only, as_user, inside, typed
):
    only(*[gold] if names_gold else [], mode=mode)
    for who, may in ((pat, gold_may), (sam, silver_may)):
        client, before = as_user(who), count(acme, inside)
        assert client.get("/acme/quotes/new/").status_code == (200 if may else 404)
        assert client.post("/acme/quotes/new/", typed(lines=LINE)).status_code == (302 if may else 404)
        assert count(acme, inside) == before + may


def test_until_somebody_narrows_it_everyone_may(pat, as_user):
    assert as_user(pat).get("/acme/quotes/new/").status_code == 200


def test_an_archived_segment_lets_nobody_through(acme, pat, gold, only, as_user, inside):
    from segments import editing
    from workspaces.actors import SYSTEM

    only(gold)
    with inside(acme):
        editing.archive(gold, by=SYSTEM)
    assert as_user(pat).get("/acme/quotes/new/").status_code == 404


def test_losing_the_tier_closes_creation_at_once_and_keeps_the_draft_readable(
    pat, brightpath, gold, only, change, make_quote, as_user, stored, typed
):
    only(gold)
    quote, client = make_quote(pat), as_user(pat)
    assert client.get("/acme/quotes/new/").status_code == 200
    change(brightpath, tier="silver")

    assert client.get("/acme/quotes/new/").status_code == 404
    assert client.post("/acme/quotes/new/", typed(lines=LINE)).status_code == 404
    page = client.get(f"/acme/quotes/{quote.pk}/")
    assert page.status_code == 200
    assert "This draft can be read only" in page.text
    assert "/draft/" not in page.text
    assert "/sending/" not in page.text
    for tail in ("draft/", "sending/"):
        refused = client.post(f"/acme/quotes/{quote.pk}/{tail}", typed(customer="Changed", lines=LINE))
        assert refused.status_code == 403
        assert "Nothing was changed" in refused.text
    assert client.get(f"/acme/quotes/{quote.pk}/draft/").status_code == 403
    assert (stored(quote).customer, stored(quote).status) == ("Alpenbank", "draft")
    assert "/acme/quotes/new/" not in client.get("/acme/quotes/").text


def test_gaining_the_tier_opens_creation_at_once(sam, kestrel, gold, only, change, as_user):
    only(gold)
    client = as_user(sam)
    assert client.get("/acme/quotes/new/").status_code == 404
    change(kestrel, tier="gold")
    assert client.get("/acme/quotes/new/").status_code == 200


def test_what_one_workspace_narrows_says_nothing_about_another(gold, eve, only, as_user, pat):
    only(mode="nobody")
    assert as_user(eve).get("/globex/quotes/new/").status_code == 200
    assert as_user(pat).get("/acme/quotes/new/").status_code == 404
