# ruff: noqa: F811
"""Two people have the same segment open: nobody's change is taken back without being told."""

import pytest
from django.urls import reverse

from segments import editing
from segments.models import Segment
from segments.rules.tree import new_tree
from tests.segments.test_settings_views import client, page  # noqa: F401
from workspaces.actors import Actor

MAYA = Actor("team", label="Maya")


@pytest.fixture
def segment(make_segment):
    return make_segment("Top", ("tier", "is_any_of", ["gold"]))


@pytest.fixture
def address(segment):
    return "/acme" + reverse("settings:segment", args=[segment.pk])


@pytest.fixture
def maya_saves(acme, inside, segment, number):
    def save(**changes):
        with inside(acme):
            found = Segment.objects.get(pk=segment.pk)
            leaf = {"of": "self", "p": number("partner", "tier"), "op": "is_any_of", "v": ["silver"]}
            tree = new_tree("partner", leaf)
            fields = {"name": found.name, "description": "", "kind": found.kind, "tree": tree, **changes}
            editing.save(found, by=MAYA, **fields)

    return save


def stored(acme, inside, segment):
    with inside(acme):
        found = Segment.objects.get(pk=segment.pk)
        latest = found.builds.order_by("-version").first()
        return found.name, latest.tree["root"]["items"][0]["v"]


def test_a_rule_that_was_saved_meanwhile_is_not_taken_back(page, address, segment, acme, inside, maya_saves):
    page.open(address)
    maya_saves()
    page.fill(name="Renamed")

    assert page.press("save").status_code == 409
    assert "Not saved: Maya saved this segment" in page.html
    assert "Changed: Tier is Gold → Tier is Silver" in page.html
    assert stored(acme, inside, segment) == ("Top", ["silver"])

    # Nobody had touched the rule here, so the form holds the saved one now, and the name as it was typed.
    assert page.press("save").status_code == 200
    assert stored(acme, inside, segment) == ("Renamed", ["silver"])


def test_who_has_seen_the_other_rule_may_put_their_own_in_its_place(
    page, address, segment, acme, inside, maya_saves
):
    page.open(address)
    page.put("c:0:v", "gold", "silver")
    page.press("preview")
    maya_saves()

    assert page.press("save").status_code == 409
    assert "The rule below is yours" in page.html
    page.press("save")
    assert stored(acme, inside, segment) == ("Top", ["gold", "silver"])


def test_between_the_look_and_the_save_the_database_decides(acme, inside, segment, maya_saves):
    with inside(acme):
        seen_at = Segment.objects.get(pk=segment.pk).updated_at
    maya_saves()
    with inside(acme):
        found = Segment.objects.get(pk=segment.pk)
        latest = found.builds.order_by("-version").first()
        with pytest.raises(editing.Overtaken):
            editing.save(
                found,
                name="Mine",
                description="",
                kind=found.kind,
                tree=latest.tree,
                by=MAYA,
                seen_at=seen_at,
            )
    assert stored(acme, inside, segment) == ("Top", ["silver"])


def test_a_made_up_state_counts_as_out_of_date(page, address, segment, acme, inside):
    page.open(address)
    page.fill(name="Renamed", seen="yesterday 1")
    assert page.press("save").status_code == 409
    assert stored(acme, inside, segment) == ("Top", ["gold"])
