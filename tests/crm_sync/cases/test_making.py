"""What people make here is made in the CRM: once, found again by its key, and never in silence when it is refused."""

import pytest

from crm_sync.models import ExternalRecord, ImportRule, OutboxRecord
from portal.deals import attributed
from tests.crm_sync.cases.test_deals import Crm, other_crm  # noqa: F401  the two CRMs, with deals mapped
from workspaces.actors import SYSTEM, Actor
from workspaces.properties import create_contact, properties_of, save_property

KEYS = {"hubspot": "partner_portal_id", "salesforce": "Partner_Portal_Id__c"}


@pytest.fixture
def made(other, brightpath, mia, drain):
    """Makes a deal here, as Mia does, and lets it go to the CRM."""
    if other.provider == "salesforce":
        other.map("close_date")  # which Salesforce asks for
    with other.inside():
        rules = {"object_type": "deal", "creates": True, "key": KEYS[other.provider], "enabled": True}
        ImportRule.objects.create(connection=other.connection, **rules)

    def make(name="Alpenbank, new", *, stage="closed_won", work=True):
        with other.inside():
            values = {"name": name, "amount": {"amount": "900", "currency": "EUR"}, "stage": stage}
            values |= {"close_date": "2026-12-24"} if other.provider == "salesforce" else {}
            record = attributed.create("deal", values, partner=brightpath, by=Actor.of_member(mia))
        if work:
            drain()
        return record

    return make


def deals(other: Crm):
    if other.provider == "hubspot":
        return other.standin.portal.living("deals")
    return [row for row in other.standin.org.records["Opportunity"].values() if not row["IsDeleted"]]


def rows(other: Crm):
    with other.inside():
        return list(OutboxRecord.objects.values_list("state", "message"))


def test_a_deal_that_is_made_here_is_made_there_with_its_company_and_is_in_step_from_then_on(
    other,
    made,
    drain,
    brightpath,
):
    record = made()
    [there] = deals(other)
    external_id = there.id if other.provider == "hubspot" else there["Id"]
    with other.inside():
        link = ExternalRecord.objects.get(object_type="deal")
        assert (link.record.pk, link.external_id) == (record.pk, external_id)
    assert other.held(external_id, "name") == "Alpenbank, new"
    assert other.held(external_id, "stage") == other.stages["won"]
    company = other.companies[brightpath.pk]
    if other.provider == "hubspot":
        assert other.standin.portal.associations["deals", "companies"][external_id] == {company: True}
        assert there.properties["pipeline"] == "default"  # HubSpot wants it beside the stage
    else:
        assert there["AccountId"] == company

    other.tell(external_id, "creation", "associationChange")
    drain()
    assert [one.pk for one in other.ours()] == [record.pk]
    assert other.ours()[0].crm_id == external_id
    assert rows(other) == [("done", "")]


def test_a_deal_in_a_stage_that_is_not_there_begins_in_the_first_that_means_the_same(other, made):
    with other.inside():
        prop = properties_of("deal")["stage"]
        prop.options = [{"value": "idea", "label": "Only here"}, *prop.options]
        save_property(prop)
    record = made(stage="idea")

    [there] = deals(other)
    external_id = there.id if other.provider == "hubspot" else there["Id"]
    stages = ("appointmentscheduled", "Prospecting")
    assert other.held(external_id, "stage") == stages[other.provider == "salesforce"]
    assert (rows(other), other.ours()[0].pk, other.ours()[0].outcome) == ([("done", "")], record.pk, "open")
    assert other.ours()[0].stage != "idea"  # it follows the CRM, whose value is kept where both differ


def test_an_answer_that_got_lost_makes_no_second_one_although_its_webhook_came_first(other, made, drain):
    record = made(work=False)
    trouble = {"status": 504, "only": "upsert" if other.provider == "hubspot" else "composite/sobjects"}
    other.standin.fail(count=1, after_writing=True, **trouble)
    drain()
    [there] = deals(other)
    assert [state for state, _ in rows(other)] == ["pending"]

    other.tell(there.id if other.provider == "hubspot" else there["Id"], "creation")
    drain()
    with other.inside():
        OutboxRecord.objects.update(next_at="2026-01-01T00:00Z")
        other.again()
    drain()

    assert len(deals(other)) == 1
    assert [one.pk for one in other.ours()] == [record.pk]
    assert rows(other) == [("done", "")]


def test_a_deal_of_a_partner_that_is_in_no_crm_waits_with_words(other, made, drain, mia, acme):
    from tests.conftest import make_partner

    lonely = make_partner(acme, "Lonely")
    with other.inside():
        values = {"name": "Nowhere to go"}
        attributed.create("deal", values, partner=lonely, by=Actor.of_member(mia))
    drain()

    [(state, message)] = rows(other)
    assert state == "parked"
    assert message.startswith("Lonely is not linked to a company in")
    assert deals(other) == []


def test_what_comes_from_a_sync_or_a_rule_is_not_made_there(other, made, drain, brightpath):
    with other.inside():
        attributed.create("deal", {"name": "Planted"}, partner=brightpath, by=SYSTEM)
    drain()
    assert rows(other) == []


def test_a_colleague_whose_address_is_there_already_is_linked_and_not_made_twice(
    sync, people, linked, drain, mia, rule
):
    rule("contact", enabled=False, creates=True, key="partner_portal_id")
    sync.crm.seed(contacts={"9": {"email": "rita@example.com", "firstname": "Rita"}})
    with sync.inside():
        by = Actor.of_member(mia)
        rita = create_contact(linked, {"email": "Rita@example.com", "name": "Rita R"}, by=by)
        new = create_contact(linked, {"email": "new@example.com", "name": "New"}, by=by)
    drain()

    contacts = sync.crm.portal.living("contacts")
    assert sorted(c.properties["email"] for c in contacts) == ["new@example.com", "rita@example.com"]
    with sync.inside():
        links = dict(ExternalRecord.objects.exclude(contact=None).values_list("contact", "external_id"))
    made = next(c for c in contacts if c.properties["email"] == "new@example.com")
    assert links == {rita.pk: "9", new.pk: made.id}
    assert sync.crm.portal.associations["contacts", "companies"][made.id] == {"1": True}
