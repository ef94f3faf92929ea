"""From an edit in the portal to the value in the CRM, and what the page may say meanwhile."""

import pytest
from django.db import transaction

from crm_sync.connectors.hubspot.client import HubSpot
from crm_sync.models import Connection, ExternalRecord, OutboxChange
from crm_sync.outbound import departure
from workspaces.actors import Actor
from workspaces.jobs import HANDLERS, leave_work, run, run_everything
from workspaces.properties import set_properties


def test_an_edit_reaches_the_crm_and_the_page_can_follow_it(sync, linked, edit, drain):
    edit(linked, website="brightpath.example")

    assert sync.delivery(linked, "website") == ("on_its_way", "")
    drain()
    assert sync.crm.company("1")["website"] == "https://brightpath.example"
    assert sync.delivery(linked, "website") == ("in_crm", "")
    assert sync.changes() == [("website", "https://brightpath.example", "done")]


def test_a_rolled_back_edit_leaves_nothing_to_send(sync, linked, edit):
    with pytest.raises(RuntimeError), transaction.atomic():
        edit(linked, website="https://b.example")
        raise RuntimeError

    assert sync.changes() == []
    assert sync.delivery(linked, "website") is None


def test_three_edits_before_the_worker_are_one_write_of_the_last(sync, linked, edit, drain):
    for country in ("France", "Spain", "Italy"):
        edit(linked, country=country)
    drain()

    assert sync.crm.portal.writes == 1
    assert sync.crm.company("1")["country"] == "Italy"
    assert [state for _, _, state in sync.changes()] == ["superseded", "superseded", "done"]


def test_the_echo_of_our_own_write_changes_nothing(sync, linked, edit, drain, push):
    edit(linked, country="Italy")
    drain()
    with sync.inside():
        linked.refresh_from_db()
        version = linked.version

    push(
        {
            "propertyName": "country",
            "propertyValue": "Italy",
            "changeSource": "INTEGRATION",
            "sourceId": "7711",
        }
    )
    drain()

    assert sync.crm.portal.writes == 1
    assert len(sync.changes()) == 1
    with sync.inside():
        linked.refresh_from_db()
        assert linked.version == version


def test_a_workflow_that_rewrites_our_value_wins_without_ping_pong(sync, linked, edit, drain, push):
    edit(linked, country="italy")
    drain()
    sync.crm.edit("1", country="ITALY")
    push({"propertyName": "country", "changeSource": "INTEGRATION", "sourceId": "7711"})
    drain()

    assert sync.values(linked)["country"] == "ITALY"
    assert sync.crm.portal.writes == 1


def test_a_value_that_comes_from_the_crm_is_not_sent_back(sync, linked, push, drain):
    sync.crm.edit("1", country="France")
    push({"propertyName": "country"})
    drain()

    assert sync.changes() == []


def test_a_refused_value_is_shown_in_the_crms_words_and_the_others_arrive(sync, acme, linked, edit, drain):
    options = [{"value": "gold", "label": "Gold"}, {"value": "diamond", "label": "Diamond"}]
    sync.crm.portal.properties["companies"]["country"] |= {
        "type": "enumeration",
        "options": [o | {"hidden": False, "displayOrder": 0} for o in options],
    }
    edit(linked, country="Atlantis", website="https://b.example")
    drain()

    message = "Atlantis was not one of the allowed options: [gold, diamond]"
    assert sync.delivery(linked, "country") == ("refused", message)
    assert sync.delivery(linked, "website") == ("in_crm", "")
    assert sync.crm.company("1")["country"] == "Belgium"
    assert sync.values(linked)["country"] == "Atlantis"

    edit(linked, country="gold")
    drain()
    assert sync.delivery(linked, "country") == ("in_crm", "")
    assert [state for name, _, state in sync.changes() if name == "country"] == ["superseded", "done"]


def test_a_field_that_may_only_come_in_is_not_written(sync, linked, edit, drain):
    with sync.inside():
        set_properties(linked, {"tier": "silver"}, by=Actor("team", "x", "Ada"))
    drain()

    assert sync.changes() == []
    assert sync.crm.company("1")["partner_tier"] == "gold"


def test_too_many_requests_are_waited_out_and_the_value_goes_later(sync, linked, edit, drain):
    sync.crm.fail(count=1, status=429, retry_after="30")
    edit(linked, country="Italy")
    drain()
    drain()

    assert len(sync.crm.paths()) == 1
    assert sync.delivery(linked, "country") == ("on_its_way", "")
    with sync.inside():
        sync.connection.refresh_from_db()
        assert sync.connection.resting_until is not None

    sync.make_due()
    drain()
    assert sync.crm.company("1")["country"] == "Italy"
    assert sync.delivery(linked, "country") == ("in_crm", "")


