"""The profile page: who sees inputs, what a save writes, and what nobody can make it write."""

import logging
import re

import pytest

from segments.models import Audience
from workspaces.models import PropertyChange
from workspaces.properties import define_properties

PAGE = "/acme/profile/"


def inputs(response):
    """Names of everything the page would post for a property."""
    names = re.findall(r'<(?:input|select|textarea)[^>]*name="([a-z][^"]*)"', response.text)
    return {n for n in names if n not in {"csrfmiddlewaretoken", "next", "logo"} and not n.startswith("was-")}


def test_until_somebody_chooses_it_shows_the_first_five(pat, as_user):
    page = as_user(pat).get(PAGE)
    labels = re.findall(r'<(?:label for="[^"]*"|span class="label")>([^<]*?)\s*<', page.text)
    assert labels[:5] == ["Company name", "Website", "Tier", "Phase", "Country"]
    assert inputs(page) == {"website"}
    assert "Gold" in page.text
    assert "Set by Acme" in page.text


def test_an_edit_is_saved_logged_and_seen(acme, pat, brightpath, as_user, value, inside):
    client = as_user(pat)
    response = client.post(PAGE, {"website": "brightpath.example"})
    assert (response.status_code, response.url) == (302, PAGE)
    assert value(brightpath, "website") == "https://brightpath.example"
    assert 'value="https://brightpath.example"' in client.get(PAGE).text
    with inside(acme):
        change = PropertyChange.objects.filter(record_id=brightpath.pk).order_by("-at").first()
        assert (change.actor_kind, change.actor_label, change.prop.key) == ("contact", "Pat", "website")


@pytest.mark.parametrize(
    ("mode", "named", "admin_may", "other_may"),
    [("everyone", False, True, True), ("only", True, True, False), ("except", True, False, True), ("nobody", False, False, False)],
)  # fmt: skip
def test_the_audience_decides_who_edits(
    mode,
    named,
    admin_may,
    other_may,
    acme,
    pat,
    sam,
    brightpath,
    kestrel,
    layout,
    narrow,
    make_segment,
    as_user,
    value,
):
    admins = make_segment("contact", "role", "admin")
    narrow(layout.audience, mode, *[admins] if named else [])
    for who, partner, may in ((pat, brightpath, admin_may), (sam, kestrel, other_may)):
        client = as_user(who)
        page = client.get(PAGE)
        assert page.status_code == 200
        assert inputs(page) == ({"website"} if may else set())
        assert ("<form" in page.text.split("<main")[1].split("</main")[0]) == may
        assert client.post(PAGE, {"website": "https://new.example"}).status_code == (302 if may else 404)
        assert value(partner, "website") == ("https://new.example" if may else None)
        assert client.get("/acme/profile/states/").status_code == (200 if may else 404)


def test_a_property_may_ask_an_audience_of_its_own(
    acme, pat, sam, layout, shown, narrow, make_segment, as_user, inside
):
    admins = make_segment("contact", "role", "admin")
    narrow(layout.audience, "nobody")
    country = shown("country", editable=True)
    with inside(acme):
        country.audience = Audience.objects.create()
        country.save()
    narrow(country.audience, "only", admins)
    assert inputs(as_user(pat).get(PAGE)) == {"country"}
    assert inputs(as_user(sam).get(PAGE)) == set()
    assert as_user(sam).post(PAGE, {"country": "Peru"}).status_code == 404


def test_losing_the_role_takes_the_inputs_away_at_once(
    pat, brightpath, layout, narrow, make_segment, change, as_user, value
):
    narrow(layout.audience, "only", make_segment("contact", "role", "admin"))
    client = as_user(pat)
    assert inputs(client.get(PAGE)) == {"website"}
    change(pat, role="sales_rep")
    assert inputs(client.get(PAGE)) == set()
    assert client.post(PAGE, {"website": "https://late.example"}).status_code == 404
    assert value(brightpath, "website") is None


@pytest.mark.parametrize(
    ("key", "forged"), [("tier", "platinum"), ("phase", "onboarding"), ("name", "Evil"), ("country", "Peru")]
)
def test_a_forged_post_of_another_property_changes_nothing(
    key, forged, pat, brightpath, as_user, value, caplog
):
    before = value(brightpath, key)
    with caplog.at_level(logging.WARNING):
        response = as_user(pat).post(PAGE, {"website": "https://new.example", key: forged})
    assert response.status_code == 302
    assert value(brightpath, "website") == "https://new.example"
    assert value(brightpath, key) == before
    assert f"['{key}']" in caplog.text


def test_read_only_is_read_only_even_where_it_was_ticked(pat, brightpath, shown, as_user, value):
    shown("tier", editable=True)
    client = as_user(pat)
    assert inputs(client.get(PAGE)) == {"website"}
    client.post(PAGE, {"tier": "platinum"})
    assert value(brightpath, "tier") == "gold"


def test_a_property_that_is_not_shown_is_neither_shown_nor_written(
    acme, pat, brightpath, change, as_user, value, inside
):
    with inside(acme):
        define_properties([{"level": "partner", "key": "margin", "label": "Margin", "type": "text"}])
    change(brightpath, margin="Secret 40")
    client = as_user(pat)
    assert "Secret 40" not in client.get(PAGE).text
    client.post(PAGE, {"margin": "Forged", "website": "https://new.example"})
    assert value(brightpath, "margin") == "Secret 40"


