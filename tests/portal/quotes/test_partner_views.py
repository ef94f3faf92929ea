import pytest

from portal.quotes.models import Quote

SECRET = "Alpenbank secret customer"


def test_the_own_partners_quotes_are_listed_and_nobody_elses(pat, sam, make_quote, as_user):
    make_quote(pat, customer="Kanton Zug")
    make_quote(sam, customer=SECRET)

    page = as_user(pat).get("/acme/quotes/").text

    assert "Kanton Zug" in page
    assert SECRET not in page
    assert "1 quote<" in page


@pytest.mark.parametrize("who", ["kim", "sam", "eve"])
@pytest.mark.parametrize(
    ("method", "tail"), [("get", ""), ("get", "draft/"), ("post", "draft/"), ("post", "sending/")]
)
def test_another_partners_quote_does_not_exist(
    who, method, tail, pat, make_quote, as_user, request, stored, typed
):
    quote = make_quote(pat, customer=SECRET)
    somebody = request.getfixturevalue(who)
    workspace = "globex" if who == "eve" else "acme"

    response = getattr(as_user(somebody), method)(
        f"/{workspace}/quotes/{quote.pk}/{tail}", typed(customer="Mine")
    )

    assert response.status_code == 404
    assert SECRET not in response.text
    assert (stored(quote).customer, stored(quote).status) == (SECRET, "draft")


def test_a_colleague_sees_and_edits_the_same_quotes(acme, pat, brightpath, make_quote, as_user):
    from tests.conftest import make_contact

    quote = make_quote(pat)
    colleague = make_contact(acme, "cleo", brightpath)

    assert as_user(colleague).get(f"/acme/quotes/{quote.pk}/draft/").status_code == 200


@pytest.mark.parametrize(
    ("search", "found"),
    [("?q=zug", {"Kanton Zug"}), ("?q=Q-1002", {"Kanton Zug"}), ("?q=1001", {"Alpenbank"}), ("?q=nobody", set()),
     ("?status=sent", set()), ("?status=draft", {"Alpenbank", "Kanton Zug"}), ("?status=stolen&q=", {"Alpenbank", "Kanton Zug"})],
)  # fmt: skip
def test_search_and_status_narrow_the_list(search, found, pat, make_quote, as_user):
    make_quote(pat)
    make_quote(pat, customer="Kanton Zug")

    page = as_user(pat).get(f"/acme/quotes/{search}").text

    assert {name for name in ("Alpenbank", "Kanton Zug") if name in page} == found


def test_the_fragment_is_the_pages_own_rows(pat, make_quote, as_user):
    make_quote(pat)
    response = as_user(pat).get("/acme/quotes/?q=alp", headers={"HX-Request": "true"})
    assert "Alpenbank" in response.text
    assert "<html" not in response.text


def test_nobody_has_made_one_yet(pat, only, as_user):
    assert "/acme/quotes/new/" in as_user(pat).get("/acme/quotes/").text
    only(mode="nobody")
    page = as_user(pat).get("/acme/quotes/").text
    assert "No quotes yet" in page
    assert "/acme/quotes/new/" not in page


def test_the_list_costs_the_same_for_one_and_thirty(pat, make_quote, as_user, statements):
    client = as_user(pat)
    make_quote(pat)
    everything, own = statements(client, "/acme/quotes/", "quotes_")
    assert own == 3
    for _ in range(29):
        make_quote(pat)
    assert statements(client, "/acme/quotes/", "quotes_") == (everything, 3)


def test_a_page_of_thirty_and_the_rest_on_the_next(pat, make_quote, as_user):
    for number in range(31):
        make_quote(pat, customer=f"Customer {number}.")
    client = as_user(pat)
    assert "Customer 0." not in client.get("/acme/quotes/").text
    assert "Customer 0." in client.get("/acme/quotes/?page=2").text


def test_a_stranger_is_asked_to_sign_in(client, pat, make_quote):
    quote = make_quote(pat, customer=SECRET)
    response = client.get(f"/acme/quotes/{quote.pk}/", headers={"host": "localhost:8000"})
    assert response.status_code == 302
    assert "/accounts/login/?next=" in response.url


def test_a_member_of_the_team_is_no_contact(ada, pat, make_quote, as_user):
    assert as_user(ada).get(f"/acme/quotes/{make_quote(pat).pk}/").status_code == 404


def test_who_wrote_a_script_as_customer_reads_it_as_text(pat, make_quote, as_user):
    quote = make_quote(pat, customer="<script>alert(1)</script>", note="<b>bold</b>\n\nnext")
    page = as_user(pat).get(f"/acme/quotes/{quote.pk}/").text
    assert "<script>alert(1)" not in page
    assert "&lt;b&gt;bold" in page


def test_numbers_start_anew_in_every_workspace_and_repeat_in_none(pat, sam, eve, make_quote):
    numbers = [make_quote(who).number for who in (pat, sam, pat, eve)]
    assert numbers == [1001, 1002, 1003, 1001]


def test_quotes_of_both_partners_are_there_for_the_leak_to_show(acme, pat, sam, make_quote, inside):
    make_quote(pat)
    make_quote(sam)
    with inside(acme):
        assert Quote.objects.count() == 2
