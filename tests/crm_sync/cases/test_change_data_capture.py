"""Cases 64 and 65: Salesforce tells of its changes on a line that we keep open, over gRPC as it speaks it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from crm_sync.connecting import providers
from crm_sync.inbound import linking
from crm_sync.mapping.fields import map_field
from crm_sync.models import (
    AuditEntry,
    ChangeStream,
    Connection,
    ExternalRecord,
    InboxEvent,
    ScanPosition,
    SyncJob,
)
from crm_sync.streams import keeping, leases
from crm_sync.streams.line import Line
from portal.deals import attributed
from tests.crm_sync.cases.test_salesforce import Org
from workspaces.actors import Actor
from workspaces.jobs import leave_work, run
from workspaces.keys import uuid7
from workspaces.properties import properties_of, set_properties
from workspaces.tenancy import workspace_transaction


class Heard(Org):
    """The connection of test_salesforce.py, with a line that is listened to here and not in a thread."""

    def __init__(self, workspace, sf, partner):
        super().__init__(workspace, sf, partner)
        with workspace_transaction(workspace):
            self.stream = ChangeStream.objects.create(connection=self.connection)
        self.tenure = leases.Tenure(workspace.pk, self.stream.pk, uuid7())
        assert leases.take(self.tenure)
        self.line = Line(self.tenure)

    def hear(self, times=1):
        """What there is to hear; the stand-in ends the line when all is told."""
        self.sf.bus.knobs.end_when_idle = True
        for _ in range(times):
            self.line.attempt()
        return self.now()

    def now(self):
        with workspace_transaction(self.workspace):
            return ChangeStream.objects.get()

    def told(self):
        """(property or kind, state, reason) of what was stored."""
        with workspace_transaction(self.workspace):
            rows = InboxEvent.objects.exclude(kind="portal.refresh").order_by("received_at", "pk")
            return [(e.property or e.kind, e.state, e.reason) for e in rows]

    def looks(self):
        with workspace_transaction(self.workspace):
            return list(SyncJob.objects.values_list("kind", "object_type", "started_by"))


@pytest.fixture
def org(acme, sf, settings, brightpath, drain):
    settings.SALESFORCE_STANDIN_URL, settings.SALESFORCE_STANDIN_EVENTS = sf.url, sf.events
    made = Heard(acme, sf, brightpath)
    drain()
    made.hear()  # from now on
    sf.calls.clear()
    return made


def test_64_what_changed_is_read_again_what_was_emptied_is_cleared_and_the_rest_untouched(org, drain):
    org.sf.edit(org.account, Industry="silver", BillingCountry=None, Phone="1")

    org.hear()
    assert org.told() == [("Industry", "pending", ""), ("BillingCountry", "pending", "")]
    drain()

    # The event holds every field, all but three of them empty.
    assert (org.value("tier"), org.value("country"), org.value("name")) == ("silver", None, "Brightpath")


def test_64_the_place_is_stored_with_the_events_or_neither_is(org, monkeypatch):
    before = org.now()
    org.sf.edit(org.account, Industry="silver")
    with monkeypatch.context() as patched:
        patched.setattr(keeping, "leave_work", lambda queue: 1 / 0)  # the last step of storing
        org.hear()
    assert (org.told(), org.now().place) == ([], before.place)
    assert "log" in org.now().message

    kept = org.hear()
    org.sf.edit(org.account, Industry="gold")
    org.hear()

    assert (org.sf.bus.lines[-1]["preset"], org.sf.bus.lines[-1]["place"]) == (
        "CUSTOM",
        bytes(kept.place).hex(),
    )
    assert (kept.message, [name for name, *_ in org.told()]) == ("", ["Industry", "Industry"])


def test_64_events_come_in_portions_and_again_but_are_stored_once(org):
    org.sf.bus.knobs.together, org.sf.bus.knobs.duplicate = 40, True
    asked = org.sf.bus.schemas_asked
    for _ in range(125):
        org.sf.bus.publish("Account", [org.account], "UPDATE", ["Industry"])
    org.hear()  # 250, so that more than two portions have to be asked for
    with workspace_transaction(org.workspace):
        ChangeStream.objects.update(place=None, from_earliest=True)
    org.hear()

    assert org.sf.bus.lines[-1]["preset"] == "EARLIEST"
    assert org.told() == [("Industry", "pending", "")] * 125
    assert org.sf.bus.schemas_asked == asked + 1


def test_64_a_contact_that_changes_its_account_comes_to_that_partner(org, pat, kestrel, drain):
    person = org.sf.place("Contact", LastName="Pat", Email="pat@example.com", AccountId=org.account)
    other = org.sf.place(Name="Kestrel")
    fields = {f.name: f for f in providers.connector_for(org.connection).fields("contact")}
    with workspace_transaction(org.workspace):
        prop = properties_of("contact")["email"]
        map_field(org.connection, object_type="contact", field=fields["Email"], prop=prop, direction="in")
        linking.link(org.connection, kestrel, other)
        linking.link(org.connection, pat, person)
    drain()
    assert pat.partner_id == org.partner.pk

    org.sf.edit(person, "Contact", AccountId=other)
    org.hear()
    assert [name for name, state, _ in org.told() if state == "pending"] == ["object.associationChange"]
    drain()
    with workspace_transaction(org.workspace):
        pat.refresh_from_db()
    assert pat.partner_id == kestrel.pk

    org.sf.edit(person, "Contact", AccountId=None)
    org.hear()
    drain()
    with workspace_transaction(org.workspace):
        pat.refresh_from_db()
    assert (pat.partner_id, pat.status) == (kestrel.pk, "suspended")


def test_64_who_comes_to_work_on_an_opportunity_collaborates(org, pat, drain):
    person = org.sf.place("Contact", LastName="Pat", Email="pat@example.com", AccountId=org.account)
    told = {"Name": "Alpenbank", "StageName": "Proposal", "CloseDate": "2026-12-24"}
    deal = org.sf.place("Opportunity", AccountId=org.account, **told)
    fields = {f.name: f for f in providers.connector_for(org.connection).fields("deal")}
    with workspace_transaction(org.workspace):
        prop = properties_of("deal")["name"]
        map_field(org.connection, object_type="deal", field=fields["Name"], prop=prop, direction="in")
        ours = attributed.create(
            "deal", {"name": "Alpenbank"}, partner=org.partner, by=Actor("team", "", "Ada")
        )
        linking.link(org.connection, pat, person)
        linking.link(org.connection, ours, deal)
    drain()

    role = org.sf.place("OpportunityContactRole", OpportunityId=deal, ContactId=person, IsPrimary=True)
    for happening in ("CREATE", "UPDATE"):  # of which the second one does not say whose it is
        org.sf.bus.publish("OpportunityContactRole", [role], happening, ["IsPrimary"])
    org.hear()
    assert [told for told in org.told() if told[1] == "pending"] == [
        ("object.associationChange", "pending", "")
    ]
    drain()
    with workspace_transaction(org.workspace):
        assert [one.contact_id for one in ours.collaborators.all()] == [pat.pk]


def test_64_a_line_that_is_silent_is_told_to_admins_once_until_it_is_heard(
    org, ada, django_capture_on_commit_callbacks
):
    def sweep():
        with workspace_transaction(org.workspace):
            leave_work("crm.sweeps")
        with django_capture_on_commit_callbacks(execute=True):
            run(org.workspace.pk, "crm.sweeps")
        return [sent.subject for sent in mail.outbox]

    assert sweep() == []
    hour = timezone.now() - timedelta(hours=1)
    with workspace_transaction(org.workspace):
        ChangeStream.objects.update(heard_at=hour, switched_at=hour, message="Salesforce was not reached.")
    assert sweep() == sweep() == ["Change Data Capture of Salesforce is silent in Acme's portal"]
    assert "Salesforce was not reached." in mail.outbox[0].body

    assert org.hear().told_at is None
    with workspace_transaction(org.workspace):
        ChangeStream.objects.update(heard_at=hour)
    assert len(sweep()) == 2


def test_64_deleted_restored_and_new_records_are_followed_also_several_in_one_event(org, drain):
    def state():
        with workspace_transaction(org.workspace):
            return ExternalRecord.objects.get(partner=org.partner).state

    stranger = org.sf.org.create("Account", {"Name": "Stranger"}, by_app=False)["Id"]
    org.sf.bus.knobs.lost = True
    org.sf.org.delete("Account", org.account)
    org.sf.bus.publish("Account", [stranger, org.account, org.account[:15]], "DELETE")
    org.hear()
    drain()
    gone = state()
    org.sf.org.undelete("Account", org.account)
    org.sf.edit(org.account, Industry="silver")
    for happening in ("UNDELETE", "GAP_UPDATE"):  # of which the second one holds nothing but the id
        org.sf.bus.publish("Account", [org.account], happening)
    org.hear()
    drain()

    assert (gone, state(), org.value("tier")) == ("archived", "linked", "silver")
    # Nobody is linked to the stranger, and no rule lets it in.
    assert [name for name, *_ in org.told()] == ["object.deletion", "object.restore", "object.change"]


def test_64_what_cannot_be_told_in_events_is_compared_or_read_as_a_whole(org):
    compared = [("compare", "company", "Change Data Capture")]
    with workspace_transaction(org.workspace):
        ScanPosition.objects.create(
            connection=org.connection,
            object_type="company",
            feed="sweep",
            next_at=timezone.now() + timedelta(1),
        )
    org.sf.bus.publish("Account", [], "GAP_OVERFLOW")
    org.sf.bus.publish("Contact", [], "GAP_OVERFLOW")  # nothing of contacts is mapped
    org.hear()
    assert org.looks() == compared
    with workspace_transaction(org.workspace):
        assert ScanPosition.objects.get().next_at <= timezone.now()
        SyncJob.objects.all().delete()

    org.sf.bus.publish("Account", [org.account], "UPDATE", ["Industry"])
    unreadable = replace(org.sf.bus.stored.pop(), payload=b"\xff")
    org.sf.bus.stored.append(unreadable)
    org.sf.bus.publish("Account", ["001*"], "UPDATE", ["Industry"])  # a field of all accounts was converted
    org.hear()

    assert (org.looks(), org.told()) == (compared, [])
    with workspace_transaction(org.workspace):
        asked = InboxEvent.objects.filter(kind="portal.refresh", state="pending")
        assert list(asked.values_list("external_id", flat=True)) == [org.account]
        assert Connection.objects.get().fields_read_at is None
        assert AuditEntry.objects.filter(action="stream").count() == 3


def test_64_a_lost_place_begins_at_the_earliest_compares_and_is_told(org):
    org.sf.edit(org.account, Industry="silver")
    org.sf.bus.forget_places()

    after = org.hear(times=2)

    assert [line["preset"] for line in org.sf.bus.lines[-2:]] == ["CUSTOM", "EARLIEST"]
    assert org.looks() == [("compare", "company", "Change Data Capture")]
    assert org.told() == [("Industry", "pending", "")]
    assert (after.lost_at is not None, after.from_earliest, after.message) == (True, False, "")
    with workspace_transaction(org.workspace):
        assert "no longer knew how far" in AuditEntry.objects.get(action="stream").message


def test_64_signs_of_life_new_fields_and_broken_lines(org):
    before = org.now()
    org.sf.bus.knobs.withheld = True
    org.sf.bus.publish("Lead", [], "GAP_OVERFLOW")  # others of the organisation are told of something else
    quiet = org.hear()
    assert (quiet.place != before.place, quiet.heard_at > before.heard_at, quiet.event_at) == (
        True,
        True,
        None,
    )

    org.sf.bus.knobs.withheld = False
    fields = org.sf.org.fields["Account"]
    org.sf.edit(org.account, Industry="silver")
    org.sf.org.fields["Account"] = {"First__c": fields["Website"] | {"name": "First__c"}} | fields
    org.sf.edit(org.account, Industry="gold")  # by now at another place in the schema
    org.sf.bus.knobs.together = org.sf.bus.knobs.break_after = 1
    states = [org.hear() for _ in range(2)]

    assert [name for name, *_ in org.told()] == ["Industry", "Industry"]
    assert {s.message for s in states} == {"Salesforce's event bus could not be reached."}
    assert (states[-1].tries, states[-1].next_at > timezone.now()) == (1, True)


def test_64_an_expired_token_is_renewed_once_and_what_is_refused_for_good_says_why(org):
    oauth = org.sf.standin.oauth
    oauth.access.clear()
    org.sf.edit(org.account, Industry="silver")
    org.hear(times=2)
    assert (org.told(), oauth.refreshes) == ([("Industry", "pending", "")], 1)

    with workspace_transaction(org.workspace):
        ChangeStream.objects.update(channel="/data/OrderChangeEvent")
    refused = org.hear()
    assert "selected under Setup, Change Data Capture" in refused.message

    oauth.lifetime = -1
    oauth.access.clear()
    refused = org.hear(times=2)
    assert (oauth.refreshes, refused.listening_since) == (2, None)
    assert "no longer accepts our sign-in" in refused.message


def test_64_of_two_listeners_one_listens_and_the_other_one_takes_over(org, acme, globex):
    other = leases.Tenure(acme.pk, org.stream.pk, uuid7())
    assert (leases.free_streams(other.listener), leases.take(other)) == ([], False)
    with workspace_transaction(acme):
        ChangeStream.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert (leases.free_streams(other.listener), leases.take(other)) == ([other], True)

    org.sf.edit(org.account, Industry="silver")
    org.hear()  # the first one has not noticed yet

    assert (org.told(), org.line.stopping.is_set()) == ([], True)
    assert (leases.renew(org.tenure, is_open=True), leases.renew(other, is_open=True)) == (False, True)
    with pytest.raises(leases.Lost):  # nor can somebody from another workspace, whatever it knows
        keeping.keep(replace(other, workspace_id=globex.pk), [], b"elsewhere")
    for change in ({"status": "needs_auth"}, {"status": "disconnected"}):
        with workspace_transaction(acme):
            Connection.objects.update(**change)
        assert not leases.renew(other, is_open=True)


def test_65_our_own_write_is_skipped_without_a_call_and_another_value_under_our_name_applied(org, ada, drain):
    with workspace_transaction(org.workspace):
        set_properties(org.partner, {"country": "Italy"}, by=Actor.of_member(ada))
    drain()
    org.sf.calls.clear()
    org.hear()
    drain()
    ours = ("BillingCountry", "skipped", "The portal's own write, coming back as it was agreed on.")
    assert (org.told(), list(org.sf.calls)) == ([ours], [])

    org.sf.org.change("Account", org.account, {"BillingCountry": "ITALY"}, by_app=True)
    org.hear()
    drain()

    assert [state for _, state, _ in org.told()] == ["skipped", "done"]
    assert org.value("country") == "ITALY"
