import pytest
import time_machine
from django.utils import timezone

from segments import editing, uses
from segments.audience import AudienceForm, allows, open_to
from segments.models import Audience, AudienceSegment, Segment
from segments.viewer import Viewer, viewer_of
from tests.segments.conftest import ADA
from workspaces.models import Contact
from workspaces.properties import set_properties


@pytest.fixture
def audience(acme, inside):
    def make(mode, *segments, grace_days=0):
        with inside(acme):
            made = Audience.objects.create(mode=mode, grace_days=grace_days)
            AudienceSegment.objects.bulk_create(AudienceSegment(audience=made, segment=s) for s in segments)
        return made

    return make


@pytest.fixture
def lets_in(acme, inside):
    def ask(audience, contact):
        with inside(acme):
            viewer = viewer_of(Contact.objects.select_related("partner").get(pk=contact.pk))
            listed = Audience.objects.filter(open_to(viewer), pk=audience.pk).exists()
            assert listed == allows(audience, viewer)
            return listed

    return ask


@pytest.fixture
def silver(make_segment):
    return make_segment("Silver partners", ("tier", "is_any_of", ["silver"]))


@pytest.mark.parametrize(
    ("mode", "pat_in", "sam_in"),
    [("everyone", True, True), ("only", True, False), ("except", False, True), ("nobody", False, False)],
)
def test_the_four_modes(audience, lets_in, gold, pat, sam, mode, pat_in, sam_in):
    gate = audience(mode, gold)

    assert (lets_in(gate, pat), lets_in(gate, sam)) == (pat_in, sam_in)


def test_one_segment_of_several_is_enough_to_be_let_in_and_to_be_kept_out(
    audience, lets_in, gold, silver, pat, sam, kim
):
    only, others = audience("only", gold, silver), audience("except", gold, silver)

    assert [lets_in(only, who) for who in (pat, sam, kim)] == [True, True, False]
    assert [lets_in(others, who) for who in (pat, sam, kim)] == [False, False, True]


@pytest.mark.parametrize("mode", ["only", "except"])
def test_a_gate_that_names_nothing_lets_nobody_in(audience, lets_in, pat, mode):
    assert not lets_in(audience(mode), pat)


def test_an_archived_segment_closes_only_and_except(acme, inside, audience, lets_in, gold, silver, pat, sam):
    only, both = audience("only", gold), audience("only", gold, silver)
    others = audience("except", gold)
    with inside(acme):
        editing.archive(gold, by=ADA)

    assert [lets_in(only, who) for who in (pat, sam)] == [False, False]
    assert [lets_in(both, who) for who in (pat, sam)] == [False, True]
    assert [lets_in(others, who) for who in (pat, sam)] == [False, False]


def test_a_segment_that_was_never_built_closes_only_and_except(
    acme, inside, audience, lets_in, gold, pat, sam
):
    only, others = audience("only", gold), audience("except", gold)
    with inside(acme):
        Segment.objects.filter(pk=gold.pk).update(live_build=None)

    assert not any(lets_in(gate, who) for gate in (only, others) for who in (pat, sam))


def test_a_forged_viewer_of_an_archived_segment_is_not_let_in(acme, inside, audience, gold, pat):
    only = audience("only", gold)
    with inside(acme):
        editing.archive(gold, by=ADA)
        stale = Viewer(pat, frozenset([gold.pk]))
        assert not allows(only, stale)


def test_a_role_stands_in_the_same_picker(acme, inside, audience, lets_in, pat, sam):
    with inside(acme):
        reps = Segment.objects.get(built_in_key="role:sales_rep")
    gate = audience("only", reps)

    assert [lets_in(gate, who) for who in (pat, sam)] == [False, True]


def test_who_leaves_keeps_it_for_the_days_of_grace(acme, inside, audience, lets_in, gold, brightpath, pat):
    at_once, later = audience("only", gold), audience("only", gold, grace_days=3)
    kept_out = audience("except", gold, grace_days=3)
    start = timezone.now()
    with inside(acme):
        set_properties(brightpath, {"tier": "silver"}, by=ADA)

    assert (lets_in(at_once, pat), lets_in(later, pat), lets_in(kept_out, pat)) == (False, True, False)
    with time_machine.travel(start + timezone.timedelta(days=3, minutes=1)):
        assert (lets_in(later, pat), lets_in(kept_out, pat)) == (False, True)


