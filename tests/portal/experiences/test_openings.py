"""Who joins a segment is told which tabs that opened: once, only what was closed before, only what is open now."""

import threading
from uuid import UUID

import pytest
from django.db import connections

from portal.experiences import open_tabs, openings
from portal.notifications import inbox
from portal.notifications.models import Event, Notice
from segments import editing as segments
from segments import following
from segments.engine.history import FOLLOW
from segments.models import BuildChange, MembershipChange
from segments.viewer import viewer_of
from segments.viewers import viewers_of
from tests.conftest import make_contact
from tests.portal.experiences.conftest import make_segment, tab, text
from workspaces import jobs
from workspaces.actors import SYSTEM
from workspaces.models import Contact, Due
from workspaces.properties import set_properties


@pytest.fixture
def silver(acme):
    return make_segment(acme, "Silver partners", values=["silver"])


@pytest.fixture
def follow(acme):
    return lambda: jobs.run(acme.pk, FOLLOW)


@pytest.fixture
def becomes(acme, inside):
    def change(partner, tier):
        with inside(acme):
            set_properties(partner, {"tier": tier}, by=SYSTEM)

    return change


@pytest.fixture
def told(acme, inside):
    """What stands in somebody's portal now."""

    def look(contact):
        with inside(acme):
            fresh = Contact.objects.select_related("partner").get(pk=contact.pk)
            return [item.shown.text for item in inbox.Inbox(viewer_of(fresh)).items]

    return look


def opened(title):
    return f"“{title}” is open for you now"


def prices(*segments, title="Prices", **gate):
    return tab(title, text("Inside"), **(gate or {"only": list(segments)}))


def test_a_company_joins_and_its_people_are_told(
    acme, sam, kestrel, pat, gold, portal, becomes, follow, told
):
    portal(acme, tab("Home", text("Hello")), prices(gold))
    follow()
    becomes(kestrel, "gold")
    follow()
    assert told(sam) == [opened("Prices")]
    assert told(pat) == []  # it was open for them all along


def test_a_note_is_left_with_the_change_and_due_within_five_seconds(acme, inside, kestrel, gold, becomes):
    Due.objects.all().delete()
    becomes(kestrel, "gold")
    [note] = Due.objects.filter(queue=FOLLOW)
    with inside(acme):
        at = MembershipChange.objects.order_by("-at").first().at
    assert (note.due_at - at).total_seconds() < 5


def test_one_change_that_joins_two_segments_of_a_tab_is_one_piece_of_news(
    acme, inside, sam, kestrel, gold, portal, becomes, follow, told
):
    both = make_segment(acme, "Metal partners", values=["gold", "platinum"])
    portal(acme, prices(gold, both))
    follow()
    becomes(kestrel, "gold")
    follow()
    assert told(sam) == [opened("Prices")]
    with inside(acme):
        assert Notice.objects.filter(contact=sam).count() == 1


def test_from_one_open_segment_to_another_nothing_opened(
    acme, sam, kestrel, gold, silver, portal, becomes, follow, told
):
    portal(acme, prices(gold, silver))
    follow()
    becomes(kestrel, "gold")
    follow()
    assert told(sam) == []


def test_leaving_opens_what_was_for_everybody_else(acme, sam, kestrel, silver, portal, becomes, follow, told):
    portal(acme, prices(everyone_but=[silver]))
    follow()
    becomes(kestrel, "gold")
    follow()
    assert told(sam) == [opened("Prices")]


def test_a_section_is_what_opens_a_tab(acme, sam, kestrel, gold, portal, becomes, follow, told):
    portal(
        acme,
        tab("Prices", text("Only this", only=[gold])),
        tab("Home", text("Hi"), text("More", only=[gold])),
    )
    follow()
    becomes(kestrel, "gold")
    follow()
    assert told(sam) == [opened("Prices")]


def test_what_closed_again_before_it_was_told_is_not_told(
    acme, inside, sam, kestrel, gold, portal, becomes, follow
):
    portal(acme, prices(gold))
    follow()
    becomes(kestrel, "gold")
    becomes(kestrel, "silver")
    follow()
    with inside(acme):
        assert not Event.objects.exists()


def test_what_closed_since_disappears_from_list_and_count(
    acme, sam, kestrel, gold, portal, becomes, follow, told, as_user
):
    portal(acme, prices(gold))
    follow()
    becomes(kestrel, "gold")
    follow()
    client = as_user(sam)
    assert "1 unread" in client.get("/acme/notifications/bell/").text
    becomes(kestrel, "silver")
    assert told(sam) == []
    assert "unread" not in client.get("/acme/notifications/bell/").text
    assert "Prices" not in client.get("/acme/notifications/").text


def test_who_comes_back_later_is_told_again(acme, inside, sam, kestrel, gold, portal, becomes, follow):
    portal(acme, prices(gold))
    follow()
    for tier in ("gold", "silver", "gold"):
        becomes(kestrel, tier)
        follow()
    with inside(acme):
        assert Notice.objects.filter(contact=sam).count() == 2


def test_days_of_grace_never_closed_it(acme, sam, kestrel, gold, portal, becomes, follow, told):
    portal(acme, prices(only=[gold], grace_days=3))
    becomes(kestrel, "gold")
    follow()
    assert told(sam) == [opened("Prices")]
    becomes(kestrel, "silver")
    follow()
    becomes(kestrel, "gold")
    follow()
    assert told(sam) == [opened("Prices")]


