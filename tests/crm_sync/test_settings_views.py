"""The pages of CRM connections: who may open them, and what they do."""

import pytest
from django.urls import reverse

from crm_sync.models import Connection, FieldMapping, InboxEvent, OutboxChange
from tests.fakes.hubspot import APP_ID, PORTAL_ID, SECRET, TOKEN
from workspaces.properties import properties_of

KEYS = {"app": APP_ID, "token": TOKEN, "secret": SECRET}
PAGES = ["connection", "keys", "app", "mapping", "records", "in", "out"]


@pytest.fixture
def address(acme):
    """The address of a settings page at acme."""

    def of(name, *args):
        return "/acme" + reverse(f"settings:{name}", args=args)

    return of


@pytest.fixture
def admin(as_user, ada):
    return as_user(ada)


@pytest.fixture
def ready(acme, crm, settings):
    settings.HUBSPOT_API_URL = crm.url
    return crm


def test_without_a_connection_the_page_says_what_one_is_for(admin, address):
    response = admin.get(address("crm"))

    assert response.status_code == 200
    assert "Connect the CRM your team works in" in response.text


def test_connecting_tries_the_keys_and_keeps_them_unreadable(admin, address, ready, acme, inside):
    response = admin.post(address("crm_hubspot_token"), KEYS)

    with inside(acme):
        made = Connection.objects.get()
        assert response.url == address("crm_mapping", made.pk)
        assert (made.credentials.get().access, made.secret) == (TOKEN, SECRET)
        assert TOKEN not in made.credentials.get().access_sealed
        assert (made.account, made.way, made.time_zone) == (PORTAL_ID, "static", "Europe/Brussels")
        assert [f["name"] for f in made.fields_known["company"]][:2] == ["name", "domain"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"token": "pat-wrong"}, "HubSpot does not accept this token"),
        ({"app": "acme"}, "This is a number"),
        ({"secret": ""}, "This field is required"),
    ],
)
def test_wrong_keys_are_refused_with_words_and_never_printed_back(
    admin, address, ready, acme, inside, changed, words
):
    response = admin.post(address("crm_hubspot_token"), KEYS | changed)

    assert response.status_code == 422
    assert words in response.text
    assert SECRET not in response.text
    assert TOKEN not in response.text
    with inside(acme):
        assert not Connection.objects.exists()


def test_an_account_belongs_to_one_workspace(sync, otto, as_user, globex, inside):
    response = as_user(otto).post("/globex" + reverse("settings:crm_hubspot_token"), KEYS)

    assert response.status_code == 422
    assert "connected to a workspace already" in response.text
    with inside(globex):
        assert not Connection.objects.exists()


def test_hubspot_away_is_said_and_nothing_saved(admin, address, ready):
    ready.fail(count=1, status=503)

    response = admin.post(address("crm_hubspot_token"), KEYS)

    assert response.status_code == 422
    assert "try again in a moment" in response.text


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_for_an_admin(sync, linked, admin, address, name):
    assert admin.get(address(f"crm_{name}", sync.connection.pk)).status_code == 200


@pytest.mark.parametrize(
    "name", [*PAGES, "pause", "resumption", "reading", "disconnection", "replay", "fields"]
)
def test_another_workspaces_connection_does_not_exist(sync, otto, as_user, name):
    address = "/globex" + reverse(f"settings:crm_{name}", args=[sync.connection.pk])
    stranger = as_user(otto)

    assert stranger.post(address).status_code in {404, 405}
    assert stranger.get(address).status_code in {404, 405}
    with sync.inside():
        assert Connection.objects.get().status == "active"


@pytest.mark.parametrize("name", ["connection", "mapping", "in"])
def test_a_partner_manager_has_no_business_here(sync, mia, as_user, address, name):
    assert as_user(mia).get(address(f"crm_{name}", sync.connection.pk)).status_code == 403


