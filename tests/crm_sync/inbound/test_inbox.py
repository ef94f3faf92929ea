"""From a stored event to the value in the portal."""

import pytest

from crm_sync.inbound import inbox, merging
from crm_sync.models import ExternalRecord, InboxEvent
from workspaces.jobs import run_everything


def test_a_change_in_the_crm_arrives_with_the_crm_as_its_author(sync, linked, push, drain):
    sync.crm.edit("1", partner_tier="platinum")
    push({"propertyName": "partner_tier", "propertyValue": "platinum"})
    drain()

    assert sync.values(linked)["tier"] == "platinum"
    assert sync.log(linked, "tier")[-1] == ("gold", "platinum", "crm")
    assert sync.events() == [("partner_tier", "done", "")]


def test_the_record_counts_and_not_what_the_event_says(sync, linked, push, drain):
    sync.crm.edit("1", partner_tier="silver")
    push(
        {"propertyName": "partner_tier", "propertyValue": "silver", "occurredAt": 2},
        {"propertyName": "partner_tier", "propertyValue": "REDACTED", "isSensitive": True, "occurredAt": 1},
    )
    drain()

    assert sync.values(linked)["tier"] == "silver"


@pytest.mark.parametrize("name", ["n" * 300, "a\x00b", "a\ud800b"])
def test_a_value_that_cannot_be_kept_holds_up_no_other(sync, linked, push, drain, name):
    sync.crm.edit("1", name=name, country="France")
    push({"propertyName": "name"}, {"propertyName": "country"})
    drain()

    assert sync.values(linked)["name"] == "Brightpath"
    assert sync.values(linked)["country"] == "France"
    states = {field: (state, bool(reason)) for field, state, reason in sync.events()}
    assert states == {"name": ("skipped", True), "country": ("done", False)}


def test_fifty_changes_of_one_company_are_one_read(sync, linked, push, drain):
    sync.crm.edit("1", partner_tier="silver", country="France")
    for n in range(50):
        push({"propertyName": "partner_tier", "propertyValue": "silver", "occurredAt": n})
    drain()

    assert sync.crm.paths() == ["objects/companies/batch/read"]
    assert sync.values(linked) == {
        "name": "Brightpath",
        "tier": "silver",
        "phase": "active",
        "country": "France",
    }
    assert {state for _, state, _ in sync.events()} == {"done"}


def test_linking_reads_the_record_and_never_clears_what_the_crm_has_not(sync, brightpath, drain):
    with sync.inside():
        from workspaces.actors import SYSTEM
        from workspaces.properties import set_properties

        set_properties(brightpath, {"website": "https://b.example", "tier": "gold"}, by=SYSTEM)
    sync.crm.seed(companies={"7": {"name": "Brightpath SE", "partner_tier": ""}})
    sync.link(brightpath, "7")
    drain()

    assert sync.values(brightpath)["name"] == "Brightpath SE"
    assert sync.values(brightpath)["tier"] == "gold"
    assert sync.crm.company("7")["website"] == "https://b.example"
    assert not sync.crm.company("7").get("partner_tier")


def test_an_emptied_field_is_cleared(sync, linked, push, drain):
    sync.crm.edit("1", country="")
    push({"propertyName": "country", "propertyValue": ""})
    drain()

    assert "country" not in sync.values(linked)


def test_a_field_deleted_in_the_crm_clears_nothing_and_the_mapping_says_so(sync, linked, push, drain):
    del sync.crm.portal.properties["companies"]["country"]
    push({"propertyName": "country", "propertyValue": ""})
    drain()

    assert sync.values(linked)["country"] == "Belgium"
    with sync.inside():
        assert sync.connection.mappings.get(field="country").broken.startswith("This field no longer exists")


def test_a_value_that_the_portal_does_not_know_stays_out_with_the_reason(sync, linked, push, drain):
    tiers = sync.crm.portal.properties["companies"]["partner_tier"]["options"]
    tiers.append({"value": "diamond", "label": "Diamond", "hidden": False, "displayOrder": 9})
    sync.crm.edit("1", partner_tier="diamond", country="France")
    push({"propertyName": "partner_tier"}, {"propertyName": "country"})
    drain()

    assert sync.values(linked)["tier"] == "gold"
    assert sync.values(linked)["country"] == "France"
    assert sync.events() == [
        ("partner_tier", "skipped", "“diamond” is not one of the options."),
        ("country", "done", ""),
    ]


