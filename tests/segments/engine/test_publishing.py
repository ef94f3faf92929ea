import pytest

from segments import editing
from segments.engine import batches, definitions, publishing
from segments.models import Build, BuildChange, ContactState, PartnerState, Segment
from segments.rules.tree import new_tree
from tests.conftest import make_partner
from tests.segments.conftest import ADA
from workspaces.models import Property
from workspaces.properties import define_properties, save_property, set_properties


@pytest.fixture
def tier_is(number):
    def tree(*tiers):
        leaf = {"p": number("partner", "tier"), "of": "self", "op": "is_any_of", "v": list(tiers)}
        return new_tree("partner", leaf)

    return tree


@pytest.fixture
def resave(acme, inside, tier_is):
    def save(segment, *tiers):
        with inside(acme):
            fields = {"name": segment.name, "description": "", "kind": "dynamic"}
            return editing.save(segment, tree=tier_is(*tiers), by=ADA, **fields)

    return save


@pytest.fixture(params=["filled", "scouted"])
def queued(monkeypatch, request):
    """As in a workspace too big for the request; or so big that everybody is looked at first, chunks later."""
    monkeypatch.setattr(publishing, "INLINE", 0)
    if request.param == "scouted":
        monkeypatch.setattr(batches, "AT_ONCE", 0)


def test_a_small_workspace_has_its_members_at_once(brightpath, kestrel, gold, members_of):
    assert members_of(gold) == ["Brightpath"]
    assert gold.builds.model is Build


def test_a_changed_rule_switches_and_remembers_who_came_and_went(
    acme, inside, brightpath, kestrel, gold, resave, members_of
):
    build = resave(gold, "silver")

    assert members_of(gold) == ["Kestrel"]
    with inside(acme):
        changes = BuildChange.objects.filter(build=build)
        assert {pk for change in changes for pk in change.joined} == {kestrel.pk}
        assert {pk for change in changes for pk in change.left} == {brightpath.pk}
        gold.refresh_from_db()
        assert gold.member_count == 1


def test_the_same_rule_again_makes_no_build(gold, resave):
    assert resave(gold, "gold") is None


def test_the_numbers_of_old_builds_leave_the_state(acme, inside, brightpath, gold, resave):
    resave(gold, "gold", "silver")
    with inside(acme):
        gold.refresh_from_db()
        assert PartnerState.objects.get(partner=brightpath).builds == [gold.live_build]