def test_nobody_sees_or_touches_another_partners_profile(pat, sam, eve, brightpath, change, as_user, value):
    change(brightpath, website="https://secret.example")
    for who, path in ((sam, PAGE), (eve, "/globex/profile/")):
        client = as_user(who)
        assert "secret.example" not in client.get(path).text
        assert "Brightpath" not in client.get(path).text
        client.post(
            path, {"website": "https://mine.example", "partner": str(brightpath.pk), "id": str(brightpath.pk)}
        )
    assert as_user(eve).get(PAGE).status_code == 404
    assert value(brightpath, "website") == "https://secret.example"


def test_a_fault_is_said_beside_its_field_and_nothing_is_lost(acme, pat, brightpath, shown, as_user, value):
    shown("country", editable=True)
    response = as_user(pat).post(PAGE, {"website": "not an address", "country": "Switzerland"})
    assert response.status_code == 422
    assert "Enter a web address" in response.text
    assert 'value="not an address"' in response.text
    assert 'value="Switzerland"' in response.text
    assert (value(brightpath, "website"), value(brightpath, "country")) == (None, None)


def test_who_did_not_touch_a_field_does_not_take_it_back(
    pat, brightpath, shown, change, seen, as_user, value
):
    """The page was opened, the CRM changed the website, then only the country was typed."""
    shown("country", editable=True)
    change(brightpath, website="https://from-the-crm.example")
    was = seen(website="https://old.example", country="")
    as_user(pat).post(PAGE, {"website": "https://old.example", "country": "Peru", **was})
    assert value(brightpath, "website") == "https://from-the-crm.example"
    assert value(brightpath, "country") == "Peru"


def test_who_typed_over_a_newer_value_is_asked_first(pat, brightpath, change, seen, as_user, value):
    change(brightpath, website="https://from-the-crm.example")
    client = as_user(pat)
    response = client.post(PAGE, {"website": "https://mine.example", **seen(website="https://old.example")})
    assert response.status_code == 409
    assert "Somebody changed Website while" in response.text
    assert "Saved now: https://from-the-crm.example" in response.text
    assert 'value="https://mine.example"' in response.text
    assert value(brightpath, "website") == "https://from-the-crm.example"
    again = re.search(r'name="was-website" value="&quot;(.*?)&quot;"', response.text).group(1)
    client.post(PAGE, {"website": "https://mine.example", **seen(website=again)})
    assert value(brightpath, "website") == "https://mine.example"


@pytest.mark.parametrize(
    "was", ["{", "[" * 90_000, '[1, "a"]', '{"amount": {}}', "null", "7", '"' + "x" * 200_000 + '"']
)
def test_a_made_up_memory_of_the_page_is_as_if_it_were_not_there(was, pat, brightpath, as_user, value):
    assert as_user(pat).post(PAGE, {"website": "https://new.example", "was-website": was}).status_code == 302
    assert value(brightpath, "website") == "https://new.example"


def test_a_save_that_shuts_oneself_out_is_asked_about_first(
    acme, pat, brightpath, layout, shown, narrow, make_segment, change, as_user, value, inside
):
    options = [{"value": "dach", "label": "DACH"}, {"value": "fr", "label": "France"}]
    with inside(acme):
        define_properties(
            [{"level": "partner", "key": "region", "label": "Region", "type": "choice", "options": options}]
        )
    change(brightpath, region="dach")
    narrow(layout.audience, "only", make_segment("partner", "region", "dach"))
    shown("region", editable=True)
    client = as_user(pat)

    response = client.post(PAGE, {"region": "fr"})

    assert response.status_code == 409
    assert "you can no longer edit: Website, Region" in response.text
    assert "Save anyway" in response.text
    assert value(brightpath, "region") == "dach"
    assert inputs(client.get(PAGE)) == {"website", "region"}
    client.post(PAGE, {"region": "fr", "confirmed": "1"})
    assert value(brightpath, "region") == "fr"
    assert inputs(client.get(PAGE)) == set()


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "evil"]
)
def test_the_way_back_stays_here(elsewhere, pat, as_user):
    client = as_user(pat)
    assert client.post(PAGE, {"website": "", "next": elsewhere}).url == PAGE
    assert client.post(PAGE, {"website": "", "next": "/acme/tabs/"}).url == "/acme/tabs/"


def test_values_of_people_are_text_never_markup(pat, brightpath, layout, change, narrow, as_user):
    change(brightpath, country="<img src=x>", website="https://a.example/'\"><b>")
    narrow(layout.audience, "nobody")
    page = as_user(pat).get(PAGE).text
    assert "<img src=x>" not in page
    assert "a.example/'\"><b>" not in page


def test_the_page_costs_the_same_for_few_properties_and_thirty(
    acme, pat, layout, shown, as_user, statements, inside
):
    client = as_user(pat)
    everything, own = statements(client, PAGE, "profile_")
    assert own == 2
    with inside(acme):
        define_properties(
            [{"level": "partner", "key": f"p{n}", "label": f"P {n}", "type": "text"} for n in range(30)]
        )
    for number in range(30):
        shown(f"p{number}", editable=True)
    assert statements(client, PAGE, "profile_") == (everything, 2)
    assert len(inputs(client.get(PAGE))) == 31
