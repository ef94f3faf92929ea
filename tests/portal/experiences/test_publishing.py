import pytest
from django.db import connection

from portal.experiences import content, editing, publishing
from portal.experiences.models import Experience, Publication, Section, Stage, Tab
from segments import editing as segments
from segments.models import Audience, AudienceSegment
from tests.portal.experiences.conftest import draft_of, make_segment, publish, tab, text
from workspaces.actors import SYSTEM


def load(workspace, experience, stage, inside):
    with inside(workspace):
        return content.load(experience, stage)


def test_publishing_copies_the_draft_with_every_gate(acme, gold, admins, inside):
    secret = text("Ten percent", title="Margins", only=[admins], grace_days=3)
    experience = draft_of(acme, tab("Home", text("Hello")), tab("Prices", secret, everyone_but=[gold]))

    publish(acme, experience)

    draft = load(acme, experience, Stage.DRAFT, inside)
    assert [t["title"] for t in draft] == ["Home", "Prices"]
    assert draft[1]["sections"] == [secret]
    assert load(acme, experience, Stage.PUBLISHED, inside) == draft


def test_a_change_of_the_draft_leaves_what_is_published_alone(acme, inside):
    experience = draft_of(acme, tab("Home", text("Hello")))
    publish(acme, experience)
    before = load(acme, experience, Stage.PUBLISHED, inside)

    with inside(acme):
        home = experience.tabs.draft().get()
        home.title = "Start"
        editing.save(home, by=SYSTEM)
        editing.add_section(home, kind="rich_text", body="More", by=SYSTEM)
        Audience.objects.filter(pk=home.audience_id).update(mode="nobody")

    assert load(acme, experience, Stage.PUBLISHED, inside) == before
    assert load(acme, experience, Stage.DRAFT, inside)[0]["title"] == "Start"


def test_publishing_again_replaces_what_was_published_and_keeps_keys(acme, inside):
    home, old = tab("Home", text("Hello")), tab("Old", text("Gone soon"))
    experience = draft_of(acme, home, old)
    publish(acme, experience)
    with inside(acme):
        editing.delete(experience.tabs.draft().get(key=old["key"]), by=SYSTEM)

    publish(acme, experience)

    with inside(acme):
        published = experience.tabs.published()
        assert [str(t.key) for t in published] == [home["key"]]
        # Nothing is left behind: each row of a stage has one audience and there is no other.
        assert Audience.objects.count() == Tab.objects.count() + Section.objects.count() == 4


def test_a_draft_that_changed_meanwhile_is_not_published(acme, inside):
    experience = draft_of(acme, tab("Home", text("Hello")))
    with inside(acme):
        editing.add_tab(experience, title="Unseen", by=SYSTEM)
    with pytest.raises(publishing.DraftMoved), inside(acme):
        publishing.publish(experience, seen=0, by=SYSTEM)

    with inside(acme):
        assert not experience.tabs.published().exists()
        assert not Publication.objects.exists()


def test_a_failing_publication_changes_nothing(acme, inside, monkeypatch):
    experience = draft_of(acme, tab("Home", text("Hello")))
    publish(acme, experience)
    before = load(acme, experience, Stage.PUBLISHED, inside)
    with inside(acme):
        editing.add_tab(experience, title="Next", by=SYSTEM)

    def fail():
        raise OSError("The last step fails.")

    monkeypatch.setattr(publishing, "tell_workspace", fail)
    with pytest.raises(OSError, match="last step"):
        publish(acme, experience)

    assert load(acme, experience, Stage.PUBLISHED, inside) == before
    with inside(acme):
        assert Publication.objects.count() == 1


def test_an_old_version_comes_back_into_the_draft(acme, gold, inside):
    experience = draft_of(acme, tab("Home", text("Hello")), tab("Prices", text("1"), only=[gold]))
    first = publish(acme, experience)
    before = load(acme, experience, Stage.DRAFT, inside)
    with inside(acme):
        for found in experience.tabs.draft():
            editing.delete(found, by=SYSTEM)
        editing.add_tab(experience, title="Other", by=SYSTEM)
    publish(acme, experience)

    with inside(acme):
        publishing.restore(first, by=SYSTEM)

    assert load(acme, experience, Stage.DRAFT, inside) == before
    assert [t["title"] for t in load(acme, experience, Stage.PUBLISHED, inside)] == ["Other"]


def test_restoring_a_gate_whose_segment_is_gone_opens_it_to_nobody(acme, inside, pat):
    doomed = make_segment(acme, "Doomed")
    experience = draft_of(acme, tab("Prices", text("1"), only=[doomed]))
    first = publish(acme, experience)
    with inside(acme):
        AudienceSegment.objects.all().delete()
        segments.delete(doomed)
        publishing.restore(first, by=SYSTEM)

    restored = load(acme, experience, Stage.DRAFT, inside)
    assert restored[0]["audience"] == {"mode": "only", "grace_days": 0, "segments": []}


def test_history_does_not_hold_a_segment_back(acme, inside):
    doomed = make_segment(acme, "Doomed")
    experience = draft_of(acme, tab("Prices", text("1"), only=[doomed]))
    publish(acme, experience)
    with inside(acme):
        editing.delete(experience.tabs.draft().get(), by=SYSTEM)
    publish(acme, experience)

    with inside(acme):
        segments.delete(doomed)
        assert experience.publications.count() == 2


def test_only_one_experience_is_in_the_portal(acme, inside):
    first = draft_of(acme, tab("Home", text("Hello")))
    second = draft_of(acme, tab("Home", text("Hello")), name="Second", in_portal=False)
    with inside(acme):
        publishing.put_into_portal(second)
        assert list(Experience.objects.in_portal()) == [second]
        with pytest.raises(editing.InPortal):
            second.refresh_from_db()
            editing.delete_experience(second)
        first.refresh_from_db()
        editing.delete_experience(first)
        assert Experience.objects.count() == 1


def test_moving_stops_at_the_ends(acme, inside):
    experience = draft_of(acme, *[tab(title, text("x")) for title in "ABCD"])

    def order():
        return "".join(experience.tabs.draft().values_list("title", flat=True))

    with inside(acme):
        find = experience.tabs.draft().get
        editing.move(find(title="C"), places=-1, by=SYSTEM)
        assert order() == "ACBD"
        editing.move(find(title="A"), places=-1, by=SYSTEM)
        assert order() == "ACBD"
        editing.move(find(title="A"), places=20, by=SYSTEM)
        assert order() == "CBDA"


def test_publishing_costs_the_same_for_one_and_thirty_tabs(acme, inside):
    counts = []
    for count in (1, 30):
        tabs = [tab(f"T{n}", text("x"), text("y")) for n in range(count)]
        experience = draft_of(acme, *tabs, name=f"With {count}", in_portal=False)
        with inside(acme):
            before = len(connection.queries_log)
            connection.force_debug_cursor = True
            publishing.publish(experience, seen=0, by=SYSTEM)
            counts.append(len(connection.queries_log) - before)
            connection.force_debug_cursor = False
    assert counts[0] == counts[1]
