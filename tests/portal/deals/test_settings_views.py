import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.deals.models import AttributedRecord
from tests.conftest import make_member, make_partner
from workspaces.actors import SYSTEM
from workspaces.properties import properties_of, set_properties

DEALS = "/acme/settings/deals/"


@pytest.fixture
def own(acme, mia, inside):
    """A partner that Mia looks after."""
    partner = make_partner(acme, "Mias partner")
    with inside(acme):
        partner.owner = mia
        partner.save(update_fields=["owner"])
    return partner


def test_a_manager_finds_and_changes_only_those_of_their_partners(
    acme, mia, own, brightpath, make_deal, euros, as_user, inside
):
    mine = make_deal(own, "Mine", amount=euros(100))
    through = make_deal(brightpath, "Through mine", distributor=own, amount=euros(30))
    theirs = make_deal(brightpath, "Theirs", amount=euros(5000))
    client = as_user(mia)
    page = client.get(DEALS)
    assert {record.name for record, _ in page.context["list"].rows} == {"Mine", "Through mine"}
    assert page.context["list"].totals.open.texts == ["€130"]
    export = b"".join(client.get(f"{DEALS}export/").streaming_content).decode()
    assert "Mine" in export
    assert "Theirs" not in export
    for tail in ("", "values/", "history/", "attribution/", "archiving/", "collaborators/"):
        answers = {client.get(f"{DEALS}{theirs.pk}/{tail}").status_code}
        answers.add(client.post(f"{DEALS}{theirs.pk}/{tail}").status_code)
        assert answers <= {404, 405}, tail
    assert client.get(f"{DEALS}{through.pk}/").status_code == 200
    moved = client.post(f"{DEALS}{mine.pk}/attribution/", {"partner": brightpath.pk, "role": "partner"})
    assert moved.status_code == 404
    assert client.get(f"{DEALS}new/{brightpath.pk}/").status_code == 404


def test_a_viewer_reads_and_changes_nothing(acme, brightpath, make_deal, as_user, inside):
    client, deal = as_user(make_member(acme, "vic", "viewer")), make_deal(brightpath)
    assert "Add deal" not in client.get(DEALS).text
    assert "Archive" not in client.get(f"{DEALS}{deal.pk}/").text
    assert client.get(f"{DEALS}setup/").status_code == 200
    for tail in ("values/", "attribution/", "archiving/", "collaborators/"):
        assert client.post(f"{DEALS}{deal.pk}/{tail}").status_code == 403
    for tail in ("setup/", "setup/sharing/", f"new/{brightpath.pk}/"):
        assert client.post(f"{DEALS}{tail}", {"shown": "1"}).status_code == 403


def test_a_deal_is_added_by_hand_changed_and_archived(acme, ada, brightpath, pat, as_user, inside):
    client = as_user(ada)
    assert "Brightpath" in client.get(f"{DEALS}new/").text
    sent = {"p-name": "Renewal", "p-stage": "proposal", "p-amount": "1200", "p-amount_currency": "EUR"}
    assert client.post(f"{DEALS}new/{brightpath.pk}/", {**sent, "p-name": ""}).status_code == 422
    address = client.post(f"{DEALS}new/{brightpath.pk}/", sent).url
    with inside(acme):
        deal = AttributedRecord.objects.get()
    assert (address, str(deal.amount_text)) == (f"{DEALS}{deal.pk}/", "€1,200")
    assert as_user(pat).get(f"/acme/deals/{deal.pk}/").status_code == 200
    version = {"version": str(deal.version)}
    assert client.post(f"{address}values/", {**version, "p-stage": "closed_won"}).status_code == 302
    stale = client.post(f"{address}values/", {**version, "p-stage": "discovery"})
    assert stale.status_code == 409
    assert "Closed won" in stale.text
    assert client.post(f"{address}archiving/").status_code == 302
    assert as_user(pat).get(f"/acme/deals/{deal.pk}/").status_code == 404
    assert client.get(DEALS).context["list"].page.paginator.count == 0
    assert client.get(f"{DEALS}?state=archived").context["list"].page.paginator.count == 1
    client.post(f"{address}archiving/", {"undo": "1"})
    with inside(acme):
        deal.refresh_from_db()
    assert (deal.stage, deal.outcome, deal.archived_at) == ("closed_won", "won", None)


def test_partner_and_distributor_change_places(acme, ada, brightpath, kestrel, make_deal, as_user, inside):
    deal = make_deal(brightpath)
    client, address = as_user(ada), f"{DEALS}{deal.pk}/attribution/"

    def attribute(role, partner=""):
        answer = client.post(address, {"role": role, "partner": getattr(partner, "pk", "")})
        with inside(acme):
            now = AttributedRecord.objects.select_related("partner", "distributor").get()
        return answer.status_code, now.partner, now.distributor

    assert attribute("distributor", kestrel) == (302, brightpath, kestrel)
    assert attribute("partner", kestrel) == (302, kestrel, brightpath)
    assert attribute("distributor", kestrel) == (403, kestrel, brightpath)
    assert attribute("none") == (302, kestrel, None)
    assert attribute("nonsense", brightpath) == (404, kestrel, None)


def test_what_stages_mean_and_what_partners_see_is_set(
    acme, ada, brightpath, pat, make_deal, as_user, inside
):
    deal = make_deal(brightpath, "Renewal", stage="negotiation", customer="Alpenbank")
    client = as_user(ada)
    with inside(acme):
        props = properties_of("deal")
    meant = {f"stage-{at}": option.get("outcome", "open") for at, option in enumerate(props["stage"].options)}
    assert client.post(f"{DEALS}setup/", {**meant, "stage-3": "sold"}).status_code == 422
    assert client.post(f"{DEALS}setup/", {**meant, "stage-3": "won"}).status_code == 302
    assert client.post(f"{DEALS}setup/sharing/", {"shown": [props["stage"].number]}).status_code == 302
    page = as_user(pat).get(f"/acme/deals/{deal.pk}/").text
    assert "Negotiation" in page
    assert "Alpenbank" not in page
    with inside(acme):
        deal.refresh_from_db()
        assert deal.outcome == "won"
        assert client.post(f"{DEALS}setup/sharing/", {"shown": ["999999"]}).status_code == 422


def test_the_list_filters_sorts_and_costs_the_same_however_long_it_is(
    acme, ada, brightpath, kestrel, make_deal, euros, as_user, inside
):
    client = as_user(ada)
    first = make_deal(brightpath, "Alpha", amount=euros(10), owner=str(ada.pk))
    client.get(DEALS)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(DEALS).status_code == 200
        return len(queries)

    one = cost()
    for number in range(29):
        make_deal(kestrel, f"Deal {number:02}", amount=euros(100 + number), stage="discovery")
    assert cost() == one == 17
    with inside(acme):
        set_properties(first, {"stage": "closed_lost"}, by=SYSTEM)

    def found(query):
        return [record.name for record, _ in client.get(f"{DEALS}?{query}").context["list"].rows]

    assert found("state=lost") == ["Alpha"]
    assert found(f"owner={ada.pk}") == ["Alpha"]
    assert found("owner=~blank&sort=name")[:2] == ["Deal 00", "Deal 01"]
    assert found(f"partner={brightpath.pk}") == ["Alpha"]
    assert found("q=kestrel&sort=-p.amount")[0] == "Deal 28"
    assert found("p.stage=discovery&q=28") == ["Deal 28"]
    assert len(found("")) == 30
