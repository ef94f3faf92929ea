from decimal import Decimal

import pytest

from portal.quotes.models import Product, QuoteSettings

PATHS = ["", "creation/", "products/", "products/new/"]


@pytest.fixture
def viewer(acme):
    from tests.conftest import make_member

    return make_member(acme, "vic", "viewer")


@pytest.mark.parametrize("path", PATHS)
def test_only_the_team_opens_settings(path, pat, otto, ada, as_user):
    assert as_user(ada).get(f"/acme/settings/quotes/{path}").status_code == 200
    assert as_user(pat).get(f"/acme/settings/quotes/{path}").status_code == 404
    assert as_user(otto).get(f"/acme/settings/quotes/{path}").status_code == 404


def test_who_may_only_view_changes_nothing(acme, viewer, storage, as_user, inside):
    client = as_user(viewer)
    assert client.get("/acme/settings/quotes/").status_code == 200
    assert client.get("/acme/settings/quotes/products/").status_code == 200
    assert '<fieldset class="stack" disabled>' in client.get("/acme/settings/quotes/creation/").text
    for path in (
        "creation/",
        "products/new/",
        f"products/{storage.pk}/",
        f"products/{storage.pk}/archiving/",
    ):
        sent = {"audience-mode": "nobody", "name": "X", "unit_price": "1", "currency": "EUR"}
        assert client.post(f"/acme/settings/quotes/{path}", sent).status_code == 403
    with inside(acme):
        assert QuoteSettings.current().audience.mode == "everyone"
        assert Product.objects.active().get().name == "Object Storage"


def test_all_partners_quotes_are_there_to_read_and_find(ada, pat, sam, make_quote, as_user):
    mine, theirs = make_quote(pat, customer="Kanton Zug"), make_quote(sam, customer="Alpenbank")
    client = as_user(ada)
    page = client.get("/acme/settings/quotes/").text
    assert "Kanton Zug" in page
    assert "Alpenbank" in page
    found = client.get("/acme/settings/quotes/?q=kestrel").text
    assert "Kanton Zug" not in found
    assert "Alpenbank" in found
    assert "€120.00" in client.get(f"/acme/settings/quotes/{theirs.pk}/").text
    assert "Kanton Zug" not in client.get("/acme/settings/quotes/?status=sent").text
    assert client.get(f"/acme/settings/quotes/{mine.pk}/").status_code == 200


def test_another_workspaces_quote_and_product_do_not_exist(ada, eve, globex, make_quote, as_user, inside):
    quote = make_quote(eve, customer="Evil customer")
    with inside(globex):
        product = Product.objects.create(name="Evil product", unit_price=1, currency="EUR")
    client = as_user(ada)
    assert "Evil" not in client.get("/acme/settings/quotes/").text
    assert "Evil" not in client.get("/acme/settings/quotes/products/").text
    assert client.get(f"/acme/settings/quotes/{quote.pk}/").status_code == 404
    for method, tail in (("get", ""), ("post", ""), ("post", "archiving/")):
        path = f"/acme/settings/quotes/products/{product.pk}/{tail}"
        assert getattr(client, method)(path).status_code == 404


def test_the_list_costs_the_same_for_one_and_thirty(ada, pat, make_quote, as_user, statements):
    client = as_user(ada)
    make_quote(pat)
    everything, own = statements(client, "/acme/settings/quotes/", "quotes_")
    assert own == 2
    for _ in range(29):
        make_quote(pat)
    assert statements(client, "/acme/settings/quotes/", "quotes_") == (everything, 2)


def test_the_audience_is_set_and_says_how_many_it_lets_in(acme, ada, pat, sam, gold, as_user):
    client = as_user(ada)
    assert "2 <small>of 2 contacts" in client.get("/acme/settings/quotes/creation/").text
    sent = {"audience-mode": "only", "audience-segments": [str(gold.pk)], "audience-grace_days": "0"}

    assert client.post("/acme/settings/quotes/creation/", sent).status_code == 302

    assert "1 <small>of 2 contacts" in client.get("/acme/settings/quotes/creation/").text
    assert as_user(pat).get("/acme/quotes/new/").status_code == 200
    assert as_user(sam).get("/acme/quotes/new/").status_code == 404


@pytest.mark.parametrize("sent", [{"audience-mode": "only"}, {"audience-mode": "everybody"}, {}])
def test_an_audience_that_says_nothing_is_refused(sent, acme, ada, as_user, inside):
    assert as_user(ada).post("/acme/settings/quotes/creation/", sent).status_code == 422
    with inside(acme):
        assert QuoteSettings.current().audience.mode == "everyone"


def test_where_a_segment_decides_it_says_so(acme, gold, only, inside):
    from segments.uses import used_in

    only(gold)
    with inside(acme):
        [use] = used_in(gold)
    assert (use.kind, use.name, use.url) == ("Quotes", "Allow quote creation", "/settings/quotes/creation/")


def test_a_product_is_added_changed_archived_and_offered_again(acme, ada, as_user, inside):
    client, base = as_user(ada), "/acme/settings/quotes/products/"
    sent = {"name": "Object Storage", "sku": "OS-1", "unit_price": "1,250.50", "currency": "EUR"}
    assert client.post(f"{base}new/", sent).status_code == 302
    with inside(acme):
        product = Product.objects.get()
    assert (product.name, product.unit_price, product.currency) == (
        "Object Storage",
        Decimal("1250.50"),
        "EUR",
    )
    assert "€1,250.50" in client.get(base).text

    client.post(f"{base}{product.pk}/", {**sent, "unit_price": "0.0025"})
    assert "€0.0025" in client.get(base).text
    client.post(f"{base}{product.pk}/archiving/")
    assert "Object Storage is archived" in client.get(base).text
    assert "Object Storage" not in client.get(base).text
    assert "Object Storage" in client.get(f"{base}?archived=true").text
    client.post(f"{base}{product.pk}/archiving/", {"undo": "1"})
    assert "Object Storage" in client.get(f"{base}?q=os-1").text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"name": ""}, "required"), ({"unit_price": "-1"}, "greater than"), ({"currency": "ABC"}, "Select a valid choice"),
     ({"sku": "OS-1"}, "already has this SKU"), ({"unit_price": "1.00001"}, "no more than 4 decimal")],
)  # fmt: skip
def test_a_product_that_does_not_fit_is_said_beside_it(wrong, words, acme, ada, storage, as_user, inside):
    sent = {"name": "Tea", "sku": "", "unit_price": "1", "currency": "EUR", **wrong}
    response = as_user(ada).post("/acme/settings/quotes/products/new/", sent)
    assert response.status_code == 422
    assert words in response.text
    with inside(acme):
        assert Product.objects.count() == 1
