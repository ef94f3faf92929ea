"""Memberships change in the transaction of the property, or not at all."""

import pytest
from django.db import connection

from segments.engine import fanout, membership
from segments.engine.causes import in_words
from segments.engine.definitions import fields_of
from segments.models import ContactState, MembershipChange, PartnerState
from tests.conftest import make_contact, make_partner
from tests.segments.conftest import ADA
from workspaces.actors import Actor
from workspaces.models import Contact
from workspaces.properties import create_contact, move_contact, set_properties


@pytest.fixture
def gold_people(make_segment):
    return make_segment("People at gold partners", ("partner.tier", "is_any_of", ["gold"]), level="contact")


@pytest.fixture
def gold_reps(make_segment):
    return make_segment(
        "Gold reps",
        ("partner.tier", "is_any_of", ["gold"]),
        ("role", "is_any_of", ["sales_rep"]),
        level="contact",
    )


def test_a_change_of_the_partner_reaches_its_people_in_the_same_transaction(
    acme, inside, kestrel, sam, gold, gold_people, seen_by
):
    assert seen_by(sam) == []
    with inside(acme):
        set_properties(kestrel, {"tier": "gold"}, by=ADA)
        assert seen_by(sam) == ["Gold partners", "People at gold partners"]
    with inside(acme):
        set_properties(kestrel, {"tier": "silver"}, by=ADA)
    assert seen_by(sam) == []


def test_who_leaves_the_transaction_takes_the_membership_back(acme, inside, kestrel, gold, members_of):
    with pytest.raises(ZeroDivisionError), inside(acme):
        set_properties(kestrel, {"tier": "gold"}, by=ADA)
        raise ZeroDivisionError
    assert members_of(gold) == []


def test_only_what_asks_for_the_property_is_touched(acme, inside, brightpath, gold, members_of):
    assert members_of(gold) == ["Brightpath"]
    with inside(acme):
        set_properties(brightpath, {"country": "Norway"}, by=ADA)
        assert not MembershipChange.objects.exists()
    assert members_of(gold) == ["Brightpath"]


def test_a_contact_that_moves_takes_the_memberships_of_the_new_partner(
    acme, inside, brightpath, sam, gold_people, gold_reps, seen_by
):
    with inside(acme):
        move_contact(sam, brightpath, by=ADA)
    assert seen_by(sam) == ["Gold reps", "People at gold partners"]


def test_a_new_contact_is_in_at_once(acme, inside, brightpath, gold, gold_reps, seen_by):
    with inside(acme):
        rep = create_contact(brightpath, {"email": "new@example.com", "role": "sales_rep"}, by=ADA)
    assert seen_by(rep) == ["Gold partners", "Gold reps"]


def test_the_history_says_when_why_and_by_whom(acme, inside, kestrel, sam, gold, gold_people):
    with inside(acme):
        set_properties(kestrel, {"tier": "gold", "country": "Norway"}, by=ADA)
        found = {c.segment.name: c for c in MembershipChange.objects.filter(segment__in=[gold, gold_people])}

        assert {name: c.joined for name, c in found.items()} == {
            "Gold partners": True,
            "People at gold partners": True,
        }
        assert in_words(found["Gold partners"].cause, fields_of("partner")) == (
            "Tier went from Silver to Gold, by Ada"
        )
        assert in_words(found["People at gold partners"].cause, fields_of("contact")) == (
            "The partner’s Tier went from Silver to Gold, by Ada"
        )
        assert found["People at gold partners"].subject_id == sam.pk


def test_the_count_follows(acme, inside, kestrel, brightpath, gold):
    from segments.engine import counting
    from segments.models import Segment

    def count():
        with inside(acme):
            return counting.with_members(Segment.objects.filter(pk=gold.pk)).get().members

    assert count() == 1
    with inside(acme):
        set_properties(kestrel, {"tier": "gold"}, by=ADA)
    assert count() == 2
    with inside(acme):
        counting.fold()
        set_properties(brightpath, {"tier": "silver"}, by=ADA)
    assert count() == 1


def test_open_pages_are_told_who_changed_and_nothing_else(
    acme, inside, kestrel, sam, gold, gold_people, monkeypatch
):
    told = []
    monkeypatch.setattr("segments.live.notes", lambda ids: told.extend(ids) or [])
    with inside(acme):
        set_properties(kestrel, {"country": "Norway"}, by=ADA)
        assert told == []
        set_properties(kestrel, {"tier": "gold"}, by=ADA)
    assert set(told) == {kestrel.pk, sam.pk}


