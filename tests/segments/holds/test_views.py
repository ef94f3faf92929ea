"""The banner of what is held, and the two decisions."""

import pytest

from segments.engine import holding
from segments.models import Hold
from tests.conftest import make_partner
from workspaces.actors import Actor
from workspaces.models import Partner
from workspaces.properties import Edit, set_many

HUBSPOT = Actor("crm", "1", "Acme sync")


@pytest.fixture
def client(ada, as_user):
    return as_user(ada)


@pytest.fixture
def hold(acme, inside, gold):
    partners = [make_partner(acme, f"P{n:02}", tier="gold") for n in range(30)]
    with inside(acme):
        fresh = Partner.objects.filter(pk__in=[p.pk for p in partners[:24]]).order_by("name")
        set_many([Edit(partner, {"tier": "silver"}) for partner in fresh], by=HUBSPOT)
        return Hold.objects.select_related("segment").get()


@pytest.fixture
def pages(gold):
    own = ["", "members/", "exceptions/", "activity/", "versions/", "held/"]
    return ["/acme/settings/segments/", *(f"/acme/settings/segments/{gold.pk}/{page}" for page in own)]


@pytest.fixture
def state(acme, inside, gold):
    def look():
        with inside(acme):
            return holding.held_in(gold).count(), Hold.objects.get().state

    return look


def test_the_banner_stands_wherever_the_segment_is(client, hold, pages):
    for page in [*pages, "/acme/settings/partners/"]:
        text = client.get(page).content.decode()
        assert "Acme sync would take 24 of 30 members out of Gold partners" in text, page
        assert "20 had left when it was stopped. 4 are held" in text, page


def test_the_banner_is_not_on_the_pages_of_other_segments(client, hold, make_segment):
    other = make_segment("Silver partners", ("tier", "is_any_of", ["silver"]))
    assert "would take" not in client.get(f"/acme/settings/segments/{other.pk}/").content.decode()


def test_who_is_held_is_named(client, acme, inside, gold, hold):
    with inside(acme):
        names = [s.partner.name for s in holding.held_in(gold).select_related("partner")]
    text = client.get(f"/acme/settings/segments/{gold.pk}/held/").content.decode()
    rows = text.split("Held members of")[1]
    assert len(names) == 4
    assert all(name in rows for name in names)
    members = client.get(f"/acme/settings/segments/{gold.pk}/members/").content.decode()
    assert members.count("</svg> Held</span>") == 4


def test_release(client, gold, hold, state, members_of):
    answer = client.post(f"/acme/settings/segments/{gold.pk}/held/{hold.pk}/release/", follow=True)
    text = answer.content.decode()
    assert "They leave “Gold partners” now." in text
    assert "would take" not in text
    assert state() == (0, "released")
    assert len(members_of(gold)) == 6


def test_keep(client, gold, hold, state, members_of):
    client.post(f"/acme/settings/segments/{gold.pk}/held/{hold.pk}/keeping/")
    assert state() == (0, "kept")
    assert len(members_of(gold)) == 10
    text = client.get(f"/acme/settings/segments/{gold.pk}/exceptions/").content.decode()
    assert text.count("Kept after a sync") == 4


def test_a_second_decision_is_told_that_it_comes_too_late(client, gold, hold, state):
    client.post(f"/acme/settings/segments/{gold.pk}/held/{hold.pk}/release/")
    answer = client.post(f"/acme/settings/segments/{gold.pk}/held/{hold.pk}/keeping/", follow=True)
    assert "Somebody else has decided this already." in answer.content.decode()
    assert state() == (0, "released")


def test_whoever_may_not_change_segments_sees_the_banner_without_its_buttons(mia, as_user, gold, hold, state):
    client = as_user(mia)
    text = client.get("/acme/settings/segments/").content.decode()
    assert "would take 24 of 30" in text
    assert "Keep them" not in text
    for decision in ("release", "keeping"):
        answer = client.post(f"/acme/settings/segments/{gold.pk}/held/{hold.pk}/{decision}/")
        assert answer.status_code == 403
    assert state() == (4, "open")


def test_a_hold_is_decided_under_its_own_segment_alone(client, hold, make_segment):
    other = make_segment("Other", ("tier", "is_any_of", ["silver"]))
    answer = client.post(f"/acme/settings/segments/{other.pk}/held/{hold.pk}/release/")
    assert answer.status_code == 404