def test_a_mapping_is_added_and_linked_records_are_read(sync, linked, admin, address, drain):
    sync.crm.edit("1", partner_phase="onboarding")
    with sync.inside():
        phase = properties_of("partner")["phase"]
        sync.connection.fields_known = {
            "company": [
                {"name": "partner_phase", "label": "Partner phase", "type": "enumeration"}
                | {"widget": "select", "read_only": False}
            ]
        }
        sync.connection.save()
    form = {"prop": str(phase.pk), "field": "partner_phase", "direction": "in"}

    assert admin.post(address("crm_mapping", sync.connection.pk), form).status_code == 302
    drain()

    assert sync.values(linked)["phase"] == "onboarding"


def test_a_field_that_cannot_hold_the_property_is_refused_with_the_reason(sync, admin, address):
    with sync.inside():
        phase = properties_of("partner")["phase"]
        sync.connection.fields_known = {
            "company": [
                {"name": "numberofemployees", "label": "Employees", "type": "number"}
                | {"widget": "number", "read_only": False}
            ]
        }
        sync.connection.save()
    form = {"prop": str(phase.pk), "field": "numberofemployees", "direction": "in"}

    response = admin.post(address("crm_mapping", sync.connection.pk), form)

    assert response.status_code == 422
    assert "cannot hold this property" in response.text


def test_reading_the_fields_again_marks_mappings_whose_field_is_gone(sync, admin, address):
    del sync.crm.portal.properties["companies"]["country"]

    admin.post(address("crm_fields", sync.connection.pk))

    with sync.inside():
        broken = dict(FieldMapping.objects.values_list("field", "broken"))
    assert broken["country"].startswith("This field no longer exists")
    assert broken["website"] == ""


def test_a_removed_mapping_leaves_the_values(sync, linked, admin, address):
    with sync.inside():
        mapping = FieldMapping.objects.get(field="country")

    admin.post(address("crm_unmapping", sync.connection.pk, mapping.pk))

    assert sync.values(linked)["country"] == "Belgium"
    with sync.inside():
        assert "country" not in sync.connection.records.get().agreed


def test_linking_on_the_page_reads_the_record(sync, brightpath, admin, address, drain):
    sync.crm.seed(companies={"9": {"name": "Brightpath SE", "partner_tier": "silver"}})
    form = {"record": f"partner:{brightpath.pk}", "external_id": "9"}

    assert admin.post(address("crm_records", sync.connection.pk), form).status_code == 302
    drain()

    assert sync.values(brightpath)["tier"] == "silver"


def test_another_workspaces_partner_cannot_be_linked(sync, eve, admin, address):
    form = {"record": f"partner:{eve.partner_id}", "external_id": "9"}

    assert admin.post(address("crm_records", sync.connection.pk), form).status_code == 422


def test_pausing_and_resuming(sync, admin, address):
    admin.post(address("crm_pause", sync.connection.pk))
    assert "Paused by" in admin.get(address("crm_connection", sync.connection.pk)).text

    admin.post(address("crm_resumption", sync.connection.pk))
    with sync.inside():
        assert Connection.objects.get().status == "active"


def test_new_keys_start_a_stopped_connection_again(sync, linked, push, admin, address, drain):
    sync.crm.standin.token = "pat-new"
    try:
        sync.crm.edit("1", partner_tier="silver")
        push({"propertyName": "partner_tier"})
        drain()
        assert "Needs a new sign-in" in admin.get(address("crm")).text

        form = {"app": APP_ID, "token": "pat-new", "secret": SECRET}
        assert admin.post(address("crm_keys", sync.connection.pk), form).status_code == 302
        sync.make_due()
        drain()
        assert sync.values(linked)["tier"] == "silver"
    finally:
        sync.crm.standin.token = TOKEN


def test_a_dead_event_is_shown_with_its_reason_and_tried_again(sync, linked, push, admin, address, drain):
    push({"propertyName": "partner_tier"})
    sync.crm.edit("1", partner_tier="silver")
    with sync.inside():
        InboxEvent.objects.exclude(state="done").update(state="dead", reason="It failed for a reason.")

    assert "It failed for a reason." in admin.get(address("crm_connection", sync.connection.pk)).text
    admin.post(address("crm_replay", sync.connection.pk))
    drain()

    assert sync.values(linked)["tier"] == "silver"