class TestManyContacts:
    """Beyond the limit the worker follows; whoever looks sees the truth at once."""

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch):
        monkeypatch.setattr(fanout, "INLINE", 1)
        monkeypatch.setattr(membership, "BATCH", 2)

    @pytest.fixture
    def crowd(self, acme, kestrel, sam):
        return [sam, *(make_contact(acme, f"crowd{n}", kestrel, role="sales_rep") for n in range(4))]

    def test_reads_are_right_before_the_worker_came(
        self, acme, inside, kestrel, crowd, gold_people, gold_reps, seen_by, members_of
    ):
        with inside(acme):
            set_properties(kestrel, {"tier": "gold"}, by=ADA)

        assert members_of(gold_people) == []
        assert all(seen_by(contact) == ["Gold reps", "People at gold partners"] for contact in crowd)

    def test_the_worker_brings_state_and_history_up(
        self, acme, inside, kestrel, crowd, gold_people, members_of, drain
    ):
        with inside(acme):
            set_properties(kestrel, {"tier": "gold"}, by=ADA)
        drain()

        assert len(members_of(gold_people)) == 5
        with inside(acme):
            changes = MembershipChange.objects.filter(segment=gold_people)
            assert changes.count() == 5
            words = {in_words(change.cause, fields_of("contact")) for change in changes}
            assert words == {"The partner’s Tier went from Silver to Gold, by Ada"}
            assert not PartnerState.objects.filter(behind=True).exists()
            assert set(ContactState.objects.filter(contact__partner=kestrel).values_list("fanout")) == {(1,)}

    def test_the_worker_knows_of_all_that_changed_before_it_came(
        self, acme, inside, kestrel, crowd, make_segment, drain
    ):
        rule = (("partner.tier", "is_any_of", ["gold"]), ("partner.country", "eq", "norway"))
        people = make_segment("Norwegian gold", *rule, level="contact")
        with inside(acme):
            set_properties(kestrel, {"country": "Norway"}, by=ADA)
            set_properties(kestrel, {"tier": "platinum"}, by=ADA)
        with inside(acme):
            set_properties(kestrel, {"tier": "gold"}, by=Actor("team", "mia", "Mia"))
        drain()
        with inside(acme):
            causes = MembershipChange.objects.filter(segment=people)
            words = {in_words(change.cause, fields_of("contact")) for change in causes}
        country = "The partner’s Country went from blank to “Norway”"
        assert words == {f"{country}; the partner’s Tier went from Silver to Gold, by Ada and Mia"}

    def test_a_contact_changed_meanwhile_catches_up_with_everything(
        self, acme, inside, kestrel, crowd, gold_reps, members_of
    ):
        with inside(acme):
            set_properties(kestrel, {"tier": "gold"}, by=ADA)
            set_properties(crowd[1], {"language": "Dutch"}, by=ADA)
        assert members_of(gold_reps) == [crowd[1].name]


@pytest.mark.parametrize("people", [1, 30])
def test_a_change_of_a_partner_costs_the_same_for_one_contact_and_for_thirty(
    acme, inside, kestrel, gold, gold_people, people, django_assert_num_queries
):
    with inside(acme):
        for n in range(people):
            create_contact(kestrel, {"email": f"p{n}@example.com"}, by=ADA)
    with inside(acme):
        set_properties(kestrel, {"tier": "platinum"}, by=ADA)
    with inside(acme):
        properties_alone = 8
        with django_assert_num_queries(properties_alone + 12):
            set_properties(kestrel, {"tier": "gold"}, by=ADA)


def test_a_row_that_nobody_made_is_made_when_it_is_needed(acme, inside, gold, seen_by):
    """Records that came in beside the product, such as a restored table."""
    partner = make_partner(acme, "Beside", tier="gold")
    with inside(acme):
        contact = create_contact(partner, {"email": "b@example.com"}, by=ADA)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM segments_contactstate WHERE contact_id = %s", [contact.pk])
    assert seen_by(contact) == ["Gold partners"]
    with inside(acme):
        set_properties(Contact.objects.get(pk=contact.pk), {"language": "Dutch"}, by=ADA)
        assert ContactState.objects.filter(contact=contact).exists()
