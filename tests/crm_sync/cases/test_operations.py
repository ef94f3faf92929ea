"""§ Operations and tenancy: what failed, who may touch it, and what is written down."""

import pytest
from django.urls import reverse

from crm_sync.health import dead_letters, timeline
from crm_sync.models import AuditEntry, Conflict, FieldMapping, InboxEvent, OutboxChange, SyncJob


@pytest.fixture
def admin(ada, as_user):
    return as_user(ada)


@pytest.fixture
def address(sync):
    def of(name, *args):
        return "/acme" + reverse(f"settings:{name}", args=[sync.connection.pk, *args])

    return of


@pytest.fixture
def refused(sync, linked, edit, drain):
    """A value that HubSpot does not take, and one of its events that was given up."""
    country = sync.crm.portal.properties["companies"]["country"]
    country |= {"type": "enumeration", "fieldType": "select"}
    country["options"] = [{"value": "Belgium", "label": "Belgium", "hidden": False, "displayOrder": 0}]
    edit(linked, country="Atlantis")
    drain()
    with sync.inside():
        dead = {"state": "dead", "reason": "Tried several times."}
        InboxEvent.objects.create(
            connection=sync.connection,
            fingerprint="dead",
            kind="company.propertyChange",
            object_type="company",
            external_id="1",
            property="partner_tier",
            **dead,
        )
    return linked


def audited(sync, action):
    with sync.inside():
        return [(e.by, e.message) for e in AuditEntry.objects.filter(action=action).order_by("at")]


def test_dead_events_are_replayed_by_filter_once_and_it_is_written_down(sync, refused, admin, address, drain):
    sync.crm.edit("1", partner_tier="platinum")
    for _ in range(2):
        admin.post(address("crm_replay"), {"state": "dead", "q": "several"})
    drain()

    assert sync.values(refused)["tier"] == "platinum"
    assert audited(sync, "replay") == [("Ada", "1 of the CRM’s events are tried again.")]


def test_a_filter_that_matches_nothing_replays_nothing(sync, refused, admin, address):
    admin.post(address("crm_replay"), {"state": "dead", "q": "other words"})

    assert audited(sync, "replay") == []


def test_a_refused_value_is_discarded_with_a_reason_and_never_sent_again(
    sync, refused, push, admin, address, drain
):
    change = address("crm_discarding", "out")
    assert admin.post(change, {"reason": " "}, follow=True).status_code == 200
    assert sync.changes()[-1][2] == "parked"

    admin.post(change, {"reason": "They stay in Belgium."})
    assert sync.changes()[-1][2] == "discarded"
    push({"propertyName": "country"})
    drain()
    assert sync.crm.portal.writes == 0
    assert len(sync.changes()) == 1
    assert audited(sync, "discard") == [("Ada", "1 values for the CRM were discarded: They stay in Belgium.")]


def test_a_discarded_event_can_still_be_read_again_by_hand(sync, refused, ada):
    with sync.inside():
        rows = InboxEvent.objects.filter(fingerprint="dead")
        dead_letters.discard_events(rows, sync.connection, reason="Old.", by=ada)
        assert rows.get().state == "discarded"
        assert dead_letters.replay_events(rows, sync.connection, by=ada) == 1


def test_another_workspaces_admin_finds_none_of_it(sync, refused, otto, as_user, inside, globex):
    with sync.inside():
        change = OutboxChange.objects.get()
        conflict = Conflict.objects.create(
            connection=sync.connection, mapping=change.mapping, link=change.link
        )
        job = SyncJob.objects.create(connection=sync.connection, kind="backfill", object_type="company")
    stranger, pk = as_user(otto), sync.connection.pk
    asked = [
        ("crm_replay", []),
        ("crm_resending", []),
        ("crm_discarding", ["out"]),
        ("crm_decision", [conflict.pk]),
        ("crm_job", [job.pk, "cancel"]),
        ("crm_import_start", ["company"]),
    ]
    answers = {
        name: stranger.post("/globex" + reverse(f"settings:{name}", args=[pk, *more]), {"one": change.pk})
        for name, more in asked
    }
    assert {name: answer.status_code for name, answer in answers.items()} == {name: 404 for name, _ in asked}
    assert sync.changes()[-1][2] == "parked"


def test_a_record_tells_what_happened_to_it_where_from_and_why_it_was_left_alone(
    sync, refused, push, drain, admin, address
):
    push({"propertyName": "industry"})
    drain()
    with sync.inside():
        link = sync.connection.records.get()
        told = [(e.way, e.what, e.state) for e in timeline.of(link)]

    assert ("here", "Country", "") in told
    assert ("out", "Country", "parked") in told
    assert ("in", "industry", "skipped") in told
    assert admin.get(address("crm_record", link.pk)).status_code == 200


