"""What opens and closes for people before anything is saved, and who is asked where it is much."""

import re

import pytest

from portal.quotes.models import QuoteSettings
from segments import consequences, editing, moving, permissions
from segments.models import AudienceSegment, Level, Permission, Segment
from segments.notifications import set_levels
from segments.rules.tree import new_tree
from tests.conftest import make_contact, make_partner
from tests.segments.conftest import ADA


@pytest.fixture
def rule(number):
    def write(*tiers):
        leaf = {"p": number("partner", "tier"), "of": "self", "op": "is_any_of", "v": list(tiers)}
        return new_tree("partner", leaf)

    return write


@pytest.fixture
def told(acme, inside, gold, rule):
    """Of a rule, or of what the form says beside it: lines as the page tells them."""

    def tell(tree=None, **said):
        with inside(acme):
            gold.refresh_from_db()
            moves = moving.by_rule(gold, tree or rule("gold"))
            found = consequences.of(moves, consequences.Said(**said))
            lost = [f"{', '.join(one.lost.names)} {one.losing} {one.what}" for one in found.losses]
            gained = [f"{', '.join(one.gained.names)} {one.gaining} {one.what}" for one in found.gains]
            return [*lost, *gained]

    return tell


@pytest.fixture
def quotes_only_for(acme, inside):
    def narrow(segment, mode="only", **more):
        with inside(acme):
            audience = QuoteSettings.ensure().audience
            audience.mode = mode
            for name, value in more.items():
                setattr(audience, name, value)
            audience.save()
            AudienceSegment.objects.create(audience=audience, segment=segment)

    return narrow


def test_a_gate_opens_for_who_joins_and_closes_for_who_leaves(told, rule, gold, quotes_only_for, pat, sam):
    quotes_only_for(gold)
    assert told(rule("silver")) == ["Pat loses quote creation", "Sam gains quote creation"]
    assert told(rule("gold", "silver")) == ["Sam gains quote creation"]
    assert told() == []


def test_an_exception_to_everyone_turns_it_round(told, rule, gold, quotes_only_for, pat, sam):
    quotes_only_for(gold, mode="except")
    assert told(rule("silver")) == ["Sam loses quote creation", "Pat gains quote creation"]


def test_it_follows_to_segments_that_ask_for_this_one(
    acme, inside, told, rule, gold, quotes_only_for, pat, sam
):
    asks = {"p": "segments", "of": "partner", "op": "in_any", "v": [str(gold.pk)]}
    with inside(acme):
        who = {"level": "contact", "kind": "dynamic", "name": "People there", "by": ADA}
        people = editing.create(tree=new_tree("contact", asks), **who)
    quotes_only_for(people)
    assert told(rule("silver")) == ["Pat loses quote creation", "Sam gains quote creation"]


def test_who_is_in_by_another_named_segment_keeps_it(
    acme, inside, told, rule, gold, quotes_only_for, make_segment, pat, sam
):
    quotes_only_for(gold)
    other = make_segment("Admins", ("role", "is_any_of", ["admin"]), level="contact")
    with inside(acme):
        AudienceSegment.objects.create(audience=QuoteSettings.ensure().audience, segment=other)
    assert told(rule("silver")) == ["Sam gains quote creation"]


def test_days_of_grace_are_said(acme, inside, gold, rule, quotes_only_for, pat):
    quotes_only_for(gold, grace_days=3)
    with inside(acme):
        gold.refresh_from_db()
        found = consequences.of(moving.by_rule(gold, rule("platinum")))
        assert [one.note for one in found.losses] == ["after 3 days of grace"]


def test_permissions_and_news_follow_membership_and_the_form(acme, inside, told, rule, gold, pat, sam):
    denied = Permission(segment=gold, invite="deny", restricted=True)
    assert told(permission=denied) == [
        "Pat may no longer invite colleagues",
        "Pat no longer sees everything of their company",
    ]
    with inside(acme):
        permissions.set_permissions(gold, invite="deny", restricted=False)
        set_levels(gold, {("quotes.created", "portal"): Level.OFF})
    assert told(rule("silver")) == [
        "Sam may no longer invite colleagues",
        "Sam hears no more of “A colleague made a quote” in the portal",
        "Pat may invite colleagues",
        "Pat hears of “A colleague made a quote” in the portal",
    ]
    assert told(levels={("quotes.created", "portal"): None}) == [
        "Pat hears of “A colleague made a quote” in the portal"
    ]


def test_what_changes_for_many_is_asked_about_and_saved_when_it_is_meant(
    acme, inside, ada, as_user, gold, number, quotes_only_for
):
    quotes_only_for(gold)
    for n in range(20):
        make_contact(acme, f"rep{n}", make_partner(acme, f"Gold {n}", tier="gold"))
    address, client = f"/acme/settings/segments/{gold.pk}/", as_user(ada)
    rule = {"name": gold.name, "kind": "dynamic", "g:": "all", "c:0:op": "is_any_of", "c:0:v": "silver"}
    rule["c:0:field"] = f"self:{number('partner', 'tier')}"

    asked = client.post(address, {**rule, "do": "save"})
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", asked.text))
    assert asked.status_code == 422
    assert "this changes a lot at once" in text
    assert re.search(r"20 leave Gold 0, Gold 1, Gold 10, Gold 11 and 16 more", text)
    assert re.search(r"20 people lose quote creation", text)
    with inside(acme):
        assert Segment.objects.get(pk=gold.pk).builds.count() == 1

    assert client.post(address, {**rule, "do": "save-sure"}).status_code == 302
    with inside(acme):
        assert Segment.objects.get(pk=gold.pk).builds.count() == 2
