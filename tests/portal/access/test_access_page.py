"""The Access pages: what somebody is in and why, may do, and finds; and who finds something."""

import pytest

from portal.experiences import editing as experience_editing
from portal.experiences import publishing
from portal.experiences.models import Experience
from portal.profile.models import ProfileLayout
from portal.quotes.models import QuoteSettings
from segments import editing as segments
from segments.engine import exceptions
from segments.models import Segment
from segments.permissions import set_permissions
from segments.rules.tree import new_tree
from tests.conftest import make_member
from workspaces import invitations
from workspaces.actors import SYSTEM, Actor
from workspaces.models import Property
from workspaces.properties import set_properties


def page_of(client, contact):
    answer = client.get(f"/acme/settings/contacts/{contact.pk}/access/")
    assert answer.status_code == 200
    return answer.text


@pytest.fixture
def prices(acme, inside, gold, narrow):
    """A published portal whose second tab is for gold partners."""
    with inside(acme):
        experience = experience_editing.create_experience(name="Portal", by=SYSTEM)
        tab = experience_editing.add_tab(experience, title="Prices", by=SYSTEM)
        experience_editing.add_section(tab, kind="rich_text", title="List", body="Secret list", by=SYSTEM)
    narrow(tab.audience, "only", gold)
    with inside(acme):
        experience = Experience.objects.get(pk=experience.pk)
        publishing.publish(experience, seen=experience.draft_number, by=SYSTEM)
        return experience.tabs.published().get(title="Prices")


def test_it_says_in_what_they_are_since_when_and_why(pat, sam, gold, ada, as_user):
    inside, outside = page_of(as_user(ada), pat), page_of(as_user(ada), sam)
    assert "In 2 segments" in inside
    assert "Fitted when the segment was made" in inside
    assert "It is Gold, from Portal, set" in inside
    assert 'class="holds"' in inside
    assert "Does not fit" in outside
    assert "It is Silver" in outside


def test_a_change_of_a_property_is_the_reason(acme, inside, sam, kestrel, gold, ada, as_user, change):
    change(kestrel, tier="gold")
    assert "Tier went from Silver to Gold" in page_of(as_user(ada), sam)


def test_it_says_what_holds_who_decided_and_what_lost(acme, inside, pat, gold, ada, as_user):
    with inside(acme):
        set_permissions(gold, invite="allow", restricted=False)
        set_permissions(Segment.objects.get(built_in_key="role:admin"), invite="deny", restricted=True)
    page = page_of(as_user(ada), pat)
    assert "Not allowed" in page
    assert "Only what they collaborate on" in page
    assert "<s>tier is gold</s>" in page
    assert "<s>the workspace’s default</s>" in page


def test_what_is_hidden_names_the_gate_and_the_segment(pat, sam, prices, ada, as_user):
    inside, outside = page_of(as_user(ada), pat), page_of(as_user(ada), sam)
    assert "2 of 2 tabs" in inside
    assert "In “tier is gold”" in inside
    assert "1 of 2 tabs" in outside
    assert "Only tier is gold. In none of them." in outside
    assert "List" not in outside  # of a tab that is closed its sections say nothing more


def test_it_says_who_may_quote_and_edit(acme, inside, sam, gold, narrow, ada, as_user):
    with inside(acme):
        gates = [QuoteSettings.ensure().audience, ProfileLayout.ensure().audience]
    for gate in gates:
        narrow(gate, "only", gold)
    page = page_of(as_user(ada), sam)
    assert "Edits 0 of 1 properties" in page
    assert page.count("Only tier is gold. In none of them.") == 2


def test_it_agrees_with_the_portal_for_everybody(pat, sam, kim, prices, ada, as_user):
    """What the page says of a tab is what the tab's address answers."""
    for contact in (pat, sam, kim):
        opens = as_user(contact).get(f"/acme/tabs/{prices.key}/").status_code == 200
        assert ("2 of 2 tabs" in page_of(as_user(ada), contact)) is opens


def test_of_a_suspended_contact_it_says_so_and_offers_no_view(acme, inside, sam, ada, as_user):
    with inside(acme):
        invitations.suspend(sam)
    page = page_of(as_user(ada), sam)
    assert "Suspended: the portal is closed to them" in page
    assert "30 minutes" not in page


def test_the_partners_page_has_its_segments_and_who_edits(pat, brightpath, gold, ada, as_user):
    page = as_user(ada).get(f"/acme/settings/partners/{brightpath.pk}/access/").text
    assert "In 1 segment" in page
    assert "It is Gold" in page
    assert "Pat" in page
    overview = as_user(ada).get(f"/acme/settings/partners/{brightpath.pk}/").text
    assert f"/acme/settings/partners/{brightpath.pk}/access/" in overview


@pytest.mark.parametrize("count", [1, 12])
def test_it_costs_the_same_with_one_segment_and_more(
    acme, inside, pat, gold, ada, as_user, count, django_assert_num_queries
):
    with inside(acme):
        for n in range(count):
            tree = gold.builds.get().tree
            segments.create(level="partner", kind="dynamic", name=f"S{n:02}", tree=tree, by=SYSTEM)
    client = as_user(ada)
    page_of(client, pat)
    with django_assert_num_queries(QUERIES):
        page_of(client, pat)


