"""What partners see: every gate, both ways in, and no trace of what is not theirs."""

import datetime as dt
import re
from html import unescape

import pytest

from portal.experiences import pages
from portal.experiences.models import Stage
from segments import editing as segments
from tests.portal.experiences.conftest import draft_of, make_segment, publish, tab, text
from workspaces.actors import SYSTEM
from workspaces.models import Contact
from workspaces.properties import set_properties

SECRET = "Platinum margin 38 percent"


def get(as_user, who, path="/acme/"):
    return as_user(who).get(path)


def titles(response):
    return [tab.title for tab in response.context["bar"].tabs]


def address(data):
    return f"/acme/tabs/{data['key']}/"


@pytest.fixture
def prices(gold):
    return tab("Prices", text(SECRET, title="Margins"), only=[gold])


def test_home_shows_the_first_visible_tab(acme, pat, portal, as_user):
    portal(acme, tab("Home", text("# Hello\n\nWelcome **in**.")), tab("Other", text("Not here")))

    response = get(as_user, pat)

    assert titles(response) == ["Home", "Other"]
    assert "<h3>Hello</h3>" in response.text
    assert "<strong>in</strong>" in response.text
    assert "Not here" not in response.text


def test_a_gated_tab_is_there_for_members_and_absent_for_others(acme, pat, sam, prices, portal, as_user):
    portal(acme, tab("Home", text("Hello")), prices)

    assert titles(get(as_user, pat)) == ["Home", "Prices"]
    assert SECRET in get(as_user, pat, address(prices)).text
    hidden = get(as_user, sam)
    assert titles(hidden) == ["Home"]
    for trace in ("Prices", "Margins", SECRET, prices["key"]):
        assert trace not in hidden.text
    assert get(as_user, sam, address(prices)).status_code == 404


@pytest.mark.parametrize(
    ("audience", "gold_sees", "silver_sees"),
    [
        ({}, True, True),
        ({"only": "gold"}, True, False),
        ({"everyone_but": "gold"}, False, True),
        ({"nobody": True}, False, False),
    ],
)
def test_every_visibility_mode(acme, pat, sam, gold, portal, as_user, audience, gold_sees, silver_sees):
    audience = {mode: [gold] if value == "gold" else value for mode, value in audience.items()}
    gated = tab("Gated", text("x"), **audience)
    portal(acme, tab("Home", text("Hello")), gated)

    for who, sees in ((pat, gold_sees), (sam, silver_sees)):
        assert ("Gated" in titles(get(as_user, who))) == sees
        assert get(as_user, who, address(gated)).status_code == (200 if sees else 404)


def test_two_segments_open_a_tab_to_members_of_either_and_show_it_once(acme, pat, sam, gold, portal, as_user):
    silver = make_segment(acme, "Silver partners", values=["silver"])
    both = make_segment(acme, "Metal partners", values=["gold", "silver"])
    portal(acme, tab("Metal", text("x"), only=[gold, silver, both]))

    assert titles(get(as_user, pat)) == ["Metal"]
    assert titles(get(as_user, sam)) == ["Metal"]


def test_a_section_needs_the_tab_and_itself_to_be_open(acme, pat, sam, kim, gold, admins, portal, as_user):
    inner = text(SECRET, title="Margins", only=[admins])
    outer = tab("Prices", text("For all gold partners"), inner, only=[gold])
    open_tab = tab("Home", text("Hello"), text("For admins", only=[admins]))
    portal(acme, open_tab, outer)

    assert SECRET in get(as_user, pat, address(outer)).text  # gold and admin
    assert "For admins" in get(as_user, pat).text
    assert "For admins" not in get(as_user, sam).text
    assert get(as_user, kim, address(outer)).status_code == 404


def test_a_colleague_outside_the_section_sees_the_rest_of_the_tab(
    acme, brightpath, pat, gold, admins, portal, as_user, inside
):
    from tests.conftest import make_contact

    colleague = make_contact(acme, "cleo", brightpath, role="sales_rep")
    outer = tab("Prices", text("For all gold"), text(SECRET, title="Margins", only=[admins]), only=[gold])
    portal(acme, outer)

    page = get(as_user, colleague, address(outer)).text
    assert "For all gold" in page
    assert SECRET not in page
    assert "Margins" not in page


def test_a_tab_whose_sections_are_all_hidden_disappears(acme, sam, admins, portal, as_user):
    empty = tab("For admins", text(SECRET, only=[admins]), text("b", nobody=True))
    portal(acme, tab("Home", text("Hello")), empty)

    response = get(as_user, sam)
    assert titles(response) == ["Home"]
    assert "For admins" not in response.text
    assert get(as_user, sam, address(empty)).status_code == 404


