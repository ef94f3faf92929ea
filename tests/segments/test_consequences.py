"""What opens and closes for people before anything is saved, and who is asked where it is much."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.quotes.models import QuoteSettings
from segments import consequences, editing, moving, permissions
from segments.engine.exceptions import set_exception
from segments.models import AudienceSegment, Level, Permission, Segment
from segments.notifications import set_levels
from segments.rules.tree import new_tree
from segments.versions import scheduling
from tests.conftest import make_contact, make_partner
from tests.segments.conftest import ADA


def lines(found):
    """Who loses and who gains what, as the page tells it."""
    lost = [f"{', '.join(one.lost.names)} {one.losing} {one.what}" for one in found.losses]
    gained = [f"{', '.join(one.gained.names)} {one.gaining} {one.what}" for one in found.gains]
    return [*lost, *gained]


def shown(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


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
            return lines(consequences.of(moves, consequences.Said(**said)))

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


class TestLists:
    """Whoever asks for a picked list follows it, and that is told as well."""

    @pytest.fixture
    def friends(self, make_segment, brightpath, kestrel):
        return make_segment("Friends", kind="static", members=[brightpath.pk, kestrel.pk])

    @pytest.fixture
    def of_list(self, acme, inside, friends):
        def tell(*partners):
            with inside(acme):
                friends.refresh_from_db()
                return lines(consequences.of(moving.by_list(friends, [one.pk for one in partners])))

        return tell

    @pytest.mark.parametrize("level", ["partner", "contact"])
    def test_rules_that_ask_for_it_follow(
        self, acme, inside, of_list, friends, quotes_only_for, brightpath, kestrel, pat, sam, level
    ):
        of = "self" if level == "partner" else "partner"
        asks = {"p": "segments", "of": of, "op": "in_none", "v": [str(friends.pk)]}
        with inside(acme):
            who = {"level": level, "kind": "dynamic", "name": "Others", "by": ADA}
            others = editing.create(tree=new_tree(level, asks), **who)
            deeper = {"p": "segments", "of": "self", "op": "in_any", "v": [str(others.pk)]}
            who["name"] = "Others, by another name"
            quotes_only_for(editing.create(tree=new_tree(level, deeper), **who))
        assert of_list(brightpath) == ["Sam gains quote creation"]
        assert of_list(brightpath, kestrel) == []

    def test_who_has_an_exception_there_stays(
        self, acme, inside, of_list, friends, quotes_only_for, brightpath, kestrel, pat, sam
    ):
        asks = {"p": "segments", "of": "self", "op": "in_any", "v": [str(friends.pk)]}
        with inside(acme):
            who = {"level": "partner", "kind": "dynamic", "name": "Friends of rule", "by": ADA}
            ruled = editing.create(tree=new_tree("partner", asks), **who)
            set_exception(ruled, kestrel, included=True, reason="Trial", by=ADA)
        quotes_only_for(ruled)
        assert of_list() == ["Pat loses quote creation"]


class TestGoing:
    @pytest.fixture
    def without(self, acme, inside, gold):
        def tell(instead=None):
            with inside(acme):
                gold.refresh_from_db()
                return lines(consequences.of_going(gold, instead=instead))

        return tell

    def test_what_it_opens_closes_unless_another_takes_its_place(
        self, without, gold, make_segment, quotes_only_for, pat, sam
    ):
        silver = make_segment("Silver", ("tier", "is_any_of", ["silver"]))
        quotes_only_for(gold)
        assert without() == ["Pat loses quote creation"]
        assert without(silver) == ["Pat loses quote creation", "Sam gains quote creation"]

    def test_an_exception_to_everyone_closes_for_everyone(
        self, without, gold, make_segment, quotes_only_for, pat, sam
    ):
        silver = make_segment("Silver", ("tier", "is_any_of", ["silver"]))
        quotes_only_for(gold, mode="except")
        assert without() == ["Sam loses quote creation"]
        assert without(silver) == ["Sam loses quote creation", "Pat gains quote creation"]

    def test_rules_that_ask_for_it_follow(
        self, acme, inside, as_user, ada, without, gold, make_segment, quotes_only_for, pat, sam
    ):
        silver = make_segment("Silver", ("tier", "is_any_of", ["silver"]))
        asks = {"p": "segments", "of": "partner", "op": "in_any", "v": [str(gold.pk)]}
        with inside(acme):
            who = {"level": "contact", "kind": "dynamic", "name": "People there", "by": ADA}
            quotes_only_for(editing.create(tree=new_tree("contact", asks), **who))
        assert without() == ["Pat loses quote creation"]
        assert without(silver) == ["Pat loses quote creation", "Sam gains quote creation"]

        many = as_user(ada).post("/acme/settings/segments/archiving/", {"pick": [str(gold.pk)]})
        assert "1 person loses quote creation" in shown(many)
        address = f"/acme/settings/segments/{gold.pk}/removal/"
        assert shown(as_user(ada).get(address)).count("1 person loses quote creation") == 1
        looked = shown(as_user(ada).post(address, {"do": "look", "replacement": str(silver.pk)}))
        assert "1 person gains quote creation" in looked
        with inside(acme):
            assert Segment.objects.get(pk=gold.pk).archived_at is None


def test_a_new_segment_tells_what_its_permissions_do(acme, inside, as_user, ada, number, pat, sam):
    rule = {"name": "Kept short", "level": "partner", "kind": "dynamic", "g:": "all", "do": "preview"}
    rule |= {"c:0:field": f"self:{number('partner', 'tier')}", "c:0:op": "is_any_of", "c:0:v": "gold"}
    client, address = as_user(ada), "/acme/settings/segments/new/"
    assert "If you save" not in shown(client.post(address, rule))
    said = shown(client.post(address, rule | {"permissions-restricted": "restricted"}))
    assert "1 joins Brightpath" in said
    assert "1 person no longer sees everything of their company Pat" in said


def test_a_scheduled_change_tells_what_it_would_do_today(
    acme, inside, as_user, ada, gold, rule, quotes_only_for, pat, sam
):
    quotes_only_for(gold)
    with inside(acme):
        later = timezone.now() + timedelta(days=3)
        scheduling.schedule(gold, tree=rule("silver"), at=later, by=ADA)
    page = shown(as_user(ada).get(f"/acme/settings/segments/{gold.pk}/versions/"))
    assert "As things are today: 1 joins Kestrel 1 leaves Brightpath" in page
    assert "1 person loses quote creation Pat" in page


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
    text = shown(asked)
    assert asked.status_code == 422
    assert "this changes a lot at once" in text
    assert re.search(r"20 leave Gold 0, Gold 1, Gold 10, Gold 11 and 16 more", text)
    assert re.search(r"20 people lose quote creation", text)
    with inside(acme):
        assert Segment.objects.get(pk=gold.pk).builds.count() == 1

    assert client.post(address, {**rule, "do": "save-sure"}).status_code == 302
    with inside(acme):
        assert Segment.objects.get(pk=gold.pk).builds.count() == 2
