"""Deals and leads: whose they are, how far they have come and who works on them, as HubSpot and Salesforce say."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from crm_sync.agreement.refreshing import refresh
from crm_sync.connecting import providers
from crm_sync.inbound import linking
from crm_sync.mapping.fields import map_field, set_options
from crm_sync.models import CrmUser, ExternalRecord, ImportRule, InboxEvent, OutboxChange, ScanPosition
from crm_sync.models.queues import REFRESH
from crm_sync.standins.hubspot import lives
from portal.deals.models import AttributedRecord
from segments.viewer import viewer_of
from tests.crm_sync.cases.signed_in import by_salesforce_secret
from tests.crm_sync.conftest import connect
from workspaces import keys
from workspaces.actors import Actor
from workspaces.jobs import leave_work, run
from workspaces.models import Property
from workspaces.properties import define_properties, properties_of, set_properties
from workspaces.tenancy import workspace_transaction

HUBSPOT_FIELDS = {"name": "dealname", "stage": "dealstage", "amount": "amount", "owner": "hubspot_owner_id"}
SALESFORCE_FIELDS = {"name": "Name", "stage": "StageName", "amount": "Amount", "owner": "OwnerId"}
SALESFORCE_FIELDS |= {"close_date": "CloseDate"}
MIA = {"hubspot": "41629779", "salesforce": "0055f000000MIAAAA0"}


@dataclass
class Crm:
    """One of the two, and what its people do there, in the words of either."""

    provider: str
    workspace: Any
    connection: Any
    standin: Any
    companies: dict = field(default_factory=dict)
    stages: dict = field(default_factory=dict)

    def inside(self):
        return workspace_transaction(self.workspace)

    def company(self, partner):
        number = str(len(self.companies) + 1)
        if self.provider == "hubspot":
            self.standin.seed(companies={number: {"name": partner.name}})
        else:
            number = self.standin.place(Name=partner.name)
        with self.inside():
            linking.link(self.connection, partner, number)
        self.companies[partner.pk] = number
        return number

    def person(self, contact):
        if self.provider == "hubspot":
            self.standin.seed(contacts={"70": {"email": contact.email}})
            external_id = "70"
        else:
            external_id = self.standin.place("Contact", LastName=contact.name, Email=contact.email)
        with self.inside():
            linking.link(self.connection, contact, external_id)
            InboxEvent.objects.filter(object_type="contact").delete()
        return external_id

    def deal(self, partner=None, *, stage="proposal", people=(), **values):
        values = {"name": "Alpenbank renewal", "amount": "1200.5"} | values
        company = self.companies[partner.pk] if partner else ""
        if self.provider == "hubspot":
            spoken = {HUBSPOT_FIELDS[key]: value for key, value in values.items()}
            spoken |= {"dealstage": self.stages[stage], "pipeline": "default"}
            made = self.standin.portal.create("deals", spoken, by_app=False).id
            if company:
                self.standin.portal.associate("deals", made, "companies", company, primary=True)
            for person in people:
                self.standin.portal.associate("deals", made, "contacts", person)
            return made
        spoken = {SALESFORCE_FIELDS[key]: value for key, value in values.items()}
        spoken |= {
            "Amount": float(values["amount"]),
            "StageName": self.stages[stage],
            "CloseDate": "2026-12-24",
        }
        made = self.standin.place("Opportunity", **spoken, AccountId=company or None)
        for person in people:
            self.standin.place("OpportunityContactRole", OpportunityId=made, ContactId=person, IsPrimary=True)
        return made

    def edit(self, deal, **values):
        if self.provider == "hubspot":
            self.standin.edit(deal, "deals", **{HUBSPOT_FIELDS[key]: value for key, value in values.items()})
        else:
            self.standin.edit(deal, "Opportunity", **{SALESFORCE_FIELDS[k]: v for k, v in values.items()})

    def belongs_to(self, deal, partner):
        company = self.companies[partner.pk] if partner else None
        if self.provider == "salesforce":
            self.standin.edit(deal, "Opportunity", AccountId=company)
            return
        held = self.standin.portal.associations.get(("deals", "companies"), {}).get(deal, {})
        for other in list(held):
            lives.dissociate(self.standin.portal, "deals", deal, "companies", other)
        if company:
            lives.associate(self.standin.portal, "deals", deal, "companies", company, primary=True)

    def delete(self, deal):
        if self.provider == "hubspot":
            lives.archive(self.standin.portal, "deals", deal, by_app=False)
        else:
            self.standin.org.delete("Opportunity", deal)

    def undelete(self, deal):
        if self.provider == "hubspot":
            lives.restore(self.standin.portal, "deals", deal)
        else:
            self.standin.org.undelete("Opportunity", deal)

    def held(self, deal, key):
        if self.provider == "hubspot":
            return self.standin.portal.records["deals"][deal].properties.get(HUBSPOT_FIELDS[key])
        return self.standin.row(deal, "Opportunity")[SALESFORCE_FIELDS[key]]

    def tell(self, deal, *kinds):
        """As the CRM's own call: HubSpot says what happened, Salesforce that something did."""
        listed = kinds or ("propertyChange",)
        if self.provider == "salesforce":
            listed = ("change",)
        with self.inside():
            for kind in listed:
                InboxEvent.objects.create(
                    connection=self.connection,
                    fingerprint=keys.uuid7().hex,
                    kind=f"deal.{kind}" if self.provider == "hubspot" else f"object.{kind}",
                    object_type="deal",
                    external_id=deal,
                    property="dealstage" if kind == "propertyChange" else "",
                )
            leave_work("crm.inbox")

    def rule(self, **options):
        with self.inside():
            return ImportRule.objects.create(
                connection=self.connection, object_type="deal", **{"enabled": True} | options
            )

    def map(self, *keys, direction="both", level="deal"):
        fields = HUBSPOT_FIELDS if self.provider == "hubspot" else SALESFORCE_FIELDS
        known = {f.name: f for f in providers.connector_for(self.connection).fields(level)}
        with self.inside():
            for key in keys:
                prop = properties_of(level)[key]
                found = known[fields[key]]
                map_field(self.connection, object_type=level, field=found, prop=prop, direction=direction)

    def again(self):
        """As if every wait had passed."""
        InboxEvent.objects.filter(state="pending").update(next_at="2026-01-01T00:00Z")
        OutboxChange.objects.filter(state="pending").update(next_at="2026-01-01T00:00Z")
        leave_work("crm.inbox")
        leave_work("crm.outbox")

    def ours(self):
        with self.inside():
            return list(AttributedRecord.objects.select_related("partner", "distributor"))