class TestQueued:
    def test_the_old_membership_stands_until_the_switch(
        self, acme, inside, brightpath, kestrel, gold, resave, members_of, drain, queued
    ):
        build = resave(gold, "silver")

        assert members_of(gold) == ["Brightpath"]
        with inside(acme):
            assert publishing.building(gold) == build
        drain()
        assert members_of(gold) == ["Kestrel"]
        with inside(acme):
            build.refresh_from_db()
            assert (build.state, build.done) == ("live", 128)
            assert publishing.building(gold) is None

    def test_who_changes_while_it_is_filled_is_right_in_both(
        self, acme, inside, brightpath, kestrel, gold, resave, members_of, drain, queued
    ):
        resave(gold, "silver")
        with inside(acme):
            set_properties(brightpath, {"tier": "silver"}, by=ADA)
            set_properties(kestrel, {"tier": "gold"}, by=ADA)
        assert members_of(gold) == ["Kestrel"]
        drain()
        assert members_of(gold) == ["Brightpath"]

    def test_who_changes_between_the_look_at_everybody_and_the_filling_is_right_in_both(
        self, acme, inside, brightpath, kestrel, gold, resave, members_of, drain, queued, monkeypatch
    ):
        """Also where the change leaves them where they are: what was seen of them before is not believed."""
        resave(gold, "silver")

        def change(some, pace, again=batches._fill_some):
            monkeypatch.setattr(batches, "_fill_some", again)
            with inside(acme):
                set_properties(kestrel, {"tier": "gold"}, by=ADA)  # not filled yet, so nothing is taken out
                set_properties(brightpath, {"tier": "silver"}, by=ADA)
            return again(some, pace)

        monkeypatch.setattr(batches, "_fill_some", change)
        drain()
        assert members_of(gold) == ["Brightpath"]
        with inside(acme):
            gold.refresh_from_db()
            assert gold.member_count == 1
            changes = BuildChange.objects.filter(build__number=gold.live_build)
            assert [pk for change in changes for pk in change.joined] == [brightpath.pk]
            assert [pk for change in changes for pk in change.left] == [kestrel.pk]

    def test_a_newer_version_supersedes_the_one_on_its_way(
        self, acme, inside, brightpath, kestrel, gold, resave, members_of, drain, queued
    ):
        first = resave(gold, "silver")
        resave(gold, "gold", "silver")
        drain()

        assert members_of(gold) == ["Brightpath", "Kestrel"]
        with inside(acme):
            first.refresh_from_db()
            assert first.state == "retired"
            assert not PartnerState.objects.filter(builds__contains=[first.number]).exists()

    def test_a_build_that_fails_says_so_and_can_be_tried_again(
        self, acme, inside, brightpath, gold, resave, members_of, drain, queued, monkeypatch
    ):
        build = resave(gold, "silver")
        with monkeypatch.context() as broken:
            for name in ("backfill.add_members", "scouting.apply"):
                broken.setattr(f"segments.engine.{name}", lambda *args: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                drain()
        with inside(acme):
            build.refresh_from_db()
            assert (build.state, build.error) == ("failed", "ZeroDivisionError: division by zero")
        assert members_of(gold) == ["Brightpath"]
        with inside(acme):
            publishing.retry(gold, by=ADA)
        drain()
        assert members_of(gold) == []


def test_a_restored_segment_is_built_anew(acme, inside, brightpath, kestrel, gold, members_of):
    with inside(acme):
        editing.archive(gold, by=ADA)
        set_properties(kestrel, {"tier": "gold"}, by=ADA)
        editing.restore(gold, by=ADA)
    assert members_of(gold) == ["Brightpath", "Kestrel"]


def test_deleting_takes_every_trace_out_of_the_state(acme, inside, brightpath, gold):
    with inside(acme):
        editing.delete(gold)
        assert not Segment.objects.filter(pk=gold.pk).exists()
        assert PartnerState.objects.get(partner=brightpath).builds == []


def test_rules_rolled_back_are_not_kept(acme, inside, gold, tier_is):
    with inside(acme):
        before = definitions.current()
    with pytest.raises(ZeroDivisionError), inside(acme):
        editing.create(level="partner", kind="dynamic", name="Gone", tree=tier_is("silver"), by=ADA)
        definitions.current()
        raise ZeroDivisionError
    with inside(acme):
        assert definitions.current().key == before.key
        assert definitions.current().rules["partner"].builds == before.rules["partner"].builds


class TestRoles:
    def names(self):
        found = Segment.objects.present().filter(built_in_key__startswith="role:").order_by("name")
        return [segment.name for segment in found]

    def test_a_workspace_starts_with_a_segment_for_each_role(self, acme, inside):
        with inside(acme):
            assert self.names() == [
                "Role is Admin",
                "Role is Marketing",
                "Role is Partner manager",
                "Role is Sales rep",
                "Role is Solutions engineer",
            ]

    def test_they_follow_the_options(self, acme, inside, sam):
        with inside(acme):
            role = Property.objects.get(level="contact", key="role")
            role.options = [{"value": "sales_rep", "label": "Seller"}, {"value": "legal", "label": "Legal"}]
            save_property(role)
            assert self.names() == ["Role is Legal", "Role is Seller"]
            gone = Segment.objects.get(built_in_key="role:admin")
            assert gone.archived_at is not None
            seller = Segment.objects.get(built_in_key="role:sales_rep")
            assert ContactState.objects.filter(builds__contains=[seller.live_build]).count() == 1

    def test_another_property_makes_none(self, acme, inside):
        with inside(acme):
            before = Segment.objects.count()
            define_properties([{"level": "contact", "key": "x", "label": "X", "type": "text"}])
            assert Segment.objects.count() == before


def test_a_partner_made_later_joins_by_the_rule(acme, gold, members_of):
    make_partner(acme, "Later", tier="gold")
    assert members_of(gold) == ["Later"]
