"""The builder: what the team does to a draft, who may, and that nobody else finds it."""

import pytest

from portal.experiences import content, editing
from portal.experiences.models import Experience, Publication, Section, Stage, Tab
from tests.portal.experiences.conftest import draft_of, publish, tab, text
from workspaces.actors import SYSTEM

LIST = "/acme/settings/experiences/"


@pytest.fixture
def team(ada, as_user):
    return as_user(ada)


@pytest.fixture
def built(acme):
    home = tab("Home", text("Hello", title="Welcome"), text("", kind="quotes"))
    other = tab("Prices", text("Margins"))
    experience = draft_of(acme, home, other)
    experience.home, experience.other = home, other
    return experience


def url(experience, *parts):
    return f"{LIST}{experience.pk}/" + "".join(f"{part}/" for part in parts)


def draft(workspace, experience, inside):
    with inside(workspace):
        return content.load(experience, Stage.DRAFT)


def test_creating_an_experience_gives_it_a_first_tab(acme, team, inside):
    response = team.post(f"{LIST}new/", {"name": "Resellers"})

    with inside(acme):
        made = Experience.objects.get()
        assert response.url == url(made)
        assert made.in_portal  # the first one is what partners will see
        assert [t["title"] for t in content.load(made, Stage.DRAFT)] == ["Home"]
        assert not made.tabs.published().exists()


def test_a_name_is_taken_once(acme, built, team, inside):
    response = team.post(f"{LIST}new/", {"name": "portal"})
    assert response.status_code == 422
    assert "There is an experience with this name already." in response.text
    with inside(acme):
        assert Experience.objects.count() == 1


def test_the_list_says_what_partners_see_and_what_differs(acme, built, team, inside):
    assert "Draft differs" in team.get(LIST).text
    publish(acme, built)
    page = team.get(LIST).text
    assert "Draft differs" not in page
    assert "Partners see this" in page
    with inside(acme):
        editing.add_tab(built, title="More", by=SYSTEM)
    assert "Draft differs" in team.get(LIST).text


def test_the_builder_shows_tabs_sections_and_who_sees_them(acme, gold, pat, sam, built, team, inside):
    with inside(acme):
        home = built.tabs.draft().get(title="Home")
    response = team.post(
        url(built, "tabs", home.key),
        {"title": "Home", "audience-mode": "only", "audience-segments": [str(gold.pk)]},
    )
    assert response.status_code == 302

    page = team.get(url(built)).text
    assert "Only Gold partners" in page
    assert "<b>1 of 2</b>" in page
    assert "Welcome" in page
    assert "Margins" not in page  # on the other tab
    assert "Margins" in team.get(url(built, "tabs", built.other["key"])).text


def test_a_tab_is_added_renamed_moved_and_deleted(acme, built, team, inside):
    team.post(url(built, "tabs"), {"title": "News"})
    key = draft(acme, built, inside)[2]["key"]
    team.post(url(built, "tabs", key), {"title": "Latest", "audience-mode": "nobody"})
    team.post(url(built, "tabs", key, "position"), {"places": "-1"})

    found = draft(acme, built, inside)
    assert [t["title"] for t in found] == ["Home", "Latest", "Prices"]
    assert found[1]["audience"]["mode"] == "nobody"

    team.post(url(built, "tabs", key, "deletion"))
    assert [t["title"] for t in draft(acme, built, inside)] == ["Home", "Prices"]


def test_a_section_is_added_written_gated_moved_and_deleted(acme, gold, built, team, inside):
    home = built.home["key"]
    team.post(url(built, "tabs", home, "sections"), {"kind": "rich_text"})
    key = draft(acme, built, inside)[0]["sections"][2]["key"]
    response = team.post(
        url(built, "sections", key),
        {"title": "News", "body": "**Now**", "audience-mode": "except", "audience-segments": [str(gold.pk)]},
    )
    assert response.url == url(built, "sections", key)
    team.post(url(built, "sections", key, "position"), {"places": "-2"})

    first = draft(acme, built, inside)[0]["sections"][0]
    assert (first["title"], first["body"]) == ("News", "**Now**")
    assert first["audience"] == {"mode": "except", "grace_days": 0, "segments": [str(gold.pk)]}

    team.post(url(built, "sections", key, "deletion"))
    assert [s["title"] for s in draft(acme, built, inside)[0]["sections"]] == ["Welcome", ""]


def test_a_smart_section_has_no_text(acme, built, team, inside):
    key = built.home["sections"][1]["key"]
    assert 'name="body"' not in team.get(url(built, "sections", key)).text
    team.post(url(built, "sections", key), {"title": "Offers", "body": "x", "audience-mode": "everyone"})
    section = draft(acme, built, inside)[0]["sections"][1]
    assert (section["title"], section["body"]) == ("Offers", "")


