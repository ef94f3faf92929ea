"""The form without any script: named buttons, and amounts that the server alone works out."""

import re
from decimal import Decimal

import pytest

from portal.quotes.models import Product, Quote, QuoteLine
from workspaces.keys import uuid7

WORKSHOP = {"title": "Workshop", "quantity": "3", "unit_price": "19.99", "discount": "10"}


@pytest.fixture
def the_quote(acme, inside):
    def look():
        with inside(acme):
            quote = Quote.objects.with_totals().get()
            return quote, list(quote.lines.all())

    return look


def total_in(response):
    return re.search(r"quote-total.*?<output[^>]*>([^<]*)<", response.text, re.S).group(1)


def test_a_line_is_added_without_saving_anything(acme, pat, as_user, typed, inside):
    response = as_user(pat).post(
        "/acme/quotes/new/", typed(button="add", value="line", lines={"n1": WORKSHOP})
    )

    assert response.status_code == 200
    assert 'value="Workshop"' in response.text
    assert 'name="line-n2-title"' in response.text
    assert "required" not in re.findall(r"<input[^>]*line-n2-title[^>]*>", response.text)[0]
    assert "This field is required" not in response.text
    assert total_in(response) == "€53.97"
    with inside(acme):
        assert Quote.objects.count() == 0


def test_a_line_is_taken_away_by_its_button(pat, as_user, typed):
    lines = {"n1": WORKSHOP, "n2": {**WORKSHOP, "title": "Support"}}
    response = as_user(pat).post("/acme/quotes/new/", typed(button="remove", value="n1", lines=lines))
    assert "Support" in response.text
    assert "Workshop" not in response.text
    assert total_in(response) == "€53.97"


def test_while_one_types_the_lines_come_back_with_what_they_come_to(pat, as_user, typed):
    lines = {"n1": WORKSHOP, "n2": {**WORKSHOP, "quantity": "nonsense"}}
    data = typed(button="typing", lines=lines)
    response = as_user(pat).post("/acme/quotes/new/", data, headers={"HX-Request": "true"})
    assert "<html" not in response.text
    assert total_in(response) == "€53.97"
    assert "nonsense" in response.text
    assert "aria-invalid" not in response.text


def test_a_product_brings_its_title_and_price(pat, storage, as_user, typed):
    response = as_user(pat).post(
        "/acme/quotes/new/", typed(button="add", value="product", product=str(storage.pk))
    )
    assert f'value="{storage.pk}"' in response.text
    assert "line-n1-unit_price" not in response.text
    assert total_in(response) == "€19.99"


def test_saving_makes_the_draft_with_what_it_comes_to(pat, storage, as_user, typed, the_quote):
    lines = {"n1": WORKSHOP, "n2": {"product": str(storage.pk), "quantity": "2", "discount": ""}}
    response = as_user(pat).post(
        "/acme/quotes/new/", typed(lines=lines, valid_until="2027-01-31", note="Thanks")
    )

    quote, made = the_quote()
    assert response.url == f"/acme/quotes/{quote.pk}/"
    assert (quote.partner_id, quote.created_by_id, str(quote), quote.status) == (
        pat.partner_id,
        pat.pk,
        "Q-1001",
        "draft",
    )
    assert [(line.title, line.quantity, line.unit_price, line.discount, line.total) for line in made] == [
        ("Workshop", 3, Decimal("19.99"), 10, Decimal("53.97")),
        ("Object Storage", 2, Decimal("19.99"), 0, Decimal("39.98")),
    ]
    assert quote.total == Decimal("93.95")
    page = as_user(pat).get(response.url).text
    assert "€93.95" in page
    assert "31 January 2027" in page


def test_yen_have_no_decimals(acme, pat, as_user, typed, the_quote, inside):
    with inside(acme):
        Product.objects.create(name="Tea", unit_price=Decimal(333), currency="JPY")
    line = {"n1": {"title": "Tea", "quantity": "1.5", "unit_price": "333", "discount": ""}}
    response = as_user(pat).post("/acme/quotes/new/", typed(currency="JPY", lines=line))
    assert the_quote()[1][0].total == 500  # 499.5, to the even one
    assert "¥500<" in as_user(pat).get(response.url).text


