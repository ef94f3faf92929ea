"""Before a change takes away the last person who may edit a profile, it asks, with names, and saves nothing."""

import re

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from portal.profile.models import ProfileLayout
from segments import editing
from segments.models import Audience, AudienceSegment, ScheduledChange, Segment
from segments.rules.tree import new_tree
from segments.versions import scheduling
from tests.conftest import make_contact, make_partner
from workspaces.actors import Actor
from workspaces.properties import define_properties, properties_of

ASKS = "may edit the profile now"


@pytest.fixture
def by_admins(acme, inside):
    """Only people with the role Admin edit profiles."""
    with inside(acme):
        audience = ProfileLayout.ensure().audience
        audience.mode = Audience.Mode.ONLY
        audience.save()
        admins = Segment.objects.get(built_in_key="role:admin")
        AudienceSegment.objects.create(audience=audience, segment=admins)
        return admins


@pytest.fixture
def role_of(acme, inside):
    def look(contact):
        with inside(acme):
            contact.refresh_from_db()
            return contact.value(properties_of("contact")["role"])

    return look


def change_role(client, contact, role, **more):
    page = client.get(f"/acme/settings/contacts/{contact.pk}/values/").text
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    body = {"p-email": contact.email, "p-name": contact.name, "p-role": role, "version": version, **more}
    return client.post(f"/acme/settings/contacts/{contact.pk}/values/", body)


def test_a_role_change_asks_first(pat, brightpath, ada, by_admins, as_user, role_of):
    client = as_user(ada)
    asked = change_role(client, pat, "marketing")
    assert asked.status_code == 409
    assert "Brightpath" in asked.text
    assert f"<b>Pat</b> {ASKS}" in asked.text
    assert role_of(pat) == "admin"
    assert change_role(client, pat, "marketing", confirmed="1").status_code == 302
    assert role_of(pat) == "marketing"


def test_what_was_typed_goes_along_with_the_answer(pat, ada, by_admins, as_user):
    asked = change_role(as_user(ada), pat, "marketing").text
    assert '<input type="hidden" name="p-role" value="marketing">' in asked
    assert asked.count('name="csrfmiddlewaretoken"') >= 1
    assert 'name="confirmed" value="1"' in asked


def test_while_somebody_is_left_nobody_is_asked(acme, pat, brightpath, ada, by_admins, as_user, role_of):
    make_contact(acme, "cleo", brightpath, role="admin")
    assert change_role(as_user(ada), pat, "marketing").status_code == 302
    assert role_of(pat) == "marketing"


def test_another_partners_editor_does_not_count(pat, sam, ada, by_admins, as_user, role_of, change):
    change(sam, role="admin")
    assert change_role(as_user(ada), pat, "marketing").status_code == 409


def test_the_suspended_do_not_count(acme, inside, pat, brightpath, ada, by_admins, as_user):
    from workspaces import invitations

    cleo = make_contact(acme, "cleo", brightpath, role="admin")
    with inside(acme):
        invitations.suspend(cleo)
    assert change_role(as_user(ada), pat, "marketing").status_code == 409


def test_where_nobody_could_before_nothing_is_lost(sam, ada, by_admins, as_user, role_of):
    assert change_role(as_user(ada), sam, "marketing").status_code == 302


def test_a_partners_value_asks_too(acme, inside, pat, brightpath, ada, gold, narrow, as_user):
    with inside(acme):
        audience = ProfileLayout.ensure().audience
    narrow(audience, "only", gold)
    client = as_user(ada)
    page = client.get(f"/acme/settings/partners/{brightpath.pk}/values/").text
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    body = {"p-name": "Brightpath", "p-tier": "silver", "version": version}
    asked = client.post(f"/acme/settings/partners/{brightpath.pk}/values/", body)
    assert (asked.status_code, ASKS in asked.text) == (409, True)
    with inside(acme):
        brightpath.refresh_from_db()
        assert brightpath.value(properties_of("partner")["tier"]) == "gold"


def test_who_may_edit_is_asked_about_with_partners_and_names(acme, pat, sam, ada, by_admins, as_user, inside):
    answer = {"audience-mode": "nobody", "audience-grace_days": "0"}
    asked = as_user(ada).post("/acme/settings/profile/editing/", answer)
    assert asked.status_code == 409
    assert f"<b>Pat</b> {ASKS}" in asked.text
    assert "Sam" not in asked.text
    with inside(acme):
        assert ProfileLayout.objects.get().audience.mode == "only"


def test_a_rule_asks_where_it_decides_about_editing(acme, inside, pat, ada, gold, narrow, as_user):
    client = as_user(ada)
    with inside(acme):
        number = properties_of("partner")["tier"].number
        audience = ProfileLayout.ensure().audience
    rule = {"name": gold.name, "kind": "dynamic", "g:": "all", "c:0:field": f"self:{number}"}
    rule |= {"c:0:op": "is_any_of", "c:0:v": "platinum", "do": "save"}
    address = f"/acme/settings/segments/{gold.pk}/"
    assert client.post(address, rule).status_code == 302
    assert client.post(address, {**rule, "c:0:v": "gold"}).status_code == 302
    narrow(audience, "only", gold)
    asked = client.post(address, rule)
    assert (asked.status_code, f"<b>Pat</b> {ASKS}" in asked.text) == (409, True)
    with inside(acme):
        assert gold.builds.order_by("-version").first().tree["root"]["items"][0]["v"] == ["gold"]
    assert client.post(address, {**rule, "confirmed": "1"}).status_code == 302