def test_what_is_wrong_is_said_and_nothing_is_saved(acme, built, team, inside):
    before = draft(acme, built, inside)
    home = url(built, "tabs", built.home["key"])

    assert team.post(home, {"title": "", "audience-mode": "everyone"}).status_code == 422
    unnamed = team.post(home, {"title": "Start", "audience-mode": "only"})
    assert unnamed.status_code == 422
    assert "Choose at least one segment or role" in unnamed.text
    assert team.post(url(built, "tabs"), {"title": " "}).status_code == 422
    unknown = team.post(url(built, "tabs", built.home["key"], "sections"), {"kind": "unknown"})
    assert unknown.status_code == 404
    assert team.post(url(built, "tabs", built.home["key"], "position"), {"places": "x"}).status_code == 404
    assert draft(acme, built, inside) == before


def test_the_text_being_written_is_shown_and_not_kept(acme, built, team, inside):
    before = draft(acme, built, inside)
    key = built.home["sections"][0]["key"]
    response = team.post(url(built, "sections", key, "text"), {"body": "**Bold** <script>x</script>"})
    assert "<strong>Bold</strong>" in response.text
    assert "<script>" not in response.text
    assert draft(acme, built, inside) == before


def test_publishing_says_what_changed_and_makes_a_version(acme, built, team, inside):
    assert "Tab “Home” is new." in team.get(url(built, "changes")).text
    seen = number_of(acme, built, inside)

    assert team.post(url(built, "publication"), {"seen": seen}).url == url(built)

    with inside(acme):
        assert built.publications.get().published_by == "Ada"
        assert content.load(built, Stage.PUBLISHED) == content.load(built, Stage.DRAFT)
    page = team.get(url(built)).text
    assert "Version 1, published" in page
    assert ">Publish</button>" not in page


def number_of(workspace, experience, inside):
    with inside(workspace):
        experience.refresh_from_db()
        return experience.draft_number


@pytest.mark.parametrize("seen", ["", "x", "0", "999", "9" * 5000])
def test_a_draft_one_has_not_seen_is_not_published(acme, built, team, inside, seen):
    with inside(acme):
        editing.add_tab(built, title="By someone else", by=SYSTEM)

    response = team.post(url(built, "publication"), {"seen": seen}, follow=True)

    assert "Not published: the draft was changed" in response.text
    with inside(acme):
        assert not Publication.objects.exists()


def test_history_restores_into_the_draft(acme, built, team, inside):
    first = publish(acme, built)
    before = draft(acme, built, inside)
    team.post(url(built, "tabs", built.home["key"], "deletion"))
    publish(acme, built)
    page = team.get(url(built, "history")).text
    assert "Tab “Home” is gone." in page

    team.post(url(built, "history", first.pk, "restoration"))

    assert draft(acme, built, inside) == before
    with inside(acme):
        assert [t["title"] for t in content.load(built, Stage.PUBLISHED)] == ["Prices"]


def test_history_offers_to_restore_what_the_draft_does_not_hold(acme, built, team, inside):
    publish(acme, built)
    assert "Restore into the draft" not in team.get(url(built, "history")).text
    team.post(url(built, "tabs", built.home["key"], "deletion"))
    assert team.get(url(built, "history")).text.count("Restore into the draft") == 1
    publish(acme, built)
    first_alone = team.get(url(built, "history")).text
    assert first_alone.count("Restore into the draft") == 1
    assert first_alone.index("Version 1<") < first_alone.index("Restore into the draft")


def test_another_experience_takes_the_place_in_the_portal(acme, built, team, inside):
    second = draft_of(acme, tab("Home", text("x")), name="Second", in_portal=False)
    team.post(url(second, "portal"))
    assert team.post(url(second, "deletion")).url == url(second)  # partners see it
    team.post(url(built, "deletion"))
    with inside(acme):
        assert list(Experience.objects.all()) == [second]
        assert Tab.objects.count() == 1


# ── Preview ──


@pytest.fixture
def look_as(team):
    """Says why, as the page asks before it shows anything of a contact's."""

    def begin(contact):
        team.post(f"/acme/settings/contacts/{contact.pk}/viewings/", {"reason": "Before it is published"})

    return begin


def test_a_preview_asks_why_before_it_shows_anything(built, pat, team):
    asked = team.get(url(built, "preview", pat.pk))
    assert asked.status_code == 200
    assert "Why do you look?" in asked.text
    assert "Hello" not in asked.text
    address = url(built, "preview", pat.pk)
    body = {"reason": "Before it is published", "next": address}
    assert team.post(f"/acme/settings/contacts/{pat.pk}/viewings/", body).url == address
    assert "Hello" in team.get(address).text


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_the_reason_leads_nowhere_else(elsewhere, built, pat, team):
    answer = team.post(f"/acme/settings/contacts/{pat.pk}/viewings/", {"reason": "x", "next": elsewhere})
    assert "/settings/viewings/" in answer.url