def test_its_reach_counts_who_is_within_the_days_of_grace(acme, inside, audience, gold, brightpath, pat, sam):
    gates = [audience(mode, gold, grace_days=days) for mode in ("only", "except") for days in (0, 3)]
    start = timezone.now()

    def reached():
        with inside(acme):
            found = uses.reach(gates)
            return [found[gate.pk].count for gate in gates]

    assert reached() == [1, 1, 1, 1]
    with inside(acme):
        set_properties(brightpath, {"tier": "silver"}, by=ADA)
    assert reached() == [0, 1, 2, 1]
    with time_machine.travel(start + timezone.timedelta(days=3, minutes=1)):
        assert reached() == [0, 0, 2, 2]


def test_who_left_by_a_changed_rule_keeps_it_too(acme, inside, audience, lets_in, gold, number, pat):
    later = audience("only", gold, grace_days=3)
    from segments.rules.tree import new_tree

    with inside(acme):
        tree = new_tree(
            "partner", {"p": number("partner", "tier"), "of": "self", "op": "is_any_of", "v": ["platinum"]}
        )
        editing.save(gold, name="Gold", description="", kind="dynamic", tree=tree, by=ADA)
    assert lets_in(later, pat)


def test_another_workspace_sees_no_audience_of_this_one(globex, inside, audience, gold, eve):
    gate = audience("everyone")
    with inside(globex):
        viewer = viewer_of(Contact.objects.select_related("partner").get(pk=eve.pk))
        assert not allows(gate, viewer)


def test_reach_counts_people_for_every_gate_in_one_query(
    acme, inside, audience, gold, silver, pat, sam, kim, django_assert_num_queries
):
    gates = [
        audience("everyone"), audience("only", gold), audience("only", gold, silver),
        audience("except", gold), audience("nobody"), audience("only"),
    ]  # fmt: skip
    with inside(acme), django_assert_num_queries(2):
        found = uses.reach(gates)
    assert [found[gate.pk].count for gate in gates] == [3, 1, 2, 2, 0, 0]
    assert {reach.total for reach in found.values()} == {3}


def test_reach_says_the_same_as_asking_everybody(
    acme, inside, audience, lets_in, gold, silver, pat, sam, kim
):
    for mode in ("only", "except", "everyone", "nobody"):
        gate = audience(mode, gold)
        with inside(acme):
            count = uses.reach([gate])[gate.pk].count
        assert count == sum(lets_in(gate, who) for who in (pat, sam, kim))


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        ("everyone", "Everyone"),
        ("only", "Only Gold partners or Silver partners"),
        ("except", "Everyone except Gold partners or Silver partners"),
        ("nobody", "Nobody"),
    ],
)
def test_an_audience_in_words(acme, inside, audience, gold, silver, mode, text):
    gate = audience(mode, silver, gold)
    with inside(acme):
        words = uses.in_words(gate)
    assert (words.text, words.gated) == (text, mode != "everyone")


class TestPicker:
    def form(self, audience, **data):
        return AudienceForm({f"audience-{key}": value for key, value in data.items()}, instance=audience)

    def test_it_saves_mode_segments_and_grace(self, acme, inside, audience, gold, silver):
        gate = audience("only", gold)
        with inside(acme):
            form = self.form(gate, mode="except", segments=[str(silver.pk)], grace_days="7")
            assert form.is_valid(), form.errors
            form.save()
            gate.refresh_from_db()
            assert (gate.mode, gate.grace_days) == ("except", 7)
            assert [row.segment.name for row in gate.named.all()] == ["Silver partners"]

    @pytest.mark.parametrize("mode", ["everyone", "nobody"])
    def test_a_mode_without_segments_names_none(self, acme, inside, audience, gold, mode):
        gate = audience("only", gold)
        with inside(acme):
            form = self.form(gate, mode=mode, segments=[str(gold.pk)])
            assert form.is_valid()
            form.save()
            assert not gate.named.exists()

    @pytest.mark.parametrize("mode", ["only", "except"])
    def test_a_mode_with_segments_needs_one(self, acme, inside, audience, mode):
        with inside(acme):
            form = self.form(audience("everyone"), mode=mode)
            assert not form.is_valid()
            assert "Choose at least one segment" in form.errors["segments"][0]

    def test_a_forged_id_is_refused(self, acme, globex, inside, audience, gold):
        with inside(globex):
            foreign = Segment.objects.first()
        assert foreign
        with inside(acme):
            for forged in (str(foreign.pk), "x", "00000000-0000-0000-0000-000000000000"):
                assert not self.form(audience("everyone"), mode="only", segments=[forged]).is_valid()

    def test_an_archived_segment_that_is_named_stays_named(self, acme, inside, audience, gold):
        gate = audience("only", gold)
        with inside(acme):
            editing.archive(gold, by=ADA)
            form = AudienceForm(instance=gate)
            assert form.closed == [gold]
            assert str(gold.pk) in form.offered
