"""Deals and leads as records with properties: one way in, columns that follow, partners that see them."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.deals import attributed, collaborators
from portal.deals.models import AttributedRecord, Collaborator
from segments import editing as segments
from segments.models import PartnerState
from segments.rules.tree import new_tree
from tests.conftest import make_contact, make_member
from workspaces.actors import SYSTEM, Actor
from workspaces.models import PropertyChange
from workspaces.options import save_options
from workspaces.properties import (
    Edit,
    PropertyErrors,
    define_properties,
    properties_of,
    set_many,
    set_properties,
)

CRM = Actor("crm", "1", "HubSpot")


@pytest.fixture
def stored(inside):
    def look(record):
        with inside(record.workspace_id):
            return AttributedRecord.objects.get(pk=record.pk)

    return look


def test_a_new_deal_is_in_the_first_stage_and_its_columns_say_what_its_properties_say(
    acme, brightpath, make_deal, euros, stored, inside
):
    ada = make_member(acme, "ada", "admin")
    deal = stored(make_deal(brightpath, amount=euros("1200.50"), close_date="2026-12-01", owner=str(ada.pk)))
    assert (deal.name, deal.stage, deal.outcome, deal.closed_at) == (
        "Alpenbank renewal",
        "qualification",
        "open",
        None,
    )
    assert (deal.amount, deal.currency, deal.close_date) == (
        Decimal("1200.50"),
        "EUR",
        dt.date(2026, 12, 1),
    )
    assert deal.owner_id == ada.pk
    with inside(acme):
        set_properties(deal, {"amount": None, "close_date": "", "owner": None, "stage": "closed_won"}, by=CRM)
    deal = stored(deal)
    assert (deal.amount, deal.currency, deal.close_date, deal.owner_id) == (None, "", None, None)
    assert (deal.outcome, deal.closed_at is not None) == ("won", True)
    with inside(acme):
        set_properties(deal, {"stage": "proposal"}, by=CRM)
        log = PropertyChange.objects.filter(record_id=deal.pk, prop__key="stage").order_by("at")
        assert [(c.old, c.new, c.actor_label) for c in log][1:] == [
            ("qualification", "closed_won", "HubSpot"),
            ("closed_won", "proposal", "HubSpot"),
        ]
    deal = stored(deal)
    assert (deal.outcome, deal.closed_at) == ("open", None)


def test_what_was_loaded_before_does_not_undo_what_others_wrote_since(
    acme, brightpath, make_deal, stored, inside
):
    deal = make_deal(brightpath)
    old = stored(deal)
    with inside(acme):
        set_properties(deal, {"name": "Renewal", "stage": "closed_lost"}, by=SYSTEM)
        set_properties(old, {"customer": "Alpenbank"}, by=SYSTEM)
    deal = stored(deal)
    assert (deal.name, deal.stage, deal.outcome, deal.version) == ("Renewal", "closed_lost", "lost", 3)


def test_a_deal_needs_a_name_and_a_stage_that_exists(acme, brightpath, make_deal, inside):
    with pytest.raises(PropertyErrors, match="Deal name is needed"):
        make_deal(brightpath, name="")
    with pytest.raises(PropertyErrors, match="not one of the options"):
        make_deal(brightpath, stage="dreaming")
    with inside(acme):
        assert not AttributedRecord.objects.exists()


def test_leads_have_stages_and_properties_of_their_own(acme, brightpath, make_deal, inside):
    with inside(acme):
        define_properties([{"level": "lead", "key": "campaign", "label": "Campaign", "type": "text"}])
    lead = make_deal(brightpath, "Lena Graf", level="lead", campaign="Winter", stage="qualified")
    assert (lead.outcome, lead.stage) == ("won", "qualified")
    with pytest.raises(PropertyErrors, match="no such property"):
        make_deal(brightpath, campaign="Winter")


def test_a_stage_that_comes_to_mean_won_closes_what_is_in_it(acme, brightpath, make_deal, stored, inside):
    deal, other = make_deal(brightpath, stage="negotiation"), make_deal(brightpath, stage="proposal")
    with inside(acme):
        prop = properties_of("deal")["stage"]
        prop.options = [
            {**option, "outcome": "won"} if option["value"] == "negotiation" else option
            for option in prop.options
        ]
        rows = [{"value": o["value"], "label": o["label"]} for o in prop.options]
        prop.save()
        save_options(prop, rows, by=SYSTEM)
    assert (stored(deal).outcome, stored(deal).closed_at is not None) == ("won", True)
    assert stored(other).outcome == "open"


def test_many_come_in_at_once(acme, brightpath, kestrel, inside, django_assert_num_queries):
    def make(count):
        return attributed.create_many(
            [
                attributed.Coming("deal", {"name": f"Deal {n}"}, (brightpath, kestrel)[n % 2])
                for n in range(count)
            ],
            by=CRM,
        )

    with inside(acme):
        make(2)
        with CaptureQueriesContext(connection) as few:
            make(2)
        with CaptureQueriesContext(connection) as many:
            made = make(30)
        assert len(many) == len(few)
        set_many([Edit(one, {"customer": "Kanton Zug"}) for one in made], by=CRM)
        assert AttributedRecord.objects.filter(partner=kestrel).count() == 17


def test_attributed_elsewhere_it_leaves_with_its_collaborators(
    acme, brightpath, kestrel, pat, sam, make_deal, stored, inside
):
    deal = make_deal(brightpath, people=[pat])
    with inside(acme):
        attributed.attribute(deal, partner=kestrel, distributor=brightpath, by=CRM)
        collaborators.add(deal, sam, by=CRM)
    assert (stored(deal).partner_id, stored(deal).distributor_id) == (kestrel.pk, brightpath.pk)
    with inside(acme):
        # From the distributor to the partner and back, in one step each.
        attributed.attribute(deal, partner=brightpath, distributor=kestrel, by=CRM)
        attributed.attribute(deal, partner=kestrel, by=CRM)
        assert [one.contact for one in collaborators.of(deal)] == [sam]


def test_the_crm_takes_off_whom_it_named_and_nobody_else(acme, brightpath, pat, sam, make_deal, inside):
    rita = make_contact(acme, "rita", brightpath)
    deal = make_deal(brightpath, people=[pat])
    with inside(acme):
        collaborators.set_from_crm(deal, [rita, sam], by=CRM)
        assert {one.contact for one in collaborators.of(deal)} == {pat, rita}  # Sam is of another partner
        assert not collaborators.remove(deal, rita)
        collaborators.set_from_crm(deal, [], by=CRM)
        assert list(Collaborator.objects.values_list("contact", flat=True)) == [pat.pk]


def test_segments_follow_deals_at_once(acme, brightpath, kestrel, make_deal, euros, inside):
    with inside(acme):
        amount = properties_of("deal")["amount"].number
        where = {
            "op": "all",
            "items": [
                {"p": amount, "of": "self", "op": "gte", "v": {"a": 50000, "c": "EUR"}},
                {"p": "_outcome", "of": "self", "op": "is_any_of", "v": ["won"]},
            ],
        }
        tree = new_tree("partner", {"p": "records:deals", "of": "self", "op": "any", "where": where})
        segment = segments.create(level="partner", kind="dynamic", name="Big winners", tree=tree, by=SYSTEM)

    def members():
        with inside(acme):
            segment.refresh_from_db()
            states = PartnerState.objects.filter(builds__contains=[segment.live_build])
            return set(states.values_list("partner", flat=True))

    deal = make_deal(brightpath, amount=euros(60000))
    make_deal(brightpath, level="lead", amount=euros(60000), stage="qualified")
    assert members() == set()
    with inside(acme):
        set_properties(deal, {"stage": "closed_won"}, by=CRM)
    assert members() == {brightpath.pk}
    with inside(acme):
        attributed.attribute(deal, partner=kestrel, by=CRM)
    assert members() == {kestrel.pk}
    with inside(acme):
        attributed.archive(deal, by=CRM)
    assert members() == set()
    with inside(acme):
        attributed.restore(deal, by=CRM)
    assert members() == {kestrel.pk}