@pytest.mark.parametrize(
    ("decision", "expected"), [("crm", "France"), ("portal", "Italy")], ids=["the CRM's", "the portal's"]
)
def test_what_a_policy_decided_can_be_turned_round(
    sync, linked, edit, drain, admin, address, decision, expected
):
    sync.crm.edit("1", country="France")
    edit(linked, country="Italy")
    drain()
    with sync.inside():
        conflict = Conflict.objects.get()
    assert b"France" in admin.get(address("crm_conflicts")).content

    admin.post(address("crm_decision", conflict.pk), {"decision": decision})
    drain()
    assert sync.values(linked)["country"] == sync.crm.company("1")["country"] == expected
    assert [by for by, _ in audited(sync, "conflict")] == ["Ada"]


@pytest.mark.parametrize(("decision", "partners"), [("same", 1), ("different", 2)])
def test_a_likely_match_is_linked_or_let_in_on_its_own_as_a_person_says(
    sync, brightpath, edit, rule, told, drain, admin, address, decision, partners, pat
):
    from workspaces.models import Partner

    edit(brightpath, website="https://brightpath.example")
    rule("company")
    values = {"name": "Bright Path", "website": "brightpath.example"}
    sync.crm.portal.create("companies", values, by_app=False)
    told()
    drain()
    with sync.inside():
        conflict = Conflict.objects.open().get()

    admin.post(address("crm_decision", conflict.pk), {"decision": decision})
    drain()
    with sync.inside():
        assert Partner.objects.count() == partners
        assert sync.connection.records.count() == 1
        assert Conflict.objects.open().count() == 0


def test_an_import_rule_is_saved_tried_out_and_shown(sync, admin, address, drain):
    sync.crm.seed(companies={"5": {"name": "Norther", "partner_tier": "gold"}})
    with sync.inside():
        type(sync.connection).objects.update(
            fields_known={"company": [{"name": "partner_tier", "label": "Tier", "type": "enumeration"}]}
        )
    posted = {"company-enabled": "on", "company-every": "True", "company-linking": "ask"}
    posted |= {"company-when_deleted": "keep", "company-field-0": "partner_tier"}
    posted |= {"company-operator-0": "one_of", "company-text-0": "gold; platinum"}
    wrong = admin.post(address("crm_rule", "company"), posted | {"company-text-0": ""})
    assert wrong.status_code == 422

    assert admin.post(address("crm_rule", "company"), posted).status_code == 302
    admin.post(address("crm_import_start", "company"), {"kind": "try"})
    drain()
    page = admin.get(address("crm_import")).content.decode()
    assert "would create 1" in page
    assert "Norther" in page


def test_a_refused_value_is_corrected_in_place_checked_and_sent_once(sync, refused, admin, address, drain):
    options = sync.crm.portal.properties["companies"]["country"]["options"]
    options.append({"value": "France", "label": "France", "hidden": False, "displayOrder": 1})
    with sync.inside():
        change = OutboxChange.objects.get()
    page = address("crm_correction", change.pk)
    assert 'value="Atlantis"' in admin.get(page).text
    assert page in admin.get(address("crm_out")).text

    admin.post(address("crm_fields"))  # it became another kind of field meanwhile
    assert "is enumeration now" in admin.post(page, {"country": "France"}).text
    with sync.inside():
        FieldMapping.objects.filter(field="country").update(type_known="enumeration", broken="")

    wrong = admin.post(page, {"country": "Utopia"})
    assert wrong.status_code == 422
    assert "Utopia is not one of the options of Country" in wrong.text
    assert sync.changes()[-1][2] == "parked"

    assert admin.post(page, {"country": "France"}).status_code == 302
    assert admin.post(page, {"country": "Belgium"}).status_code == 404  # it is not refused any more
    drain()
    assert sync.values(refused)["country"] == sync.crm.company("1")["country"] == "France"
    assert sync.crm.portal.writes == 1
    assert [state for _, _, state in sync.changes()] == ["superseded", "done"]
    [(by, told)] = audited(sync, "correction")
    assert (by, told) == ("Ada", "Brightpath, Country: a refused value was corrected and sent again.")


def test_a_corrected_value_that_the_portal_holds_already_is_sent_as_it_is(
    sync, refused, admin, address, drain
):
    sync.crm.portal.properties["companies"]["country"] |= {"type": "string", "options": []}
    with sync.inside():
        change = OutboxChange.objects.get()

    admin.post(address("crm_correction", change.pk), {"country": "Atlantis"})
    drain()

    assert sync.crm.company("1")["country"] == "Atlantis"
    assert [state for _, _, state in sync.changes()] == ["done"]
