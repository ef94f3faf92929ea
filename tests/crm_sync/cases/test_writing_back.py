"""§ Writing back: what a partner edits reaches the CRM once, and never wins where it must not."""

from datetime import datetime, timedelta

import pytest

from crm_sync.connectors.base import CrmField
from crm_sync.limits.budgets import Budget
from crm_sync.mapping import schema
from crm_sync.mapping.fields import map_field
from crm_sync.models import Conflict, Connection, FieldMapping, OutboxChange
from crm_sync.standins.hubspot.records import Rule
from workspaces.actors import Actor
from workspaces.jobs import run
from workspaces.properties import set_properties

MINUTE = timedelta(minutes=1)


def settle_the_policy(sync, policy, field="country"):
    with sync.inside():
        FieldMapping.objects.filter(field=field).update(policy=policy)


def edited_at(sync, record, key="country"):
    """The moment of our edit, by our clock."""
    with sync.inside():
        record.refresh_from_db()
        number = sync.connection.mappings.select_related("prop").get(prop__key=key).prop.number
        return datetime.fromisoformat(record.set_at[str(number)])


def conflicts(sync):
    with sync.inside():
        return [
            (c.mapping.field, c.theirs, c.ours, c.kept) for c in Conflict.objects.select_related("mapping")
        ]


def only(sync, queue):
    run(sync.workspace.pk, queue)


@pytest.mark.parametrize(
    ("policy", "crm_was", "kept"),
    [
        ("crm", "later", "crm"),
        ("crm", "earlier", "crm"),
        ("crm", "at the same time", "crm"),
        ("portal", "later", "portal"),
        ("portal", "earlier", "portal"),
        ("portal", "at the same time", "portal"),
        ("latest", "later", "crm"),
        ("latest", "earlier", "portal"),
        ("latest", "at the same time", "crm"),
    ],
)
def test_where_both_sides_changed_the_policy_decides_and_both_values_are_kept(
    sync, linked, edit, push, drain, policy, crm_was, kept
):
    settle_the_policy(sync, policy)
    edit(linked, country="Italy")
    away = {"later": MINUTE, "earlier": -MINUTE, "at the same time": timedelta(0)}[crm_was]
    at = edited_at(sync, linked) + away
    sync.crm.edit("1", country="France")
    push({"propertyName": "country", "occurredAt": round(at.timestamp() * 1000)})
    only(sync, "crm.inbox")
    drain()

    expected = {"crm": "France", "portal": "Italy"}[kept]
    assert sync.values(linked)["country"] == sync.crm.company("1")["country"] == expected
    assert conflicts(sync) == [("country", "France", "Italy", kept)]
    assert sync.crm.portal.writes == (kept == "portal")


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), timedelta(minutes=-10)])
@pytest.mark.parametrize(("away", "kept"), [(MINUTE, "France"), (-MINUTE, "Italy")])
def test_the_later_value_is_found_although_the_clocks_are_ten_minutes_apart(
    sync, linked, edit, push, drain, ahead, away, kept, monkeypatch
):
    monkeypatch.setattr(Budget, "_note_clock", lambda *args: None)  # the stand-in's clock is ours
    settle_the_policy(sync, "latest")
    with sync.inside():
        Connection.objects.update(clock_ahead=ahead.total_seconds())
    edit(linked, country="Italy")
    told = edited_at(sync, linked) + away + ahead
    sync.crm.edit("1", country="France")
    push({"propertyName": "country", "occurredAt": round(told.timestamp() * 1000)})
    only(sync, "crm.inbox")
    drain()

    assert sync.values(linked)["country"] == sync.crm.company("1")["country"] == kept


def test_the_value_that_is_kept_by_the_portal_goes_to_the_crm_although_its_webhook_never_came(
    sync, linked, edit, drain
):
    settle_the_policy(sync, "portal")
    sync.crm.edit("1", country="France")
    edit(linked, country="Italy")
    drain()

    assert sync.crm.company("1")["country"] == "Italy"
    assert conflicts(sync) == [("country", "France", "Italy", "portal")]
    assert sync.changes() == [("country", "Italy", "done")]