def test_an_old_copy_is_not_applied(sync, linked, push, drain):
    with sync.inside():
        ExternalRecord.objects.update(external_updated_at="2099-01-01T00:00Z")
    sync.crm.edit("1", partner_tier="silver")
    push({"propertyName": "partner_tier"})
    drain()

    assert sync.values(linked)["tier"] == "gold"
    assert sync.events() == [("partner_tier", "pending", "The CRM answered with an old copy.")]


def test_a_company_that_is_gone_changes_nothing(sync, linked, push, drain):
    sync.crm.portal.records["companies"].clear()
    push({"propertyName": "partner_tier"})
    drain()

    assert sync.values(linked)["tier"] == "gold"
    assert sync.events()[0][1:] == ("skipped", "This company does not exist in the CRM.")


def test_too_many_requests_rest_the_connection_and_nothing_is_lost(sync, linked, push, drain):
    sync.crm.edit("1", partner_tier="silver")
    sync.crm.fail(count=1, status=429, retry_after="30")
    push({"propertyName": "partner_tier"})
    drain()
    push({"propertyName": "name"})
    drain()

    assert len(sync.crm.paths()) == 1
    assert sync.values(linked)["tier"] == "gold"

    sync.make_due()
    drain()
    assert sync.values(linked)["tier"] == "silver"


def test_a_token_that_is_no_longer_accepted_stops_the_connection_and_keeps_the_events(
    sync, linked, push, drain
):
    sync.crm.standin.token = "another"
    try:
        push({"propertyName": "partner_tier"})
        drain()
    finally:
        sync.crm.standin.token = "pat-standin"

    with sync.inside():
        sync.connection.refresh_from_db()
        assert sync.connection.status == "needs_auth"
    assert [state for _, state, _ in sync.events()] == ["pending"]


def test_a_crash_after_the_read_leaves_everything_for_the_next_pass(sync, linked, push, drain, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(*args, **kwargs):
        raise Killed

    sync.crm.edit("1", partner_tier="silver")
    push({"propertyName": "partner_tier"})
    monkeypatch.setattr(merging, "set_properties", killed)
    with pytest.raises(Killed):
        run_everything()
    monkeypatch.undo()
    assert sync.values(linked)["tier"] == "gold"

    with sync.inside():
        ExternalRecord.objects.update(reading_until="2026-01-01T00:00Z")
    drain()

    assert sync.values(linked)["tier"] == "silver"
    assert sync.log(linked, "tier")[-1] == ("gold", "silver", "crm")
    assert len(sync.log(linked, "tier")) == 2


def test_an_event_that_always_fails_is_buried_and_the_others_go_on(
    sync, linked, kestrel, push, drain, monkeypatch
):
    sync.crm.seed(companies={"2": {"name": "Kestrel", "partner_tier": "gold"}})
    sync.link(kestrel, "2")
    whole = merging.set_properties

    def poisoned(record, values, *, by):
        if record.pk == linked.pk:
            raise RuntimeError("poison")
        return whole(record, values, by=by)

    monkeypatch.setattr(merging, "set_properties", poisoned)
    sync.crm.edit("1", partner_tier="silver")
    push({"propertyName": "partner_tier"})
    for _ in range(12):
        drain()
        sync.make_due()

    assert sync.events()[0][1] == "dead"
    assert sync.values(kestrel)["tier"] == "gold"


def test_a_claimed_record_is_not_claimed_again_until_the_lease_ends(sync, linked, push):
    push({"propertyName": "partner_tier"})
    with sync.inside():
        first = inbox.claim_records()
        push({"propertyName": "name"})
        second = inbox.claim_records()

    assert [link.external_id for link in first.links] == ["1"]
    assert second is None


def test_a_partner_of_another_workspace_is_out_of_reach(sync, globex, eve, push, drain, inside):
    """The same company id, linked in another workspace, is not touched by this connection's events."""
    with inside(globex):
        before = eve.partner.version
    push({"propertyName": "name", "objectId": 1})
    drain()

    with inside(globex):
        eve.partner.refresh_from_db()
        assert eve.partner.version == before
        assert InboxEvent.objects.count() == 0
    assert sync.events()[0][1] == "skipped"