def test_a_new_rule_tells_those_whom_it_brings(acme, inside, sam, pat, kestrel, gold, portal, follow, told):
    portal(acme, prices(gold))
    follow()
    with inside(acme):
        tree = gold.builds.get().tree
        tree["root"]["items"][0]["v"] = ["gold", "silver"]
        segments.save(gold, name=gold.name, description="", kind="dynamic", tree=tree, by=SYSTEM)
        assert BuildChange.objects.filter(handled_at=None).exists()
    follow()
    assert (told(sam), told(pat)) == ([opened("Prices")], [])
    with inside(acme):
        assert not BuildChange.objects.filter(handled_at=None).exists()
        assert Event.objects.count() == 1


def test_a_hand_picked_member_is_told(acme, inside, sam, portal, follow, told):
    with inside(acme):
        pilots = segments.create(level="contact", kind="static", name="Pilots", members=[], by=SYSTEM)
    portal(acme, prices(pilots))
    with inside(acme):
        segments.save(pilots, name="Pilots", description="", kind="static", members=[sam.pk], by=SYSTEM)
    follow()
    assert told(sam) == [opened("Prices")]


def test_who_was_just_added_hears_nothing(acme, inside, brightpath, pat, gold, admins, portal, follow):
    portal(acme, prices(admins))
    follow()
    make_contact(acme, "newcomer", brightpath, role="admin")
    follow()
    with inside(acme):
        assert not Event.objects.exists()


def test_batches_of_one_tell_the_same(
    acme, inside, sam, kestrel, gold, portal, becomes, follow, monkeypatch, told
):
    """Whoever claims the row that opened it tells it, however the rows of one change are shared out."""
    both = make_segment(acme, "Metal partners", values=["gold", "platinum"])
    third = make_segment(acme, "Best partners", values=["gold"])
    portal(acme, prices(gold, both, third))
    follow()
    monkeypatch.setattr(following, "SINGLE", 1)
    becomes(kestrel, "gold")
    follow()
    assert told(sam) == [opened("Prices")]
    with inside(acme):
        assert Notice.objects.filter(contact=sam).count() == 1


def test_without_a_gated_tab_the_log_is_only_marked(
    acme, inside, sam, kestrel, gold, portal, becomes, follow
):
    portal(acme, tab("Home", text("Hello")))
    becomes(kestrel, "gold")
    follow()
    with inside(acme):
        assert not MembershipChange.objects.filter(handled_at=None).exists()
        assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_drains_at_once_tell_everything_once(acme, inside, kestrel, gold, portal, becomes, monkeypatch):
    people = [make_contact(acme, f"person{n}", kestrel) for n in range(6)]
    both = make_segment(acme, "Metal partners", values=["gold", "platinum"])
    portal(acme, prices(gold, both))
    jobs.run(acme.pk, FOLLOW)
    monkeypatch.setattr(following, "SINGLE", 1)
    becomes(kestrel, "gold")
    start = threading.Barrier(3)

    def drain():
        try:
            start.wait()
            jobs.run(acme.pk, FOLLOW)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=drain) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with inside(acme):
        assert Event.objects.count() == 1
        assert sorted(Notice.objects.values_list("contact__name", flat=True)) == sorted(
            p.name for p in people
        )
        assert not MembershipChange.objects.filter(handled_at=None).exists()


def test_a_follower_that_fails_leaves_the_log_as_it_was(
    acme, inside, sam, kestrel, gold, portal, becomes, follow, monkeypatch, told
):
    portal(acme, prices(gold))
    follow()
    becomes(kestrel, "gold")
    with monkeypatch.context() as broken:
        broken.setattr(openings, "viewers_of", lambda people: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            follow()
    with inside(acme):
        assert MembershipChange.objects.filter(handled_at=None).exists()
    follow()
    assert told(sam) == [opened("Prices")]


@pytest.mark.parametrize(
    "gate",
    [{}, {"only": "gold"}, {"everyone_but": "gold"}, {"nobody": True}, {"only": "gold", "grace_days": 2}],
    ids=str,
)
def test_many_viewers_at_once_find_what_each_finds(
    acme, inside, pat, sam, kim, brightpath, gold, admins, portal, becomes, gate
):
    named = {mode: [gold] if value == "gold" else value for mode, value in gate.items()}
    outer, inner = (
        tab("Outer", text("x"), **named),
        tab("Inner", text("x", only=[admins]), text("y", **named)),
    )
    portal(acme, outer, inner)
    becomes(brightpath, "silver")  # Pat left a moment ago
    with inside(acme):
        viewers = viewers_of([*Contact.objects.select_related("partner")])
        keys = [UUID(outer["key"]), UUID(inner["key"])]
        together = openings.open_now({(key,): viewers for key in keys})
        one_by_one = {(v.contact.pk, t.key) for v in viewers for t in open_tabs.find(v)}
    assert together == one_by_one


def test_the_gates_of_many_cost_one_query(
    acme, inside, pat, sam, kim, gold, portal, django_assert_num_queries
):
    portal(acme, prices(gold))
    with inside(acme):
        viewers = viewers_of([*Contact.objects.select_related("partner")])
        keys = [gated.key for gated in openings.gated_tabs()]
        with django_assert_num_queries(1):
            openings.open_now({(key,): viewers for key in keys})