@pytest.fixture(name="other", params=["hubspot", "salesforce"])
def other_crm(request, acme, settings, brightpath, kestrel, drain, mia, inside):
    """acme's connection to either CRM with deals mapped and Brightpath and Kestrel linked."""
    with inside(acme):
        mia.user.email = "mia.marsh@vendor.example"
        mia.user.save()
    settings.PUBLIC_URL = "https://portal.example.com"
    if request.param == "hubspot":
        standin = request.getfixturevalue("crm")
        settings.HUBSPOT_API_URL = standin.url
        made = Crm("hubspot", acme, connect(acme, standin), standin)
        made.stages = {"proposal": "qualifiedtobuy", "won": "closedwon", "lost": "closedlost"}
    else:
        standin = request.getfixturevalue("sf")
        settings.SALESFORCE_STANDIN_URL = standin.url
        made = Crm("salesforce", acme, by_salesforce_secret(acme, standin), standin)
        made.stages = {"proposal": "Proposal", "won": "Closed Won", "lost": "Closed Lost"}
    for partner in (brightpath, kestrel):
        made.company(partner)
    made.map("name", "stage", "amount", "owner")
    drain()
    return made


def test_a_deal_of_a_partner_comes_in_with_its_stage_owner_and_people_and_follows_them(
    other, drain, brightpath, kestrel, pat, mia
):
    other.rule()
    deal = other.deal(brightpath, owner=MIA[other.provider], people=[other.person(pat)], stage="proposal")
    stranger = other.deal(None, name="Nobody's")
    other.tell(deal, "creation", "propertyChange")
    other.tell(stranger, "creation")
    drain()

    [made] = other.ours()
    assert (made.name, made.partner, made.outcome) == ("Alpenbank renewal", brightpath, "open")
    assert (str(made.amount.normalize()), made.owner_id) == ("1200.5", mia.pk)
    assert (made.crm, made.crm_id) == (other.provider, deal)
    assert deal in made.crm_url
    with other.inside():
        assert [c.contact_id for c in made.collaborators.all()] == [pat.pk]

    other.edit(deal, stage=other.stages["won"])
    other.belongs_to(deal, kestrel)
    other.tell(deal, "propertyChange", "associationChange")
    drain()
    [made] = other.ours()
    assert (made.outcome, made.partner) == ("won", kestrel)
    with other.inside():
        assert not made.collaborators.exists()  # Pat is not of Kestrel


