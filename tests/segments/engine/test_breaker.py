"""Ordinary numbers here: 60 members, of whom 20 may leave at once; the 21st is held."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from segments import editing
from segments.engine import breaker, clock, exceptions, fanout, holding, membership, publishing
from segments.engine.causes import in_words
from segments.engine.definitions import fields_of
from segments.models import Hold, MembershipChange, SegmentException
from tests.conftest import make_contact
from tests.segments.conftest import ADA
from workspaces import jobs
from workspaces.actors import Actor
from workspaces.models import Contact, Partner
from workspaces.properties import Edit, set_many, set_properties

HUBSPOT = Actor("crm", "1", "Acme sync")
MANY = 60


@pytest.fixture
def crowd(acme, inside):
    with inside(acme):
        partners = [Partner(workspace_id=acme.pk) for _ in range(MANY)]
        set_many(
            [Edit(p, {"name": f"P{n:02}", "tier": "gold"}, created=True) for n, p in enumerate(partners)],
            by=ADA,
        )
    return partners


@pytest.fixture
def gold_crowd(crowd, gold):
    return gold


@pytest.fixture
def sync(acme, inside):
    """A sync sets the tier of partners, one transaction each."""

    def run(partners, tier="silver", by=HUBSPOT):
        for partner in partners:
            with inside(acme):
                set_properties(Partner.objects.get(pk=partner.pk), {"tier": tier}, by=by)

    return run


@pytest.fixture
def held(acme, inside):
    def look(segment):
        with inside(acme):
            return holding.held_in(segment).count()

    return look


@pytest.fixture
def only_hold(acme, inside):
    def look():
        with inside(acme):
            return Hold.objects.select_related("segment").get()

    return look


@pytest.fixture
def run_job(acme):
    def run(work):
        token = jobs._job_workspace.set(acme.pk)
        try:
            work()
        finally:
            jobs._job_workspace.reset(token)

    return run


def test_both_limits_must_be_crossed():
    assert [breaker.allowed(size) for size in (0, 10, 60, 66, 67, 70, 1000)] == [20, 20, 20, 20, 20, 21, 300]


def test_from_the_one_that_crosses_on_leavings_are_held(
    acme, inside, gold_crowd, crowd, sync, members_of, held, only_hold
):
    sync(crowd[:34])

    assert len(members_of(gold_crowd)) == MANY - 20
    assert held(gold_crowd) == 14
    hold = only_hold()
    assert (hold.size, hold.left, hold.caused_by, hold.state) == (60, 20, "Acme sync", "open")
    with inside(acme):
        assert MembershipChange.objects.filter(segment=gold_crowd, joined=False).count() == 20


def test_many_in_one_transaction_are_counted_one_by_one(
    acme, inside, gold_crowd, crowd, members_of, held, only_hold
):
    with inside(acme):
        set_many([Edit(partner, {"tier": "silver"}) for partner in crowd[:34]], by=HUBSPOT)
    assert (len(members_of(gold_crowd)), held(gold_crowd), only_hold().left) == (40, 14, 20)


def test_an_import_is_a_sync_too_and_the_team_is_not(gold_crowd, crowd, sync, held):
    sync(crowd[:30], by=ADA)
    assert held(gold_crowd) == 0
    sync(crowd[30:60], by=Actor("import", "", "partners.csv"))
    assert held(gold_crowd) == 10


def test_twenty_are_never_held(gold_crowd, crowd, sync, held, acme, inside):
    sync(crowd[:20])
    assert held(gold_crowd) == 0
    with inside(acme):
        assert not Hold.objects.exists()


def test_what_left_ten_minutes_ago_counts_no_more(gold_crowd, crowd, sync, held, only_hold):
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        sync(crowd[:10])
        traveller.shift(timedelta(minutes=6))
        sync(crowd[10:20])
        traveller.shift(timedelta(minutes=5))
        sync(crowd[20:30])
        assert held(gold_crowd) == 0
        sync(crowd[30:31])
        assert held(gold_crowd) == 1
        assert (only_hold().size, only_hold().left) == (50, 20)


def test_joinings_go_through(acme, inside, gold_crowd, crowd, kestrel, sync, members_of):
    sync(crowd[:34])
    sync([kestrel], "gold")
    assert "Kestrel" in members_of(gold_crowd)


def test_nothing_is_counted_that_a_transaction_took_back(acme, inside, gold_crowd, crowd, sync, held):
    sync(crowd[:1])
    for partner in crowd[1:15]:
        with pytest.raises(ZeroDivisionError), inside(acme):
            set_properties(Partner.objects.get(pk=partner.pk), {"tier": "silver"}, by=HUBSPOT)
            raise ZeroDivisionError
    sync(crowd[15:34])
    assert held(gold_crowd) == 0


class TestHeld:
    @pytest.fixture(autouse=True)
    def tripped(self, gold_crowd, crowd, sync):
        sync(crowd[:34])

    @pytest.fixture
    def one(self, acme, inside, gold_crowd):
        with inside(acme):
            return holding.held_in(gold_crowd).select_related("partner").first().partner

    def test_they_see_what_they_saw(self, acme, inside, gold_crowd, one, seen_by):
        contact = make_contact(acme, "lou", one)
        assert seen_by(contact) == ["Gold partners"]

    def test_who_fits_again_is_no_longer_held(self, gold_crowd, one, sync, held, members_of):
        sync([one], "gold")
        assert held(gold_crowd) == 13
        assert one.name in members_of(gold_crowd)

    def test_an_edit_of_the_team_lets_them_leave(self, gold_crowd, one, sync, held, members_of):
        sync([one], "registered", by=ADA)
        assert held(gold_crowd) == 13
        assert one.name not in members_of(gold_crowd)

    def test_an_edit_of_something_else_does_not(self, acme, inside, gold_crowd, one, held):
        with inside(acme):
            set_properties(one, {"country": "Norway"}, by=ADA)
        assert held(gold_crowd) == 14

    def test_another_sync_does_not(self, gold_crowd, one, sync, held, members_of):
        sync([one], "registered")
        assert held(gold_crowd) == 14
        assert one.name in members_of(gold_crowd)

    def test_an_exception_decides(self, acme, inside, gold_crowd, one, held, members_of):
        with inside(acme):
            exceptions.set_exception(gold_crowd, one, included=False, reason="Gone", by=ADA)
        assert held(gold_crowd) == 13
        assert one.name not in members_of(gold_crowd)

    @pytest.mark.parametrize("inline", [5000, 0], ids=["at once", "by the worker"])
    def test_a_changed_rule_keeps_them(
        self, acme, inside, gold_crowd, held, members_of, drain, monkeypatch, inline
    ):
        monkeypatch.setattr(publishing, "INLINE", inline)
        with inside(acme):
            tree = gold_crowd.builds.get().tree
            tree["root"]["items"][0]["v"] = ["gold", "platinum"]
            editing.save(gold_crowd, name=gold_crowd.name, description="", kind="dynamic", tree=tree, by=ADA)
        drain()
        assert (held(gold_crowd), len(members_of(gold_crowd))) == (14, 40)

    @pytest.mark.parametrize("inline", [5000, 0], ids=["at once", "by the worker"])
    def test_released_they_leave(
        self, acme, inside, gold_crowd, held, members_of, only_hold, drain, monkeypatch, inline
    ):
        told = []
        monkeypatch.setattr("segments.live.notes", lambda ids: told.extend(ids) or [])
        monkeypatch.setattr(publishing, "INLINE", inline)
        with inside(acme):
            holding.release(only_hold(), by=ADA)
        drain()
        assert (held(gold_crowd), len(members_of(gold_crowd)), only_hold().state) == (0, 26, "released")
        with inside(acme):
            released = MembershipChange.objects.filter(segment=gold_crowd, cause__why="released")
            assert (released.count(), len(told)) == (14, 14)
            assert in_words(released[0].cause, fields_of("partner")) == (
                "A held leaving was released, by Ada"
            )

    def test_released_whom_a_changed_rule_has_again_stays(
        self, acme, inside, gold_crowd, held, members_of, only_hold
    ):
        with inside(acme):
            tree = gold_crowd.builds.get().tree
            tree["root"]["items"][0]["v"] = ["gold", "silver"]
            editing.save(gold_crowd, name=gold_crowd.name, description="", kind="dynamic", tree=tree, by=ADA)
            holding.release(only_hold(), by=ADA)
        assert (held(gold_crowd), len(members_of(gold_crowd))) == (0, 60)

    @pytest.mark.parametrize("inline", [5000, 0], ids=["at once", "by the worker"])
    def test_kept_they_stay_as_exceptions(
        self, acme, inside, gold_crowd, crowd, held, members_of, only_hold, sync, drain, monkeypatch, inline
    ):
        monkeypatch.setattr(publishing, "INLINE", inline)
        with inside(acme):
            holding.keep(only_hold(), by=ADA)
        drain()
        assert (held(gold_crowd), len(members_of(gold_crowd)), only_hold().state) == (0, 40, "kept")
        with inside(acme):
            rows = list(SegmentException.objects.values_list("included", "reason", "until", "made_by"))
            assert rows == [(True, "Kept after a sync", None, "Ada")] * 14
        sync(crowd[:34], "registered")
        assert len(members_of(gold_crowd)) == 40

    def test_after_a_decision_counting_begins_anew(
        self, acme, inside, gold_crowd, crowd, only_hold, sync, held
    ):
        with inside(acme):
            holding.release(only_hold(), by=ADA)
        sync(crowd[34:54])
        assert held(gold_crowd) == 0
        sync(crowd[54:56])
        assert held(gold_crowd) == 2

    def test_a_decision_is_made_once(self, acme, inside, gold_crowd, only_hold):
        hold = only_hold()
        with inside(acme):
            holding.release(hold, by=ADA)
            holding.keep(hold, by=ADA)
            assert not SegmentException.objects.exists()

    def test_a_hold_that_holds_nobody_closes_itself(
        self, acme, inside, gold_crowd, crowd, sync, only_hold, run_job, held
    ):
        run_job(clock.sweep)
        assert only_hold().state == "open"
        sync(crowd[:34], "gold")
        run_job(clock.sweep)
        assert only_hold().state == "settled"

    def test_owner_and_admins_are_told_once(
        self, ada, mia, only_hold, drain, mailoutbox, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            drain()
            drain()
        assert [mail.to for mail in mailoutbox] == [["ada@example.com"]]
        assert mailoutbox[0].subject == "14 members of “Gold partners” are held after a sync"
        assert f"/acme/settings/segments/{only_hold().segment_id}/held/" in mailoutbox[0].body

    def test_a_frozen_list_keeps_them_and_nothing_waits(
        self, acme, inside, gold_crowd, held, members_of, only_hold
    ):
        with inside(acme):
            tree = gold_crowd.builds.get().tree
            editing.save(gold_crowd, name=gold_crowd.name, description="", kind="snapshot", tree=tree, by=ADA)
        assert (held(gold_crowd), len(members_of(gold_crowd)), only_hold().state) == (0, 40, "settled")


class TestContacts:
    """A partner's change that reaches many people."""

    @pytest.fixture
    def people(self, acme, inside, brightpath):
        with inside(acme):
            contacts = [Contact(workspace_id=acme.pk, partner=brightpath) for _ in range(MANY)]
            edits = [
                Edit(c, {"email": f"c{n}@example.com"}, partner=brightpath, created=True)
                for n, c in enumerate(contacts)
            ]
            set_many(edits, by=ADA)
        return contacts

    @pytest.fixture
    def gold_people(self, people, make_segment):
        return make_segment("People", ("partner.tier", "is_any_of", ["gold"]), level="contact")

    def test_those_who_follow_at_once_are_counted(self, gold_people, brightpath, sync, members_of, held):
        sync([brightpath])
        assert (len(members_of(gold_people)), held(gold_people)) == (40, 40)

    def test_those_who_follow_later_stay_until_they_are_counted(
        self,
        acme,
        inside,
        gold_people,
        people,
        brightpath,
        sync,
        members_of,
        held,
        drain,
        monkeypatch,
        seen_by,
    ):
        monkeypatch.setattr(fanout, "INLINE", 1)
        monkeypatch.setattr(membership, "BATCH", 7)
        sync([brightpath])
        assert {tuple(seen_by(contact)) for contact in people[:30]} == {("People",)}
        drain()
        assert (len(members_of(gold_people)), held(gold_people)) == (40, 40)

    def test_what_the_team_does_takes_effect_at_once(
        self, gold_people, people, brightpath, sync, monkeypatch, seen_by
    ):
        monkeypatch.setattr(fanout, "INLINE", 1)
        sync([brightpath], by=ADA)
        assert seen_by(people[0]) == []


def test_one_company_that_goes_back_and_forth_is_one_company(acme, inside, crowd, gold_crowd, sync, held):
    """Twenty-one leavings, and every time it came back: nobody is missing, so nobody is held."""
    for _ in range(21):
        sync(crowd[:1])
        sync(crowd[:1], tier="gold")
    sync(crowd[1:20])
    assert held(gold_crowd) == 0
    sync(crowd[20:22])
    assert held(gold_crowd) == 1