def test_a_tab_without_sections_does_not_show(acme, pat, portal, as_user):
    bare = tab("Bare")
    portal(acme, tab("Home", text("Hello")), bare)

    assert titles(get(as_user, pat)) == ["Home"]
    assert get(as_user, pat, address(bare)).status_code == 404


def test_the_tier_opens_and_closes_a_tab_at_the_next_look(
    acme, kestrel, sam, prices, portal, as_user, inside
):
    portal(acme, tab("Home", text("Hello")), prices)
    assert get(as_user, sam, address(prices)).status_code == 404

    with inside(acme):
        set_properties(kestrel, {"tier": "gold"}, by=SYSTEM)
    assert SECRET in get(as_user, sam, address(prices)).text

    with inside(acme):
        set_properties(kestrel, {"tier": "silver"}, by=SYSTEM)
    assert get(as_user, sam, address(prices)).status_code == 404


def test_an_archived_segment_closes_its_gates(acme, pat, sam, gold, portal, as_user, inside):
    only, others = tab("Only", text("x"), only=[gold]), tab("Except", text("y"), everyone_but=[gold])
    portal(acme, tab("Home", text("Hello")), only, others)
    with inside(acme):
        segments.archive(gold, by=SYSTEM)

    assert titles(get(as_user, pat)) == ["Home"]
    assert titles(get(as_user, sam)) == ["Home"]


def test_what_is_only_drafted_or_not_in_the_portal_does_not_exist(acme, pat, portal, as_user):
    drafted = tab("Drafted", text(SECRET))
    draft_of(acme, drafted)
    spare = tab("Spare", text(SECRET))
    publish(acme, draft_of(acme, spare, name="Spare", in_portal=False))

    response = get(as_user, pat)
    assert SECRET not in response.text
    assert "Nothing here yet" in response.text
    assert get(as_user, pat, address(drafted)).status_code == 404
    assert get(as_user, pat, address(spare)).status_code == 404


def test_another_workspace_finds_neither_home_nor_tab(acme, eve, portal, as_user):
    home = tab("Home", text(SECRET))
    portal(acme, home)

    assert get(as_user, eve).status_code == 404
    assert get(as_user, eve, address(home)).status_code == 404
    assert as_user(eve).get(f"/globex/tabs/{home['key']}/").status_code == 404
    assert SECRET not in as_user(eve).get("/globex/").text


def test_the_signed_out_are_asked_to_sign_in(acme, client, portal):
    home = tab("Home", text(SECRET))
    portal(acme, home)

    response = client.get(address(home), headers={"host": "localhost:8000"})
    assert response.status_code == 302
    assert "/accounts/login/" in response["Location"]


@pytest.mark.parametrize("count", [1, 30])
def test_a_page_costs_the_same_with_one_tab_and_thirty(
    acme, pat, gold, portal, as_user, django_assert_num_queries, count
):
    sections = [text(f"Section {n}", only=[gold]) for n in range(count)]
    portal(acme, *[tab(f"Tab {n}", *sections_of(sections), only=[gold]) for n in range(count)])
    client = as_user(pat)
    client.get("/acme/")

    with django_assert_num_queries(PAGE_QUERIES):
        response = client.get("/acme/")
    assert len(response.context["bar"].tabs) == count
    assert len(response.context["main"]) == count


# Of these the page itself asks three: contact, viewer, tabs with their sections. Twelve note, after the
# response and in a transaction of their own, that the tab was viewed.
PAGE_QUERIES = 22


def sections_of(sections):
    return [text(section["body"]) | {"audience": section["audience"]} for section in sections]


# ── Asked again by an open page ──


def ask_again(as_user, who, *, known=(), current=""):
    query = {"known": ",".join(t["key"] for t in known), "current": current}
    return as_user(who).get("/acme/tabs/", query, headers={"hx-request": "true"})


def test_a_tab_that_opened_is_marked_and_announced(acme, pat, prices, portal, as_user):
    home = tab("Home", text("Hello"))
    portal(acme, home, prices)

    response = ask_again(as_user, pat, known=[home], current="home")

    assert [(t.title, t.new) for t in response.context["bar"].tabs] == [("Home", False), ("Prices", True)]
    assert "<b>Prices</b> is now open for you." in response.text
    assert SECRET not in response.text


def test_asking_again_without_news_announces_nothing(acme, pat, prices, portal, as_user):
    home = tab("Home", text("Hello"))
    portal(acme, home, prices)

    response = ask_again(as_user, pat, known=[home, prices], current=prices["key"])

    assert "now open for you" not in response.text
    assert SECRET in response.text