def test_without_a_partner_a_deal_is_put_aside_and_with_one_it_is_back(
    other, drain, brightpath, kestrel, ada
):
    other.rule()
    deal = other.deal(brightpath)
    other.tell(deal, "creation")
    drain()
    other.belongs_to(deal, None)
    other.tell(deal, "associationChange")
    drain()
    assert other.ours()[0].archived_at

    other.belongs_to(deal, kestrel)
    other.tell(deal, "associationChange")
    drain()
    [back] = other.ours()
    assert (back.archived_at, back.partner) == (None, kestrel)

    other.delete(deal)
    other.tell(deal, "deletion")
    drain()
    assert other.ours()[0].archived_at
    other.undelete(deal)
    other.tell(deal, "restore")
    drain()
    assert other.ours()[0].archived_at is None


def test_an_edit_goes_out_with_its_owner_and_stage_and_its_echo_changes_nothing(
    other, drain, brightpath, mia
):
    other.rule()
    deal = other.deal(brightpath)
    other.tell(deal, "creation")
    drain()
    [ours] = other.ours()
    with other.inside():
        won = next(o["value"] for o in properties_of("deal")["stage"].options if o.get("outcome") == "won")
        by = Actor.of_member(mia)
        set_properties(ours, {"stage": won, "owner": str(mia.pk), "name": "Alpenbank, larger"}, by=by)
    drain()
    assert other.held(deal, "stage") == other.stages["won"]
    assert other.held(deal, "owner") == MIA[other.provider]
    assert other.held(deal, "name") == "Alpenbank, larger"

    other.tell(deal, "propertyChange")
    drain()
    with other.inside():
        assert not OutboxChange.objects.exclude(state="done").exists()
    assert other.ours()[0].outcome == "won"


def test_who_is_nobody_of_the_team_takes_no_colleagues_place_and_can_be_chosen(other, drain, brightpath, ada):
    other.rule()
    noor = "41629780" if other.provider == "hubspot" else "0055f000000NOORAA0"
    if other.provider == "salesforce":
        user = {"Id": noor, "Name": "Noor Haddad", "Email": "noor.haddad@vendor.example", "IsActive": True}
        other.standin.org.place("User", user)
        with other.inside():
            other.connection.__class__.objects.update(fields_read_at=None)
            leave_work("crm.schema")
        drain()
    deal = other.deal(brightpath, owner=noor)
    other.tell(deal, "creation")
    drain()
    assert other.ours()[0].owner_id is None
    assert other.held(deal, "owner") == noor

    with other.inside():
        from crm_sync.mapping import people
        from crm_sync.mapping.fields import meet_again

        people.choose(CrmUser.objects.get(external_id=noor), ada, by=ada)
        for mapping in people.mappings_of_people(other.connection):
            meet_again(mapping)
    drain()
    assert other.ours()[0].owner_id == ada.pk


def test_who_owns_the_company_looks_after_the_partner(other, drain, brightpath, kestrel, mia):
    """Where a property says who that is; what it held before counts, too."""
    field = HUBSPOT_FIELDS["owner"] if other.provider == "hubspot" else SALESFORCE_FIELDS["owner"]
    kind = "companies" if other.provider == "hubspot" else "Account"
    found = {f.name: f for f in providers.connector_for(other.connection).fields("company")}[field]
    with other.inside():
        [prop] = define_properties(
            [{"level": "partner", "key": "manager", "label": "Partner manager", "type": "user"}]
        )
        set_properties(kestrel, {"manager": str(mia.pk)}, by=Actor.of_member(mia))
        other.connection.refresh_from_db()
        map_field(other.connection, object_type="company", field=found, prop=prop, direction="in")
        kestrel.refresh_from_db()
        assert kestrel.owner_id == mia.pk
    other.standin.edit(other.companies[brightpath.pk], kind, **{field: MIA[other.provider]})
    with other.inside():
        refresh(other.connection.records.all())
    drain()
    with other.inside():
        brightpath.refresh_from_db()
        assert brightpath.owner_id == mia.pk
        set_properties(brightpath, {"manager": None}, by=Actor.of_member(mia))
        brightpath.refresh_from_db()
    assert brightpath.owner_id is None