@pytest.mark.parametrize(
    "forged",
    [{"unit_price": "0.01"}, {"title": "Cheap"}, {"total": "0"}, {"unit_price": "0.01", "title": "Cheap"}],
)
def test_a_forged_price_of_a_product_counts_for_nothing(forged, pat, storage, as_user, typed, the_quote):
    line = {"product": str(storage.pk), "quantity": "1", "discount": "", **forged}
    as_user(pat).post("/acme/quotes/new/", typed(lines={"n1": line}))
    _, [line] = the_quote()
    assert (line.title, line.unit_price, line.total) == ("Object Storage", Decimal("19.99"), Decimal("19.99"))


def test_a_line_keeps_the_price_it_was_made_with(acme, pat, storage, as_user, typed, the_quote, inside):
    client = as_user(pat)
    product = {"product": str(storage.pk), "quantity": "1", "discount": ""}
    client.post("/acme/quotes/new/", typed(lines={"n1": product}))
    quote, [line] = the_quote()
    with inside(acme):
        Product.objects.filter(pk=storage.pk).update(
            unit_price=99, name="Renamed", archived_at="2026-11-22T10:00Z"
        )

    kept = {str(line.pk): {**product, "quantity": "2"}}
    response = client.post(f"/acme/quotes/{quote.pk}/draft/", typed(lines=kept))

    assert response.status_code == 302
    quote, [kept] = the_quote()
    assert (kept.pk, kept.title, kept.unit_price, kept.total) == (
        line.pk, "Object Storage", Decimal("19.99"), Decimal("39.98"),
    )  # fmt: skip


def test_an_archived_product_cannot_be_put_on_a_new_line(acme, pat, storage, as_user, typed, inside):
    with inside(acme):
        storage.archive()
    client = as_user(pat)
    assert "Object Storage" not in client.get("/acme/quotes/new/").text
    response = client.post(
        "/acme/quotes/new/", typed(lines={"n1": {"product": str(storage.pk), "quantity": "1"}})
    )
    assert response.status_code == 422
    assert "not offered any more" in response.text


def test_another_workspaces_product_does_not_exist(globex, pat, as_user, typed, inside):
    with inside(globex):
        theirs = Product.objects.create(name="Theirs", unit_price=1, currency="EUR")
    client = as_user(pat)
    assert "Theirs" not in client.get("/acme/quotes/new/").text
    response = client.post(
        "/acme/quotes/new/", typed(lines={"n1": {"product": str(theirs.pk), "quantity": "1"}})
    )
    assert response.status_code == 422
    assert "Theirs" not in response.text


def test_one_quote_has_one_currency(acme, pat, storage, as_user, typed, inside):
    with inside(acme):
        Product.objects.create(name="Tea", unit_price=Decimal(333), currency="JPY")
    line = {"n1": {"product": str(storage.pk), "quantity": "1"}}
    response = as_user(pat).post("/acme/quotes/new/", typed(currency="JPY", lines=line))
    assert response.status_code == 422
    assert "priced in EUR" in response.text