def test_preview_asks_the_gates_for_the_contact(acme, gold, pat, sam, team, look_as):
    look_as(pat)
    look_as(sam)
    prices = tab(
        "Prices", text("Ten percent"), text("For nobody yet", title="Later", nobody=True), only=[gold]
    )
    experience = draft_of(acme, tab("Home", text("Hello")), prices)

    as_pat = team.get(url(experience, "preview", pat.pk, prices["key"]))
    assert "Sees 2 of 2 tabs" in as_pat.text
    assert "Ten percent" in as_pat.text
    assert "Hidden from Pat: Nobody." in as_pat.text
    assert "For nobody yet" not in as_pat.text

    as_sam = team.get(url(experience, "preview", sam.pk, prices["key"]))
    assert "Sees 1 of 2 tabs" in as_sam.text
    assert "Hidden from Sam" in as_sam.text
    assert "Only Gold partners" in as_sam.text
    assert "Ten percent" not in as_sam.text


def test_preview_starts_at_the_first_tab_that_is_open(acme, gold, sam, team, look_as):
    look_as(sam)
    experience = draft_of(acme, tab("Prices", text("x"), only=[gold]), tab("Home", text("Hello, Sam")))
    assert "Hello, Sam" in team.get(url(experience, "preview", sam.pk)).text


def test_preview_finds_contacts_by_name_and_company(acme, built, pat, sam, team):
    assert "Pat" in team.get(url(built, "preview")).text
    found = team.get(url(built, "preview"), {"q": "kestrel"}).text
    assert "sam" in found.lower()
    assert "Brightpath" not in found


def test_preview_can_only_be_read(built, pat, team, look_as):
    look_as(pat)
    assert team.post(url(built, "preview", pat.pk)).status_code == 405
    page = team.get(url(built, "preview", pat.pk)).text
    assert "<div inert>" in page


def test_another_workspaces_contact_cannot_be_previewed(built, eve, team):
    assert team.get(url(built, "preview", eve.pk)).status_code == 404


# ── Who may ──

GETS = ["", "changes/", "history/", "preview/"]
POSTS = ["name/", "portal/", "deletion/", "tabs/", "publication/"]


def test_a_partner_manager_looks_and_changes_nothing(acme, mia, built, as_user, inside):
    client, before = as_user(mia), draft(acme, built, inside)
    assert client.get(LIST).status_code == 200
    for path in GETS:
        assert client.get(url(built) + path).status_code == 200
    for path in POSTS:
        assert client.post(url(built) + path, {"title": "x", "name": "x", "seen": "0"}).status_code == 403
    key = built.home["key"]
    assert client.post(url(built, "tabs", key), {"title": "x", "audience-mode": "nobody"}).status_code == 403
    section = built.home["sections"][0]["key"]
    forged = {"title": "x", "body": "x", "audience-mode": "nobody"}
    assert client.post(url(built, "sections", section), forged).status_code == 403
    for what in ("position", "deletion"):
        assert client.post(url(built, "tabs", key, what), {"places": "1"}).status_code == 403
        assert client.post(url(built, "sections", section, what), {"places": "1"}).status_code == 403
    assert draft(acme, built, inside) == before
    assert ">Publish</button>" not in client.get(url(built)).text


@pytest.mark.parametrize("who", ["otto", "pat"])
def test_neither_another_team_nor_a_partner_finds_it(built, as_user, request, who):
    client = as_user(request.getfixturevalue(who))
    for path in GETS:
        assert client.get(url(built) + path).status_code == 404
    for path in POSTS:
        assert client.post(url(built) + path).status_code == 404


def test_another_workspaces_objects_are_not_found_under_ones_own(acme, globex, built, otto, as_user):
    client = as_user(otto)
    assert client.get(f"/globex/settings/experiences/{built.pk}/").status_code == 404
    own = draft_of(globex, tab("Home", text("x")))
    theirs = f"/globex/settings/experiences/{own.pk}/tabs/{built.home['key']}/"
    assert client.get(theirs).status_code == 404
    assert client.post(theirs + "deletion/").status_code == 404


@pytest.mark.parametrize("count", [1, 30])
def test_the_builder_costs_the_same_for_one_and_thirty(
    acme, gold, ada, as_user, django_assert_num_queries, count
):
    tabs = [tab(f"T{n}", *[text("x", only=[gold]) for _ in range(count)], only=[gold]) for n in range(count)]
    experience = draft_of(acme, *tabs)
    publish(acme, experience)
    client = as_user(ada)
    client.get(url(experience))
    with django_assert_num_queries(BUILDER_QUERIES):
        client.get(url(experience))


BUILDER_QUERIES = 23


@pytest.mark.parametrize("count", [1, 10])
def test_the_list_costs_the_same_for_one_and_ten(acme, ada, as_user, django_assert_num_queries, count):
    for n in range(count):
        draft_of(acme, tab("Home", text("x")), name=f"E{n}", in_portal=n == 0)
    client = as_user(ada)
    client.get(LIST)
    with django_assert_num_queries(LIST_QUERIES):
        client.get(LIST)


LIST_QUERIES = 16


def test_every_section_row_belongs_to_a_tab_of_its_workspace(acme, built, inside):
    with inside(acme):
        assert Section.objects.filter(tab__experience=built).count() == 3