def test_a_sweep_brings_in_what_was_not_told_and_finds_who_sells_it_now(
    other, drain, brightpath, kestrel, pat
):
    other.rule()
    deal = other.deal(brightpath, people=[other.person(pat)])
    second = other.deal(brightpath, name="Together with the first")
    with other.inside():
        leave_work("crm.sweeps")
    run(other.workspace.pk, "crm.sweeps")
    came = {made.crm_id: made for made in other.ours()}
    assert {i: (made.partner, made.outcome) for i, made in came.items()} == dict.fromkeys(
        (deal, second), (brightpath, "open")
    )
    with other.inside():
        assert [one.contact_id for one in came[deal].collaborators.all()] == [pat.pk]
        assert not came[second].collaborators.exists()

    other.belongs_to(deal, kestrel)
    other.edit(deal, name="Alpenbank, moved")
    with other.inside():
        ScanPosition.objects.filter(feed="sweep").update(next_at="2026-01-01T00:00Z")
        leave_work("crm.sweeps")
    run(other.workspace.pk, "crm.sweeps")
    found = {made.crm_id: (made.partner, made.name) for made in other.ours()}
    assert found == {
        deal: (kestrel, "Alpenbank, moved"),
        second: (brightpath, "Together with the first"),
    }


def test_the_way_that_says_who_sells_and_who_stands_between(other, drain, brightpath, kestrel, sam):
    by_label = other.provider == "hubspot"
    ways = (
        ("association:Partner", "association:Distributor") if by_label else ("Partner__c", "Distributor__c")
    )
    other.rule(partner_by=ways[0], distributor_by=ways[1])
    deal = other.deal(None)
    if by_label:
        for partner, label in ((brightpath, "Partner"), (kestrel, "Distributor")):
            company = other.companies[partner.pk]
            other.standin.portal.associate("deals", deal, "companies", company)
            other.standin.portal.labels["deals", deal, company] = [label]
    else:
        given = {"Partner__c": other.companies[brightpath.pk], "Distributor__c": other.companies[kestrel.pk]}
        other.standin.edit(deal, "Opportunity", **given)
    other.tell(deal, "creation")
    drain()

    [made] = other.ours()
    assert (made.partner, made.distributor) == (brightpath, kestrel)


def test_who_is_restricted_finds_a_deal_of_the_crms_only_if_they_are_on_it(
    other, drain, brightpath, pat, acme, inside
):
    with inside(acme):
        acme.collaboration_restricted = True
        acme.save()
    other.rule()
    person = other.person(pat)
    mine, theirs = other.deal(brightpath, people=[person]), other.deal(brightpath, name="Not Pat's")
    for deal in (mine, theirs):
        other.tell(deal, "creation")
    drain()
    with inside(acme):
        found = AttributedRecord.objects.visible_to(viewer_of(pat))
        assert [record.crm_id for record in found] == [mine]


def test_options_that_differ_are_matched_and_a_new_match_is_met_again(other, drain, brightpath):
    other.rule()
    deal = other.deal(brightpath, stage="won")
    other.tell(deal, "creation")
    drain()
    with other.inside():
        mapping = other.connection.mappings.select_related("prop", "connection").get(prop__key="stage")
        assert mapping.options[other.stages["won"]] == "closed_won"  # they are called the same
        assert Property.objects.get(pk=mapping.prop_id).option_label("closed_won") == "Closed won"
        set_options(mapping, mapping.options | {other.stages["won"]: "negotiation"}, by="Ada")
        assert InboxEvent.objects.filter(kind=REFRESH, state="pending", object_type="deal").count() == 1
    drain()

    [made] = other.ours()
    assert made.stage == "negotiation"
    assert other.held(deal, "stage") == other.stages["won"]


def test_links_of_deals_are_of_deals(other, drain, brightpath):
    other.rule()
    other.tell(other.deal(brightpath), "creation")
    drain()
    with other.inside():
        link = ExternalRecord.objects.get(object_type="deal")
        assert (link.state, link.record, link.partner, link.contact) == (
            "linked",
            other.ours()[0],
            None,
            None,
        )