def test_a_refused_value_is_sent_again(sync, linked, admin, address, drain, pat):
    from workspaces.actors import Actor
    from workspaces.properties import set_properties

    with sync.inside():
        set_properties(linked, {"country": "Italy"}, by=Actor.of_contact(pat))
        OutboxChange.objects.update(state="parked", message="Italy was not allowed")

    assert "Italy was not allowed" in admin.get(address("crm_out", sync.connection.pk)).text
    admin.post(address("crm_resending", sync.connection.pk))
    drain()

    assert sync.crm.company("1")["country"] == "Italy"


def test_disconnecting_wipes_the_keys_and_keeps_links_and_values(sync, linked, admin, address):
    from crm_sync.models import Credential
    from workspaces.models import HookRoute

    admin.post(address("crm_disconnection", sync.connection.pk))

    with sync.inside():
        left = Connection.objects.get()
        assert (left.status, left.secret, left.records.count()) == ("disconnected", "", 1)
        assert not Credential.objects.exists()
    assert not HookRoute.objects.exists()
    assert sync.values(linked)["tier"] == "gold"


def test_a_disconnected_account_is_removed_for_good_and_a_connected_one_is_not(sync, linked, admin, address):
    admin.post(address("crm_removal", sync.connection.pk))
    with sync.inside():
        assert Connection.objects.exists()

    admin.post(address("crm_disconnection", sync.connection.pk))
    admin.post(address("crm_removal", sync.connection.pk))

    with sync.inside():
        assert not Connection.objects.exists()
    assert sync.values(linked)["tier"] == "gold"


@pytest.mark.parametrize("rows", [1, 20])
def test_the_health_page_costs_the_same_for_one_row_and_twenty(
    sync, linked, push, admin, address, drain, rows, django_assert_max_num_queries
):
    for n in range(rows):
        push({"propertyName": "partner_tier", "occurredAt": n})
    admin.get(address("crm_connection", sync.connection.pk))

    with django_assert_max_num_queries(32):
        admin.get(address("crm_connection", sync.connection.pk))


def test_real_values_stand_beside_the_mapping_and_what_does_not_fit_is_said(
    sync, linked, admin, address, inside, acme
):
    sync.crm.seed(companies={"2": {"name": "Kestrel", "partner_tier": "diamond"}})
    page, look = (
        address("crm_mapping", sync.connection.pk),
        address("crm_samples", sync.connection.pk, "company"),
    )
    assert f'hx-post="{look}"' in admin.get(page).text  # nothing was read yet: the page asks by itself

    assert admin.post(look).url == f"{page}?object=company"
    shown = admin.get(page).text
    assert "1 of 2 values do not fit: “diamond” is not one of the options." in shown
    assert "Belgium" in shown
    assert f'hx-post="{look}" hx-trigger="load"' not in shown
    calls = len(sync.crm.calls)
    admin.get(page)
    assert len(sync.crm.calls) == calls

    sync.crm.fail(count=5, status=503)
    admin.post(look)
    assert "No values could be read" in admin.get(page).text


def test_a_pair_is_tried_before_it_is_mapped(sync, linked, admin, address):
    with sync.inside():
        phase = properties_of("partner")["phase"]
    admin.post(address("crm_fields", sync.connection.pk))
    admin.post(address("crm_samples", sync.connection.pk, "company"))
    form = {"prop": str(phase.pk), "field": "numberofemployees", "direction": "in", "try": "1"}

    tried = admin.post(address("crm_mapping", sync.connection.pk), form)

    assert tried.status_code == 200
    assert "cannot hold this property" in tried.text
    with sync.inside():
        assert not FieldMapping.objects.filter(prop=phase).exists()


def test_options_are_matched_on_a_page_of_their_own(sync, linked, admin, address, drain):
    with sync.inside():
        tier = sync.connection.mappings.get(prop__key="tier")
    page = address("crm_options", sync.connection.pk, tier.pk)
    assert "Platinum" in admin.get(page).text

    assert admin.post(page, {"0": "-", "1": "silver", "2": "platinum", "3": "platinum"}).status_code == 302
    drain()

    with sync.inside():
        tier.refresh_from_db()
    assert tier.options == {"registered": "", "gold": "platinum"}
    assert sync.values(linked)["tier"] == "platinum"
