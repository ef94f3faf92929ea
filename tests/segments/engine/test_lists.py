import pytest

from segments import editing
from segments.engine import lists
from segments.models import MembershipChange, StaticMember
from tests.segments.conftest import ADA
from workspaces.properties import set_properties


@pytest.fixture
def pilots(make_segment, pat):
    return make_segment("Pilots", level="contact", kind="static", members=[pat.pk])


@pytest.fixture
def set_list(acme, inside):
    def save(segment, *contacts):
        with inside(acme):
            fields = {"name": segment.name, "description": "", "kind": "static"}
            editing.save(segment, members=[contact.pk for contact in contacts], by=ADA, **fields)

    return save


def test_only_the_list_decides(acme, inside, pilots, pat, sam, members_of):
    assert members_of(pilots) == ["Pat"]
    with inside(acme):
        set_properties(pat, {"role": "marketing"}, by=ADA)
    assert members_of(pilots) == ["Pat"]


def test_editing_the_list_moves_members_at_once_and_is_remembered(
    acme, inside, pilots, pat, sam, set_list, members_of, seen_by
):
    set_list(pilots, sam)

    assert members_of(pilots) == ["Sam"]
    assert (seen_by(pat), seen_by(sam)) == ([], ["Pilots"])
    with inside(acme):
        changes = MembershipChange.objects.filter(segment=pilots)
        assert {(c.subject_id, c.joined, c.cause["by"]["label"]) for c in changes} == {
            (pat.pk, False, "Ada"),
            (sam.pk, True, "Ada"),
        }


def test_a_forged_member_of_another_workspace_is_nobody(pilots, eve, set_list, members_of):
    set_list(pilots, eve)
    assert members_of(pilots) == []


def test_a_dynamic_segment_can_be_frozen_and_thawed(
    acme, inside, pat, sam, brightpath, make_segment, members_of
):
    segment = make_segment("Gold people", ("partner.tier", "is_any_of", ["gold"]), level="contact")
    with inside(acme):
        tree = segment.builds.get().tree
        fields = {"name": segment.name, "description": ""}
        editing.save(segment, kind="snapshot", tree=tree, by=ADA, **fields)
        set_properties(brightpath, {"tier": "silver"}, by=ADA)
    assert members_of(segment) == ["Pat"]
    with inside(acme):
        editing.save(segment, kind="dynamic", tree=tree, by=ADA, **fields)
        assert not StaticMember.objects.filter(segment=segment).exists()
    assert members_of(segment) == []


def test_a_snapshot_keeps_who_matched_then(acme, inside, pat, sam, brightpath, make_segment, members_of):
    segment = make_segment(
        "Gold then", ("partner.tier", "is_any_of", ["gold"]), level="contact", kind="snapshot"
    )
    with inside(acme):
        set_properties(brightpath, {"tier": "silver"}, by=ADA)
    assert members_of(segment) == ["Pat"]


def test_pasted_lines_find_people_by_address_or_name(acme, inside, pat, sam):
    with inside(acme):
        set_properties(sam, {"name": "Same Name"}, by=ADA)
        lines = ["PAT@example.com ", "same name,", "", "Pat", "nobody@example.com", "Ghost"]
        found, unmatched = lists.matching("contact", lines)

        assert {contact.email for contact in found} == {"pat@example.com", "sam@example.com"}
        assert unmatched == ["nobody@example.com", "Ghost"]


def test_a_name_that_two_share_is_not_guessed(acme, inside, pat, sam):
    with inside(acme):
        set_properties(sam, {"name": "Pat"}, by=ADA)
        assert lists.matching("contact", ["Pat"]) == ([], ["Pat"])