def test_a_crash_between_the_write_and_its_note_writes_once(sync, linked, edit, drain, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(*args):
        raise Killed

    edit(linked, country="Italy")
    monkeypatch.setattr(departure, "note", killed)
    with pytest.raises(Killed):
        run_everything()
    monkeypatch.undo()
    assert sync.changes() == [("country", "Italy", "inflight")]

    with sync.inside():
        ExternalRecord.objects.update(writing_until="2026-01-01T00:00Z")
        leave_work("crm.outbox")
    drain()

    assert sync.crm.portal.writes == 1
    assert sync.changes() == [("country", "Italy", "done")]
    assert sync.delivery(linked, "country") == ("in_crm", "")


def test_a_change_in_the_crm_between_our_look_and_our_write_leaves_both_sides_equal(
    sync, linked, edit, drain, push, monkeypatch
):
    write = HubSpot.write

    def interrupted(client, object_type, writes):
        monkeypatch.undo()
        sync.crm.edit("1", country="France")
        push({"propertyName": "country"})
        with sync.inside():
            ExternalRecord.objects.update(reading_until=None)
        run(sync.workspace.pk, "crm.inbox")
        assert sync.values(linked)["country"] == "France"
        return write(client, object_type, writes)

    edit(linked, country="Italy")
    monkeypatch.setattr(HubSpot, "write", interrupted)
    drain()

    assert sync.values(linked)["country"] == sync.crm.company("1")["country"] == "France"


def test_an_answer_that_got_lost_is_found_done_at_the_next_try(sync, linked, edit, drain):
    sync.crm.fail(count=1, status=504, only="batch/update", after_writing=True)
    edit(linked, country="Italy")
    drain()
    assert sync.changes() == [("country", "Italy", "pending")]

    sync.make_due()
    drain()
    assert sync.changes() == [("country", "Italy", "done")]
    assert sync.crm.portal.writes == 1


def test_where_both_sides_changed_the_crm_wins_and_the_editor_is_told(sync, linked, edit, drain):
    sync.crm.edit("1", country="France")
    edit(linked, country="Italy")
    drain()

    assert sync.values(linked)["country"] == "France"
    assert sync.crm.company("1")["country"] == "France"
    assert sync.delivery(linked, "country") == (
        "refused",
        "HubSpot was changed at the same time. Its value was kept.",
    )
    assert sync.log(linked, "country")[-1] == ("Italy", "France", "crm")


def test_different_fields_changed_on_both_sides_both_survive(sync, linked, edit, drain, push):
    sync.crm.edit("1", partner_tier="silver")
    edit(linked, country="Italy")
    push({"propertyName": "partner_tier"})
    drain()

    assert sync.values(linked)["tier"] == "silver"
    assert sync.values(linked)["country"] == "Italy"
    assert sync.crm.company("1")["country"] == "Italy"


def test_an_emptied_value_is_emptied_in_the_crm(sync, linked, edit, drain):
    edit(linked, country="")
    drain()

    assert sync.crm.company("1")["country"] == ""
    assert sync.delivery(linked, "country") == ("in_crm", "")


def test_a_newer_edit_replaces_one_that_a_dead_worker_left_in_flight(sync, linked, edit, drain):
    edit(linked, country="France")
    with sync.inside():
        OutboxChange.objects.update(state="inflight")
    edit(linked, country="Italy")
    drain()

    assert sync.crm.company("1")["country"] == "Italy"
    assert sync.crm.portal.writes == 1


def test_a_paused_connection_keeps_edits_until_it_goes_on(sync, linked, edit, drain, ada):
    from crm_sync.connecting import accounts

    with sync.inside():
        accounts.pause(sync.connection, by=Actor.of_member(ada))
    edit(linked, country="Italy")
    drain()
    assert sync.delivery(linked, "country") == ("saved", "")
    assert sync.crm.portal.writes == 0

    with sync.inside():
        accounts.resume(sync.connection)
    drain()
    assert sync.crm.company("1")["country"] == "Italy"


def test_a_hundred_edited_partners_are_one_read_and_one_write(sync, acme, edit, drain):
    from tests.conftest import make_partner

    sync.crm.seed(companies={str(n): {"name": f"Firm {n}"} for n in range(100, 200)})
    partners = [make_partner(acme, f"Firm {n}") for n in range(100, 200)]
    for n, partner in enumerate(partners, 100):
        sync.link(partner, str(n))
    drain()
    sync.crm.calls.clear()
    for partner in partners:
        edit(partner, country="Italy")
    drain()

    assert sync.crm.paths() == ["objects/companies/batch/read", "objects/companies/batch/update"]
    assert {sync.crm.company(str(n))["country"] for n in range(100, 200)} == {"Italy"}


def test_an_account_that_was_let_go_is_told_nothing_and_nothing_piles_up(sync, linked, edit):
    with sync.inside():
        Connection.objects.update(status=Connection.Status.DISCONNECTED)
    edit(linked, country="Italy")

    assert sync.changes() == []


def test_notes_of_an_older_version_are_worked_off_while_it_is_being_replaced():
    for name in ("inbox", "outbox"):
        assert HANDLERS[f"hubspot.{name}"] is HANDLERS[f"crm.{name}"]