def test_the_tab_one_stands_on_says_that_it_closed(acme, sam, prices, portal, as_user):
    home = tab("Home", text("Hello"))
    portal(acme, home, prices)

    response = ask_again(as_user, sam, known=[home, prices], current=prices["key"])

    assert response.status_code == 200
    assert "This page has closed" in response.text
    assert 'href="/acme/"' in response.text
    for trace in ("Prices", "Margins", SECRET):
        assert trace not in response.text


def test_the_same_answer_for_a_closed_tab_and_one_that_never_was(acme, sam, prices, portal, as_user):
    home = tab("Home", text("Hello"))
    portal(acme, home, prices)

    def body(key):
        response = ask_again(as_user, sam, known=[home], current=key)
        return response.text.replace(str(response.context["csp_nonce"]), "")

    closed = body(prices["key"])
    assert "This page has closed" in closed
    assert closed == body("0" * 8 + prices["key"][8:]) == body("nonsense")


def test_home_fills_itself_when_the_first_tab_opens(acme, kestrel, sam, prices, portal, as_user, inside):
    portal(acme, prices)
    assert "Nothing here yet" in get(as_user, sam).text
    with inside(acme):
        set_properties(kestrel, {"tier": "gold"}, by=SYSTEM)

    response = ask_again(as_user, sam, current="home")
    assert SECRET in response.text
    assert "Nothing here yet" not in response.text


def test_other_pages_are_given_their_tabs_alone(acme, pat, prices, portal, as_user):
    portal(acme, prices)

    response = ask_again(as_user, pat, known=[prices])

    assert titles(response) == ["Prices"]
    assert SECRET not in response.text
    assert "#page" not in response.text


@pytest.mark.parametrize(("kind", "path"), [("quotes", "quotes/"), ("partner_profile", "profile/")])
def test_a_features_own_page_belongs_to_the_first_open_tab_that_shows_it(
    acme, pat, gold, portal, as_user, kind, path
):
    closed = tab("Closed", text("", kind=kind), nobody=True)
    shows_it = tab("Shows it", text("", kind=kind), only=[gold])
    portal(acme, tab("Home", text("Hello")), closed, shows_it, tab("Too", text("", kind=kind)))

    page = get(as_user, pat, f"/acme/{path}").text
    asks_at = unescape(re.search(r'hx-get="(/acme/tabs/[^"]*)"', page)[1])

    assert current_tabs(page) == ["Shows it"]
    assert current_tabs(get(as_user, pat, asks_at).text) == ["Shows it"]


def current_tabs(page):
    bar = page.split("</nav>")[0]
    return re.findall(r'aria-current="page">([^<]+?) *<', bar)


def test_the_page_can_only_be_read(acme, pat, portal, as_user):
    portal(acme, tab("Home", text("Hello")))
    for path in ("/acme/", "/acme/tabs/", "/acme/events/"):
        assert as_user(pat).post(path).status_code == 405


# ── Words ──


@pytest.mark.parametrize(
    ("utc_hour", "words"),
    [
        (2, "Good evening"),
        (3, "Good morning"),
        (10, "Good morning"),
        (11, "Good afternoon"),
        (17, "Good evening"),
    ],
)
def test_the_greeting_goes_by_the_hour_of_the_workspace(acme, utc_hour, words):
    now = dt.datetime(2026, 1, 15, utc_hour, 30, tzinfo=dt.UTC)  # Berlin is an hour ahead
    assert pages.greeting(Contact(name="Ana Keller"), acme, now=now) == f"{words}, Ana"


def test_the_greeting_does_without_a_name(acme):
    now = dt.datetime(2026, 1, 15, 9, tzinfo=dt.UTC)
    assert pages.greeting(Contact(name=""), acme, now=now) == "Good morning"
    assert pages.greeting(Contact(name="ana@example.com"), acme, now=now) == "Good morning"


def test_an_unknown_kind_of_section_is_left_out(acme, pat, portal, as_user):
    portal(acme, tab("Home", text("Hello"), text(SECRET, kind="gone")))
    response = get(as_user, pat)
    assert response.status_code == 200
    assert SECRET not in response.text


def test_smart_sections_show_the_partner_and_its_quotes(acme, pat, portal, as_user):
    portal(acme, tab("Home", text("", kind="partner_profile"), text("", kind="quotes", title="Your offers")))

    page = get(as_user, pat).text
    assert "Brightpath" in page
    assert "Your offers" in page
    assert 'aria-labelledby="section-' in page


def test_a_profile_fetched_for_an_open_page_leads_back_to_the_page(acme, pat, portal, as_user):
    home = tab("Home", text("", kind="partner_profile"))
    portal(acme, home)

    shown = ask_again(as_user, pat, known=[home], current=home["key"]).context["main"][0]
    assert shown.context["leads_back"] == address(home)
    assert Stage.PUBLISHED == "published"