def test_a_write_that_a_dead_worker_never_noted_is_no_change_of_the_crms(sync, linked, edit, drain):
    """Its value is ours: the newer edit goes, and nobody is told of a conflict."""
    edit(linked, country="Italy")
    sync.crm.fail(count=1, status=504, only="batch/update", after_writing=True)
    drain()
    edit(linked, country="Spain")
    sync.make_due()
    drain()

    assert sync.values(linked)["country"] == sync.crm.company("1")["country"] == "Spain"
    assert conflicts(sync) == []


def test_a_workflow_that_rewrites_every_value_is_taken_in_and_never_answered(sync, linked, edit, push, drain):
    sync.crm.portal.rules.append(Rule("companies", "country", "{}!", times=20, by_app=True))
    edit(linked, country="Italy")
    drain()
    for _ in range(5):
        push({"propertyName": "country", "changeSource": "INTEGRATION", "sourceId": "7711"})
        drain()

    assert sync.crm.portal.writes == 1
    assert sync.values(linked)["country"] == sync.crm.company("1")["country"] == "Italy!"


def test_under_our_own_name_what_is_agreed_changes_nothing_and_anything_else_is_taken(
    sync, linked, edit, push, drain
):
    """Case 65: who wrote it is a hint, and the value counts."""
    ours = {"propertyName": "country", "changeSource": "INTEGRATION", "sourceId": "7711"}
    edit(linked, country="Italy")
    drain()
    before, writes = sync.log(linked, "country"), sync.crm.portal.writes
    push(ours | {"propertyValue": "Italy"})
    drain()
    assert (sync.log(linked, "country"), sync.crm.portal.writes) == (before, writes)
    assert sync.events()[-1][1] == "done"

    sync.crm.portal.change("companies", "1", {"country": "Spain"}, by_app=True)
    push(ours | {"propertyValue": "Spain"})
    drain()
    assert sync.log(linked, "country")[-1] == ("Italy", "Spain", "crm")
    assert sync.crm.portal.writes == writes + 1  # the workflow's, and none of ours


def test_two_systems_that_rewrite_each_other_are_stopped_and_a_person_is_asked(sync, linked, drain):
    """Another CRM's sync writes the same property, whatever ours answers."""
    other = Actor("crm", "another connection", "Salesforce")
    for n in range(12):
        with sync.inside():
            set_properties(linked, {"country": f"Italy {n}"}, by=other)
        drain()

    assert sync.crm.portal.writes == 5
    with sync.inside():
        [asked] = Conflict.objects.open()
    assert (asked.kind, asked.ours) == ("ping_pong", "Italy 5")
    assert sync.delivery(linked, "country")[0] == "refused"


def test_what_a_person_edits_again_and_again_is_not_two_systems(sync, linked, edit, drain):
    for n in range(6):
        edit(linked, country=f"Italy {n}")
        drain()
    with sync.inside():
        set_properties(linked, {"country": "France"}, by=Actor("crm", "another connection", "Salesforce"))
    drain()

    assert sync.crm.company("1")["country"] == "France"
    assert sync.delivery(linked, "country") == ("in_crm", "")
    with sync.inside():
        assert not Conflict.objects.exists()


def test_an_edit_by_a_person_goes_through_even_then(sync, linked, edit, drain):
    test_two_systems_that_rewrite_each_other_are_stopped_and_a_person_is_asked(sync, linked, drain)
    edit(linked, country="Spain")
    drain()

    assert sync.crm.company("1")["country"] == "Spain"