@pytest.fixture
def gold_edits(acme, inside, pat, gold, narrow):
    """Gold partners edit, by way of a segment that asks for them."""
    asks = {"p": "segments", "of": "self", "op": "in_any", "v": [str(gold.pk)]}
    with inside(acme):
        audience = ProfileLayout.ensure().audience
        tree = new_tree("partner", asks)
        who = {"level": "partner", "kind": "dynamic", "name": "Editing", "by": Actor("team", "ada", "Ada")}
        naming = editing.create(tree=tree, **who)
    narrow(audience, "only", naming)
    return gold


def test_a_scheduled_rule_fails_where_nobody_can_be_asked(acme, inside, ada, gold_edits, drain):
    start = timezone.now()
    with inside(acme):
        leaf = {"p": properties_of("partner")["tier"].number, "of": "self", "op": "is_any_of"}
        tree = new_tree("partner", leaf | {"v": ["platinum"]})
        scheduling.schedule(
            gold_edits, tree=tree, at=start + timezone.timedelta(hours=1), by=Actor.of_member(ada)
        )
    with time_machine.travel(start + timezone.timedelta(hours=2)):
        drain()
    with inside(acme):
        change = ScheduledChange.objects.get()
        assert (change.state, gold_edits.builds.count()) == ("failed", 1)
        assert change.error.startswith(
            "At Brightpath nobody could edit the profile any more, which Pat can now"
        )


def test_a_file_is_refused_until_it_says_that_it_is_meant(acme, inside, gold_edits, tmp_path):
    file = tmp_path / "segments.yaml"
    rule = "{all: [{property: tier, op: is_any_of, value: [platinum]}]}"
    file.write_text(f"segment: {gold_edits.name}\nlevel: partner\nkind: dynamic\nrule: {rule}\n")
    with pytest.raises(CommandError, match=r"At Brightpath nobody could edit .* With --locking-out"):
        call_command("segments", "apply", str(file), "--workspace=acme")
    with inside(acme):
        assert gold_edits.builds.count() == 1
    call_command("segments", "apply", str(file), "--workspace=acme", "--locking-out")
    with inside(acme):
        assert gold_edits.builds.count() == 2


def test_archiving_the_segment_asks(acme, inside, pat, ada, gold, narrow, as_user):
    with inside(acme):
        audience = ProfileLayout.ensure().audience
    narrow(audience, "only", gold)
    asked = as_user(ada).post(f"/acme/settings/segments/{gold.pk}/archiving/")
    assert asked.status_code == 409
    with inside(acme):
        assert Segment.objects.get(pk=gold.pk).archived_at is None


def test_an_old_version_asks_as_a_new_rule_does(acme, inside, pat, ada, gold, narrow, as_user):
    client = as_user(ada)
    with inside(acme):
        number = properties_of("partner")["tier"].number
        audience = ProfileLayout.ensure().audience
    rule = {"name": gold.name, "kind": "dynamic", "g:": "all", "c:0:field": f"self:{number}"}
    rule |= {"c:0:op": "is_any_of", "do": "save"}
    address = f"/acme/settings/segments/{gold.pk}/"
    for tier in ("platinum", "gold"):
        assert client.post(address, {**rule, "c:0:v": tier}).status_code == 302
    narrow(audience, "only", gold)
    with inside(acme):
        platinum = gold.builds.get(version=2)
    asked = client.post(f"{address}versions/{platinum.pk}/restoration/")
    assert (asked.status_code, f"<b>Pat</b> {ASKS}" in asked.text) == (409, True)


def test_a_contacts_own_edit_names_the_colleagues_it_takes_along(
    acme, inside, pat, brightpath, layout, shown, make_segment, narrow, change, as_user
):
    options = [{"value": "dach", "label": "DACH"}, {"value": "fr", "label": "France"}]
    region = {"level": "partner", "key": "region", "label": "Region", "type": "choice", "options": options}
    with inside(acme):
        define_properties([region])
    make_contact(acme, "cleo", brightpath)
    change(brightpath, region="dach")
    narrow(layout.audience, "only", make_segment("partner", "region", "dach"))
    shown("region", editable=True)
    asked = as_user(pat).post("/acme/profile/", {"region": "fr"})
    assert asked.status_code == 409
    assert "until now Cleo, Pat could" in asked.text
    assert as_user(pat).post("/acme/profile/", {"region": "fr", "confirmed": "1"}).status_code == 302


def test_many_partners_are_told_as_a_number(acme, pat, ada, by_admins, as_user):
    for n in range(7):
        make_contact(acme, f"admin{n}", make_partner(acme, f"Partner {n}"), role="admin")
    asked = as_user(ada).post("/acme/settings/profile/editing/", {"audience-mode": "nobody"}).text
    assert "the same at 3 other partners" in asked
