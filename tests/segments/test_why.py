"""Why somebody is in or not: the value found, its source and age, what overrules the rule, and the nearest miss."""

import pytest
from django.core.management import CommandError, call_command

from segments.engine.exceptions import set_exception
from segments.models import Segment
from segments.why import Why
from workspaces.actors import Actor
from workspaces.properties import set_properties

ADA = Actor("team", "ada", "Ada")


@pytest.fixture
def admins(make_segment):
    return make_segment(
        "Gold admins",
        ("role", "is_any_of", ["admin"]),
        ("partner.tier", "is_any_of", ["gold"]),
        level="contact",
    )


@pytest.fixture
def told(acme, capsys):
    def ask(segment, who):
        call_command("explain_segment", segment, who, "--workspace=acme")
        return capsys.readouterr().out

    return ask


def test_it_tells_what_holds_what_does_not_and_what_would_have_to_change(
    acme, inside, admins, pat, sam, told
):
    out = told("Gold admins", "sam@example.com")

    assert out.startswith("Sam is not in “Gold admins”.\n✗ All of these\n")
    assert "  ✗ Role is Admin (it is Sales rep, from Portal" in out
    assert "  ✗ Partner’s tier is Gold (it is Silver, from Portal" in out
    assert out.endswith("Would be in if role were Admin and partner’s tier were Gold.\n")


def test_it_tells_since_when_and_what_keeps_them_in(acme, inside, admins, pat, told):
    out = told("gold admins", "pat@example.com")

    assert out.startswith("Pat is in “Gold admins”.\nSince ")
    assert "  ✓ Role is Admin (it is Admin, from Portal" in out
    assert out.endswith("Would be out if role were not Admin, or if partner’s tier were not Gold.\n")


def test_an_exception_decides_and_the_rule_has_no_nearest_miss(acme, inside, admins, sam, told):
    with inside(acme):
        set_exception(admins, sam, included=True, reason="Pilot", by=ADA)
    out = told("Gold admins", "sam@example.com")

    assert out.startswith("Sam is in “Gold admins”.\nSince ")
    assert "An exception has them in, whatever the rule says." in out
    assert "Would be" not in out


def test_the_source_names_who_set_the_value(acme, inside, admins, pat):
    with inside(acme):
        set_properties(pat, {"role": "sales_rep"}, by=ADA)
        why = Why(Segment.objects.get(pk=admins.pk), pat, member=None)
        role = why.tree.items[0]

        assert (role.holds, role.found, role.source) == (False, "Sales rep", "Portal, by Ada")
        assert role.since is not None


def test_nobody_and_nothing_are_told_apart(admins, pat, told):
    with pytest.raises(CommandError, match="No segment is called “Silver”"):
        told("Silver", "pat@example.com")
    with pytest.raises(CommandError, match=r"“x@example\.com” is no contact"):
        told("Gold admins", "x@example.com")