@pytest.mark.parametrize("count", [1, 12])
def test_nor_do_more_tabs_and_gates(acme, inside, pat, gold, narrow, ada, as_user, count, statements):
    with inside(acme):
        experience = experience_editing.create_experience(name="Portal", by=SYSTEM)
        tabs = [experience_editing.add_tab(experience, title=f"T{n}", by=SYSTEM) for n in range(count)]
        for tab in tabs:
            experience_editing.add_section(tab, kind="rich_text", title="x", body="x", by=SYSTEM)
        layout = ProfileLayout.ensure()
        layout.fields.update(editable=True)
    for tab in tabs:
        narrow(tab.audience, "only", gold)
    with inside(acme):
        publishing.publish(Experience.objects.get(), seen=Experience.objects.get().draft_number, by=SYSTEM)
    asked, _ = statements(as_user(ada), f"/acme/settings/contacts/{pat.pk}/access/", "experiences_tab")
    assert asked == QUERIES_WITH_A_PORTAL


QUERIES = 55
QUERIES_WITH_A_PORTAL = 58


class TestGate:
    def address(self, thing):
        return f"/acme/settings/gates/{thing.audience_id}/"

    def test_it_names_those_who_get_through_and_nobody_else(self, pat, sam, prices, ada, as_user):
        page = as_user(ada).get(self.address(prices)).text
        assert "pat@example.com" in page
        assert "sam@example.com" not in page
        assert "<b>1</b> of 2 contacts" in page

    def test_a_section_is_seen_by_those_who_see_its_tab_too(
        self, acme, inside, pat, sam, prices, ada, as_user
    ):
        with inside(acme):
            section = prices.sections.get()
        page = as_user(ada).get(self.address(section)).text
        assert "pat@example.com" in page
        assert "sam@example.com" not in page

    def test_who_left_within_the_days_of_grace_still_counts(
        self, acme, inside, pat, brightpath, prices, ada, as_user
    ):
        with inside(acme):
            prices.audience.grace_days = 3
            prices.audience.save()
            set_properties(brightpath, {"tier": "silver"}, by=SYSTEM)
        assert as_user(pat).get(f"/acme/tabs/{prices.key}/").status_code == 200
        assert "pat@example.com" in as_user(ada).get(self.address(prices)).text

    def test_the_suspended_are_not_counted(self, acme, inside, pat, prices, ada, as_user):
        with inside(acme):
            invitations.suspend(pat)
        assert "Nobody gets through" in as_user(ada).get(self.address(prices)).text

    def test_it_can_be_searched(self, pat, prices, ada, as_user):
        assert "pat@example.com" in as_user(ada).get(self.address(prices) + "?q=bright").text
        assert "No contact here is called" in as_user(ada).get(self.address(prices) + "?q=zzz").text

    def test_an_audience_that_nothing_asks_is_not_there(self, acme, inside, ada, as_user):
        from segments.models import Audience

        with inside(acme):
            lone = Audience.objects.create()
        assert as_user(ada).get(f"/acme/settings/gates/{lone.pk}/").status_code == 404

    def test_the_builder_leads_there(self, acme, inside, prices, ada, as_user):
        with inside(acme):
            draft = prices.experience.tabs.draft().get(title="Prices")
        page = as_user(ada).get(f"/acme/settings/experiences/{prices.experience_id}/tabs/{draft.key}/").text
        assert f"/acme/settings/gates/{draft.audience_id}/" in page


def test_a_viewer_reads_the_page_and_cannot_look_as_them(acme, pat, as_user):
    page = page_of(as_user(make_member(acme, "vera", "viewer")), pat)
    assert "Only who may change this contact can look as them" in page


def test_contacts_have_no_business_here(pat, as_user):
    assert as_user(pat).get(f"/acme/settings/contacts/{pat.pk}/access/").status_code == 404


def test_an_exception_decides_and_says_who_made_it(acme, inside, sam, kestrel, gold, ada, as_user):
    with inside(acme):
        exceptions.set_exception(
            gold, kestrel, included=True, reason="Asked for by phone", by=Actor.of_member(ada)
        )
    page = page_of(as_user(ada), sam)
    assert "Always in" in page
    assert "Asked for by phone" in page
    assert "It is Silver" in page


def test_the_roles_lead_to_their_permissions(acme, inside, ada, as_user):
    with inside(acme):
        role = Segment.objects.get(built_in_key="role:sales_rep")
    assert f"/acme/settings/segments/{role.pk}/#permissions" in as_user(ada).get("/acme/settings/roles/").text


def test_it_says_what_would_have_to_change_for_the_other_answer(acme, inside, ada, sam, as_user):
    with inside(acme):
        tier = Property.objects.get(level="partner", key="tier").number
        tree = new_tree("partner", {"p": tier, "of": "self", "op": "is_any_of", "v": ["gold"]})
        gold = segments.create(level="partner", kind="dynamic", name="Gold", tree=tree, by=SYSTEM)
        asked = {"p": "segments", "of": "partner", "op": "in_any", "v": [str(gold.pk)]}
        tree = new_tree("contact", asked)
        segments.create(level="contact", kind="dynamic", name="Theirs", tree=tree, by=SYSTEM)
    text = as_user(ada).get(f"/acme/settings/contacts/{sam.pk}/access/").text

    assert "Would be in if tier were Gold." in text
    assert "Would be in if partner’s tier were Gold." in text
    assert "One condition alone keeps them in: would be out if role were not Sales rep." in text