def test_empty_here_is_an_empty_string_there_and_absent_is_neither(sync, linked, edit, push, drain):
    edit(linked, country="")
    drain()
    assert sync.crm.company("1")["country"] == ""

    sync.crm.edit("1", country="Spain")
    push({"propertyName": "country"})
    drain()
    del sync.crm.portal.properties["companies"]["country"]
    edit(linked, website="https://b.example")
    push({"propertyName": "country"})
    drain()
    assert sync.values(linked)["country"] == "Spain"
    assert sync.crm.company("1")["website"] == "https://b.example"


def test_an_old_copy_is_no_base_for_a_write(sync, linked, edit, drain):
    edit(linked, country="Italy")
    drain()
    with sync.inside():
        sync.connection.records.update(external_updated_at="2099-01-01T00:00Z")
    edit(linked, country="Spain")
    drain()

    assert sync.crm.company("1")["country"] == "Italy"
    assert sync.changes()[-1] == ("country", "Spain", "pending")
    assert conflicts(sync) == []


@pytest.mark.parametrize(("policy", "kept"), [("crm", "France"), ("portal", "Italy"), ("latest", "Italy")])
def test_a_change_that_the_crm_hid_behind_an_old_copy_is_not_lost_to_our_write(
    sync, linked, edit, told, drain, policy, kept
):
    """HubSpot takes any write; its event comes after it, and names the value that was written over."""
    settle_the_policy(sync, policy)
    sync.crm.edit("1", country="France")
    edit(linked, country="Italy")
    sync.crm.standin.knobs.stale_reads = 2  # our look, and the one right before the write
    drain()
    assert sync.crm.company("1")["country"] == "Italy"

    told()
    drain()
    assert sync.values(linked)["country"] == sync.crm.company("1")["country"] == kept
    side = {
        "France": [("country", "France", "Italy", "crm")],
        "Italy": [("country", "France", "Italy", "portal")],
    }
    assert conflicts(sync) == (side[kept] if policy != "portal" else [])


def test_a_copy_that_is_older_than_what_was_told_is_looked_at_again(sync, linked, told, drain):
    sync.crm.edit("1", country="France")
    sync.crm.standin.knobs.stale_reads = 1
    told()
    drain()
    assert sync.values(linked)["country"] == "Belgium"
    sync.make_due()
    drain()
    assert sync.values(linked)["country"] == "France"


def test_a_field_that_became_read_only_only_comes_in_from_then_on(sync, linked, edit, drain):
    known = sync.crm.portal.properties["companies"]["country"]
    known["modificationMetadata"] = {"readOnlyValue": True, "readOnlyDefinition": True, "archivable": True}
    edit(linked, country="Italy")
    drain()

    assert sync.crm.company("1")["country"] == "Belgium"
    with sync.inside():
        sync.connection.refresh_from_db()
        fresh = [CrmField("country", "Country", "string", "text", read_only=True)]
        schema.learn(sync.connection, {"company": fresh})
        mapping = sync.connection.mappings.get(field="country")
    assert (mapping.direction, mapping.read_only) == ("in", True)
    assert sync.changes()[-1][2] == "superseded"


def test_a_read_only_field_cannot_be_mapped_to_be_written(sync):
    with sync.inside(), pytest.raises(ValueError, match="can only come in"):
        prop = sync.connection.mappings.get(field="country").prop
        field = CrmField("country", "Country", "string", "text", read_only=True)
        map_field(sync.connection, object_type="company", field=field, prop=prop, direction="out")


def test_a_record_that_asks_for_another_field_is_parked_with_that_fields_name_and_not_tried_again(
    sync, linked, edit, drain
):
    sync.crm.portal.needs.append({"property": "country", "is": "Italy", "needs": "industry"})
    edit(linked, country="Italy")
    drain()
    calls = len(sync.crm.calls)
    sync.make_due()
    drain()

    state, message = sync.delivery(linked, "country")
    assert state == "refused"
    assert "industry" in message
    assert len(sync.crm.calls) == calls
    with sync.inside():
        assert OutboxChange.objects.get().state == "parked"
