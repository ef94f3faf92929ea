"""Deals and leads in the portal. Who finds what at all is in tests/portal/test_leaks.py."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.deals import collaborators, sharing
from portal.deals.sharing import Shared
from portal.notifications.models import Notice
from segments.models import Segment
from segments.permissions import set_permissions
from tests.conftest import make_contact
from workspaces.actors import SYSTEM, Actor
from workspaces.properties import define_properties, properties_of, set_properties

CRM = Actor("crm", "1", "HubSpot")


@pytest.fixture
def rita(acme, brightpath, inside):
    """A colleague of Pat who is shown only what she collaborates on."""
    with inside(acme):
        role = Segment.objects.get(built_in_key="role:sales_rep")
        set_permissions(role, invite="inherit", restricted=True)
    return make_contact(acme, "rita", brightpath, role="sales_rep")


def test_the_pipeline_adds_up_what_the_viewer_may_see_and_no_two_currencies(
    brightpath, pat, rita, make_deal, euros, as_user
):
    make_deal(brightpath, "One", amount=euros(1000), people=[rita])
    make_deal(brightpath, "Two", amount=euros(2500))
    make_deal(brightpath, "Three", amount={"amount": "70", "currency": "CHF"})
    make_deal(brightpath, "Four", amount=euros(9000), stage="closed_won")
    everything = as_user(pat).get("/acme/deals/").context
    assert [(s.label, s.sums.count, s.sums.texts) for s in everything["stages"]][:2] == [
        ("Qualification", 3, ["€3,500", "70\xa0CHF"]),
        ("Discovery", 0, []),
    ]
    assert everything["totals"].won.texts == ["€9,000"]
    own = as_user(rita).get("/acme/deals/").context
    assert own["stages"][0].sums.texts == ["€1,000"]
    assert own["totals"].won.count == 0
    assert [record.name for record, _ in own["rows"]] == ["One"]


def test_they_are_found_by_name_state_stage_and_collaboration(brightpath, pat, make_deal, as_user):
    make_deal(brightpath, "Alpenbank", people=[pat])
    make_deal(brightpath, "Kanton Zug", stage="closed_won")
    client = as_user(pat)

    def found(query):
        return [record.name for record, _ in client.get(f"/acme/deals/?{query}").context["rows"]]

    assert found("q=alp") == ["Alpenbank"]
    assert found("state=won") == ["Kanton Zug"]
    assert found("stage=qualification") == ["Alpenbank"]
    assert found("mine=1") == ["Alpenbank"]
    assert sorted(found("state=nonsense&page=9")) == ["Alpenbank", "Kanton Zug"]
    assert "Nothing matches" in client.get("/acme/deals/?q=zzz").text


def test_a_list_costs_the_same_with_1_and_30_deals(brightpath, pat, make_deal, euros, as_user):
    client = as_user(pat)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/acme/deals/").status_code == 200
        return len(queries)

    make_deal(brightpath, "First", amount=euros(10), people=[pat])
    client.get("/acme/deals/")
    one = cost()
    for number in range(29):
        make_deal(brightpath, f"Deal {number}", amount=euros(10))
    assert cost() == one == 16


def test_what_is_not_shared_stays_with_the_team(
    acme, brightpath, pat, make_deal, euros, as_user, inside, drain
):
    with inside(acme):
        define_properties([{"level": "deal", "key": "margin", "label": "Our margin", "type": "text"}])
    deal = make_deal(brightpath, "Renewal", amount=euros(1234), margin="Forty percent", people=[pat])
    client = as_user(pat)
    for address in (f"/acme/deals/{deal.pk}/", "/acme/deals/"):
        page = client.get(address).text
        assert "1,234" in page
        assert "margin" not in page
    with inside(acme):
        sharing.share("deal", [properties_of("deal")["margin"]])
        set_properties(deal, {"amount": euros(77777), "stage": "negotiation"}, by=CRM)
    drain()
    for address in (
        f"/acme/deals/{deal.pk}/",
        "/acme/deals/",
        "/acme/deals/?stage=negotiation",
        "/acme/notifications/",
    ):
        page = client.get(address).text
        assert not [word for word in ("77,777", "Negotiation", "Amount") if word in page], address
    assert "Forty percent" in client.get(f"/acme/deals/{deal.pk}/").text
    with inside(acme):
        assert Shared("deal").stages == []


def test_who_sees_a_deal_adds_and_removes_colleagues_of_their_own(
    acme, brightpath, kestrel, pat, sam, rita, make_deal, as_user, inside
):
    deal = make_deal(brightpath, distributor=kestrel, people=[sam])
    client, address = as_user(pat), f"/acme/deals/{deal.pk}/collaborators/"
    page = client.get(f"/acme/deals/{deal.pk}/").text
    assert "Rita" in page
    assert "Sam" not in page  # of the distributor: not their business
    assert client.post(address, {"contact": sam.pk}).status_code == 404
    assert client.post(address, {"contact": "nobody"}).status_code == 302
    assert client.post(address, {"contact": rita.pk}).status_code == 302
    assert as_user(rita).get(f"/acme/deals/{deal.pk}/").status_code == 200
    assert client.post(f"{address}{sam.pk}/removal/").status_code == 404
    assert as_user(rita).post(f"{address}{rita.pk}/removal/").url == "/acme/deals/"
    with inside(acme):
        collaborators.set_from_crm(deal, [rita], by=CRM)
    assert client.post(f"{address}{rita.pk}/removal/").status_code == 404
    with inside(acme):
        assert {one.contact for one in collaborators.of(deal)} == {sam, rita}


def test_people_hear_of_stages_changes_and_that_they_were_added(
    acme, brightpath, kestrel, pat, rita, make_deal, euros, as_user, inside, drain
):
    dora = make_contact(acme, "dora", kestrel, role="marketing")
    deal = make_deal(brightpath, "Renewal", distributor=kestrel)
    with inside(acme):
        assert not Notice.objects.exists()  # that it came in is no news
        set_properties(deal, {"stage": "proposal", "amount": euros(500)}, by=CRM)
    drain()
    assert "Renewal is in Proposal now" in as_user(pat).get("/acme/notifications/").text
    assert "Renewal is in Proposal now" in as_user(dora).get("/acme/notifications/").text
    assert "Renewal" not in as_user(rita).get("/acme/notifications/").text
    with inside(acme):
        collaborators.add(deal, rita, by=SYSTEM)
    drain()
    page = as_user(rita).get("/acme/notifications/").text
    assert "added you to Renewal" in page
    assert "added you" not in as_user(pat).get("/acme/notifications/").text
    with inside(acme):
        collaborators.remove(deal, rita)
    assert "Renewal" not in as_user(rita).get("/acme/notifications/").text
