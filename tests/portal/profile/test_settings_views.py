"""Settings → Partner profile."""

import re

import pytest

from portal.profile.models import ProfileField, ProfileLayout
from segments.models import Audience
from segments.uses import used_in
from tests.conftest import make_member
from workspaces.models import Property

SETTINGS = "/acme/settings/profile/"


@pytest.fixture
def prop(acme, inside):
    def look(key):
        with inside(acme):
            return Property.objects.get(level="partner", key=key)

    return look


@pytest.fixture
def fields(acme, inside):
    """What is stored: (key, editable), in order."""

    def look():
        with inside(acme):
            return [(f.prop.key, f.editable) for f in ProfileField.objects.select_related("prop")]

    return look


def test_only_the_team_opens_it(ada, otto, pat, as_user, prop):
    for path in (SETTINGS, f"{SETTINGS}fields/{prop('website').pk}/"):
        assert as_user(ada).get(path).status_code == 200
        assert as_user(otto).get(path).status_code == 404
        assert as_user(pat).get(path).status_code == 404


def test_opening_it_writes_nothing_and_the_first_change_writes_what_was_shown(
    acme, ada, as_user, fields, prop, inside
):
    client = as_user(ada)
    assert client.get(SETTINGS).status_code == 200
    assert fields() == []
    client.post(SETTINGS, {"editable": [str(prop("website").pk), str(prop("country").pk)]})
    assert fields() == [
        ("name", False),
        ("website", True),
        ("tier", False),
        ("phase", False),
        ("country", True),
    ]
    with inside(acme):
        assert ProfileLayout.objects.get().logo_editable is False


def test_read_only_properties_never_become_editable(ada, as_user, fields, prop):
    client = as_user(ada)
    client.post(SETTINGS, {"editable": [str(prop(key).pk) for key in ("tier", "phase", "website")]})
    assert dict(fields())["tier"] is False
    page = client.get(SETTINGS).text
    assert page.count("Read-only</span>") == 2
    assert f'name="editable" value="{prop("tier").pk}"' not in page


def test_order_follows_the_buttons(ada, as_user, fields, prop):
    client = as_user(ada)
    client.post(SETTINGS, {"up": str(prop("country").pk)})
    assert [key for key, _ in fields()] == ["name", "website", "tier", "country", "phase"]
    client.post(SETTINGS, {"down": str(prop("name").pk)})
    assert [key for key, _ in fields()] == ["website", "name", "tier", "country", "phase"]
    for edge, button in (("website", "up"), ("phase", "down")):
        client.post(SETTINGS, {button: str(prop(edge).pk)})
    assert [key for key, _ in fields()] == ["website", "name", "tier", "country", "phase"]


def test_properties_come_and_go(acme, ada, pat, as_user, fields, prop, inside):
    client = as_user(ada)
    client.post(SETTINGS, {"remove": str(prop("tier").pk)})
    assert "tier" not in dict(fields())
    assert "Gold" not in as_user(pat).get("/acme/profile/").text
    client.post(SETTINGS, {"add": "1", "prop": str(prop("tier").pk)})
    assert fields()[-1] == ("tier", False)
    client.post(SETTINGS, {"add": "1", "prop": str(prop("tier").pk)})
    assert len(fields()) == 5


def test_nothing_of_a_contact_or_of_another_workspace_is_shown(
    acme, globex, ada, as_user, fields, prop, inside
):
    client = as_user(ada)
    with inside(acme):
        role = Property.objects.get(level="contact", key="role")
    with inside(globex):
        theirs = Property.objects.get(level="partner", key="website")
    for pk in (role.pk, theirs.pk, "nonsense", ""):
        assert client.post(SETTINGS, {"add": "1", "prop": str(pk)}).status_code == 302
    assert len(fields()) == 5
    assert client.get(f"{SETTINGS}fields/{theirs.pk}/").status_code == 404
    assert client.post(f"{SETTINGS}fields/{role.pk}/", {"audience-mode": "nobody"}).status_code == 404


def test_who_may_edit_is_set_and_counted(ada, pat, sam, make_segment, as_user):
    admins = make_segment("contact", "role", "admin")
    client = as_user(ada)
    sent = {"audience-mode": "only", "audience-segments": [str(admins.pk)], "audience-grace_days": "0"}
    asked = client.post(f"{SETTINGS}editing/", sent)
    assert asked.status_code == 409
    assert "<b>Sam</b> may edit the profile now" in asked.text
    assert "2 <small>of 2 contacts" in client.get(SETTINGS).text
    assert client.post(f"{SETTINGS}editing/", {**sent, "confirmed": "1"}).status_code == 302
    assert "1 <small>of 2 contacts" in client.get(SETTINGS).text
    assert 'name="website"' in as_user(pat).get("/acme/profile/").text
    assert 'name="website"' not in as_user(sam).get("/acme/profile/").text
    refused = client.post(f"{SETTINGS}editing/", {"audience-mode": "only"})
    assert refused.status_code == 422
    assert "Choose at least one segment" in refused.text


def test_a_property_gets_an_answer_of_its_own_and_follows_again(
    acme, ada, pat, sam, gold, as_user, prop, inside
):
    client, path = as_user(ada), f"{SETTINGS}fields/{prop('website').pk}/"
    sent = {"audience-mode": "only", "audience-segments": [str(gold.pk)], "audience-grace_days": "0"}
    assert client.post(path, sent).status_code == 302
    assert re.search(r"Only .*tier is gold", client.get(SETTINGS).text)
    assert 'name="website"' in as_user(pat).get("/acme/profile/").text
    assert 'name="website"' not in as_user(sam).get("/acme/profile/").text
    with inside(acme):
        [use] = used_in(gold)
        assert use.name == "Who may edit Website"
    client.post(path, {"follow": "1"})
    assert 'name="website"' in as_user(sam).get("/acme/profile/").text
    with inside(acme):
        assert Audience.objects.count() == 1
        assert used_in(gold) == []


def test_an_answer_that_says_nothing_leaves_none_behind(acme, ada, as_user, prop, inside):
    path = f"{SETTINGS}fields/{prop('website').pk}/"
    assert as_user(ada).post(path, {"audience-mode": "only"}).status_code == 422
    with inside(acme):
        assert ProfileField.objects.exclude(audience=None).count() == 0


def test_who_may_only_view_changes_nothing(acme, as_user, fields, prop):
    client = as_user(make_member(acme, "vic", "viewer"))
    page = client.get(SETTINGS)
    assert page.status_code == 200
    assert "<button" not in page.text.split("<main")[1].split("</main")[0]
    for path in ("", "editing/", f"fields/{prop('website').pk}/"):
        assert client.post(SETTINGS + path, {"audience-mode": "nobody"}).status_code == 403
    assert fields() == []


def test_the_page_costs_the_same_for_few_properties_and_many(
    acme, ada, brightpath, layout, shown, as_user, statements, inside
):
    from workspaces.properties import define_properties

    client = as_user(ada)
    everything, own = statements(client, SETTINGS, "profile_")
    with inside(acme):
        define_properties(
            [{"level": "partner", "key": f"p{n}", "label": f"P {n}", "type": "text"} for n in range(30)]
        )
    for number in range(30):
        shown(f"p{number}", editable=True)
    assert statements(client, SETTINGS, "profile_") == (everything, own)
