"""Pages of members in the order of their names, walked along or by way of a roster: nobody is left out, nobody twice."""

import re

import pytest

from segments.engine import rosters
from segments.history import member_pages
from segments.history.member_pages import Place, Size
from segments.models import Roster
from tests.conftest import make_partner
from tests.segments.conftest import ADA
from workspaces import jobs
from workspaces.models import Partner
from workspaces.properties import set_properties
from workspaces.tenancy import workspace_transaction

SILVER = [2, 5, 6, 11]


@pytest.fixture
def partners(acme, gold, monkeypatch):
    """Twelve, of which those with these numbers are not in. Two have the same name."""
    for module in (member_pages, rosters):
        monkeypatch.setattr(module, "PAGE", 3)
    monkeypatch.setattr(member_pages, "FIRST", 2)
    names = [f"P{n:02}" if n != 9 else "P08" for n in range(12)]
    tiers = ["silver" if n in SILVER else "gold" for n in range(12)]
    return [make_partner(acme, name, tier=tier) for name, tier in zip(names, tiers, strict=True)]


def take_rosters(acme):
    jobs.run(acme.pk, rosters.QUEUE)


@pytest.fixture(params=["walked", "everybody", "roster", "long roster"])
def way(acme, gold, partners, monkeypatch, request):
    if request.param == "everybody":
        monkeypatch.setattr(member_pages, "LONGEST", 0)
    if request.param == "long roster":
        monkeypatch.setattr(member_pages, "LONG", 0)
    if "roster" in request.param:
        monkeypatch.setattr(rosters, "LARGE", 1)
        monkeypatch.setattr(rosters, "smaller", lambda total: 1000)
        take_rosters(acme)
        with workspace_transaction(acme):
            assert set(Roster.objects.get(segment=gold).members) == {
                partner.pk for n, partner in enumerate(partners) if n not in SILVER
            }
    return request.param


def pages(acme, segment, members):
    """The names on each page, to the end and all the way back."""
    there, place = [], None
    with workspace_transaction(acme):
        segment.refresh_from_db()
        while True:
            size = Size.of(segment)
            assert (size.members, size.roster is not None) == (members, Roster.objects.exists())
            page = member_pages.of_members(segment, size, place)
            there.append([str(one) for one in page.records])
            if page.next is None:
                break
            place = Place.read("partner", {"after": str(page.next)})
        back = [there[-1]]
        while page.previous is not None:
            place = Place.read("partner", {"before": str(page.previous)})
            page = member_pages.of_members(segment, size, place)
            back.append([str(one) for one in page.records])
    assert back == there[::-1]
    return there


def test_pages_leave_nobody_out_and_lead_back(acme, gold, partners, way):
    assert pages(acme, gold, 8) == [["P00", "P01", "P03"], ["P04", "P07", "P08"], ["P08", "P10"]]


def test_who_comes_and_goes_after_the_roster_was_taken_is_right(acme, gold, partners, way):
    with workspace_transaction(acme):
        set_properties(partners[2], {"tier": "gold"}, by=ADA)
        set_properties(partners[0], {"tier": "silver"}, by=ADA)
        Partner.objects.get(pk=partners[10].pk).delete()
    make_partner(acme, "P99", tier="gold")
    names = [name for page in pages(acme, gold, 8) for name in page]
    assert names == ["P01", "P02", "P03", "P04", "P07", "P08", "P08", "P99"]


def test_a_page_beside_somebody_who_is_gone_is_the_first(acme, gold, partners):
    with workspace_transaction(acme):
        gone = partners[4].pk
        Partner.objects.get(pk=gone).delete()
        for told in (str(gone), "nonsense"):
            assert Place.read("partner", {"after": told}) is None


def test_filters_have_the_same_pages(acme, ada, as_user, gold, partners):
    client, url = as_user(ada), f"/acme/settings/segments/{gold.pk}/members/?q=p0"
    names = []
    while url:
        html = client.get(url).text
        assert "7 members" in html
        names += re.findall(r'class="row-link"[^>]*>([^<]+)<', html)
        following = re.search(r'rel="next" href="([^"]+)"', html)
        url = following and f"/acme/settings/segments/{gold.pk}/members/" + following[1].replace("&amp;", "&")
    assert names == ["P00", "P01", "P03", "P04", "P07", "P08", "P08"]


class TestRosters:
    def test_only_smaller_segments_of_large_levels_have_one(self, acme, gold, partners, monkeypatch):
        monkeypatch.setattr(rosters, "smaller", lambda total: 7)
        monkeypatch.setattr(rosters, "LARGE", 1)
        take_rosters(acme)
        with workspace_transaction(acme):
            assert not Roster.objects.filter(segment=gold).exists()
            set_properties(partners[0], {"tier": "silver"}, by=ADA)
        take_rosters(acme)
        with workspace_transaction(acme):
            assert Roster.objects.filter(segment=gold).exists()
            set_properties(partners[0], {"tier": "gold"}, by=ADA)
        take_rosters(acme)
        with workspace_transaction(acme):
            assert not Roster.objects.filter(segment=gold).exists()

    def test_one_of_an_earlier_build_is_not_believed(self, acme, gold, partners):
        with workspace_transaction(acme):
            gold.refresh_from_db()
            Roster.objects.create(segment=gold, build=gold.live_build - 1, taken_at=rosters.timezone.now())
            assert Size.of(gold).roster is None