def test_a_line_as_it_was_made_does_not_hold_in_another_currency(
    acme, pat, storage, as_user, typed, the_quote, inside
):
    client = as_user(pat)
    product = {"product": str(storage.pk), "quantity": "1", "discount": ""}
    client.post("/acme/quotes/new/", typed(lines={"n1": product}))
    quote, [line] = the_quote()
    with inside(acme):
        Product.objects.filter(pk=storage.pk).update(unit_price=3000, currency="JPY")
    client.post(f"/acme/quotes/{quote.pk}/draft/", typed(currency="JPY", lines={str(line.pk): product}))
    quote, [line] = the_quote()
    assert (quote.currency, line.unit_price, line.total) == ("JPY", 3000, 3000)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"quantity": "0"}, "greater than or equal to 0.001"),
        ({"quantity": "-1"}, "greater than or equal to 0.001"),
        ({"quantity": "NaN"}, "Enter a number"),
        ({"unit_price": "-5"}, "greater than or equal to 0"),
        ({"unit_price": "1.250,00"}, "Enter a number"),
        ({"discount": "101"}, "less than or equal to 100"),
        ({"title": ""}, "This field is required"),
        ({"title": "x" * 201}, "at most 200"),
        ({"quantity": "1e400"}, "no more than 12 digits"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_beside_it_and_nothing_is_lost(
    wrong, words, acme, pat, as_user, typed, inside
):
    lines = {"n1": {**WORKSHOP, **wrong}, "n2": {**WORKSHOP, "title": "Still here"}}
    response = as_user(pat).post("/acme/quotes/new/", typed(lines=lines, note="A long note"))
    assert response.status_code == 422
    assert words in response.text
    assert "Still here" in response.text
    assert "A long note" in response.text
    with inside(acme):
        assert QuoteLine.objects.count() == 0


@pytest.mark.parametrize(
    "head", [{"customer": ""}, {"currency": "XXX"}, {"currency": "USD"}, {"valid_until": "soon"}]
)
def test_a_head_that_does_not_fit_saves_nothing(head, acme, pat, as_user, typed, inside):
    assert as_user(pat).post("/acme/quotes/new/", typed(**head)).status_code == 422
    with inside(acme):
        assert Quote.objects.count() == 0


def test_the_same_form_sent_twice_makes_one_quote(acme, pat, as_user, typed, inside):
    client, data = as_user(pat), typed(lines={"n1": WORKSHOP}, form_key=str(uuid7()))
    first, second = client.post("/acme/quotes/new/", data), client.post("/acme/quotes/new/", data)
    assert first.url == second.url
    with inside(acme):
        assert Quote.objects.count() == 1


def test_a_form_key_of_another_partner_finds_nothing(acme, pat, sam, as_user, typed, inside):
    data = typed(lines={"n1": WORKSHOP}, form_key=str(uuid7()))
    first, second = as_user(pat).post("/acme/quotes/new/", data), as_user(sam).post("/acme/quotes/new/", data)
    assert first.url != second.url
    with inside(acme):
        assert set(Quote.objects.values_list("partner", flat=True)) == {pat.partner_id, sam.partner_id}


def test_a_draft_that_a_colleague_saved_meanwhile_is_not_overwritten_silently(
    pat, make_quote, as_user, typed, stored
):
    quote, client = make_quote(pat), as_user(pat)
    client.post(f"/acme/quotes/{quote.pk}/draft/", typed(customer="Theirs"))

    mine = client.post(f"/acme/quotes/{quote.pk}/draft/", typed(customer="Mine"))

    assert mine.status_code == 409
    assert "A colleague saved this draft" in mine.text
    assert 'value="Mine"' in mine.text
    assert stored(quote).customer == "Theirs"
    version = re.search(r'name="version" value="(\d+)"', mine.text).group(1)
    assert (
        client.post(f"/acme/quotes/{quote.pk}/draft/", typed(customer="Mine", version=version)).status_code
        == 302
    )
    assert stored(quote).customer == "Mine"


def test_a_line_of_another_quote_is_not_taken_over(acme, pat, make_quote, as_user, typed, inside):
    mine, other = make_quote(pat), make_quote(pat)
    with inside(acme):
        theirs = other.lines.get()
    as_user(pat).post(f"/acme/quotes/{mine.pk}/draft/", typed(lines={str(theirs.pk): WORKSHOP}))
    with inside(acme):
        assert other.lines.get().title == "Workshop"
        assert other.lines.get().unit_price == 120
        assert mine.lines.get().unit_price == Decimal("19.99")


def test_more_lines_than_a_quote_holds_are_cut_off(pat, as_user, typed):
    lines = {f"n{number}": {"title": "", "quantity": "", "unit_price": ""} for number in range(1, 203)}
    response = as_user(pat).post("/acme/quotes/new/", typed(button="add", value="line", lines=lines))
    assert response.text.count('name="line"') == 200


def test_the_editor_costs_the_same_for_one_line_and_thirty(pat, make_quote, as_user, typed, statements):
    quote, client = make_quote(pat), as_user(pat)
    path = f"/acme/quotes/{quote.pk}/draft/"
    everything, own = statements(client, path, "quotes_")
    assert own == 4
    client.post(path, typed(lines={f"n{number}": WORKSHOP for number in range(1, 31)}))
    assert statements(client, path, "quotes_") == (everything, 4)
    assert client.get(path).text.count('name="line"') == 30
