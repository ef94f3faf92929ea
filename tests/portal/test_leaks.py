"""Whatever is published for an audience, or belongs to a partner: who is outside finds no trace of it, anywhere.

Every gated model has a row here; the row makes one that only gold partners may see, holding a word that could
leak, and names the pages where it could. Every owned model has one too, made by Pat for Pat's partner: there a
restricted colleague is outside as much as another partner.
"""

import uuid
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from portal.deals import attributed
from portal.deals import collaborators as deal_collaborators
from portal.deals.models import AttributedRecord
from portal.experiences import editing, publishing
from portal.experiences.models import Experience, Section, Tab
from portal.profile.models import ProfileLayout
from portal.quotes import collaborators, drafts
from portal.quotes.models import Quote, QuoteSettings
from segments import editing as segments
from segments.audience import Gated, Owned
from segments.models import Audience, AudienceSegment, Segment
from segments.permissions import set_permissions
from segments.rules.tree import new_tree
from tests.conftest import make_contact
from workspaces.actors import SYSTEM
from workspaces.properties import create_partner, properties_of, set_properties
from workspaces.tenancy import workspace_transaction

SECRET = "Zephyrine"  # in the title and the text of what is gated


@dataclass
class Leak:
    """`shown_at` answers 200 with `mark` for who is inside; outside it answers 404 where `hidden`, else 200 without."""

    shown_at: str
    mark: str
    hidden: bool


def gold_only(audience):
    audience.mode = Audience.Mode.ONLY
    audience.save(update_fields=["mode"])
    AudienceSegment.objects.create(audience=audience, segment=Segment.objects.get(name="Gold partners"))


def publish(experience):
    experience = Experience.objects.get(pk=experience.pk)
    publishing.publish(experience, seen=experience.draft_number, by=SYSTEM)


def a_tab():
    experience = editing.create_experience(name="Portal", by=SYSTEM)
    tab = editing.add_tab(experience, title=f"{SECRET} tab", by=SYSTEM)
    editing.add_section(tab, kind="rich_text", title="Inside", body="Text", by=SYSTEM)
    gold_only(tab.audience)
    publish(experience)
    return Leak(f"/acme/tabs/{tab.key}/", f"{SECRET} tab", hidden=True)


def a_section():
    experience = editing.create_experience(name="Portal", by=SYSTEM)
    tab = experience.tabs.draft().get()
    section = editing.add_section(tab, kind="rich_text", title=f"{SECRET} section", body=SECRET, by=SYSTEM)
    gold_only(section.audience)
    publish(experience)
    return Leak(f"/acme/tabs/{tab.key}/", SECRET, hidden=False)


def the_making_of_quotes():
    gold_only(QuoteSettings.ensure().audience)
    return Leak("/acme/quotes/new/", 'name="customer"', hidden=True)


def the_editing_of_profiles():
    gold_only(ProfileLayout.ensure().audience)
    return Leak("/acme/profile/", 'name="website"', hidden=False)


LEAKS: dict[type[Gated], Any] = {
    Tab: a_tab,
    Section: a_section,
    QuoteSettings: the_making_of_quotes,
    ProfileLayout: the_editing_of_profiles,
}
# Where the word must not be either: pages and fragments that every contact may open.
EVERYWHERE = [
    "/acme/",
    "/acme/tabs/",
    "/acme/tabs/?current=home&known=",
    "/acme/quotes/",
    "/acme/deals/",
    "/acme/leads/",
    "/acme/profile/",
    "/acme/notifications/",
    "/acme/notifications/bell/",
]


def test_every_gated_model_has_a_row():
    assert set(LEAKS) == set(Gated.__subclasses__())


@pytest.fixture(params=LEAKS.values(), ids=[model.__name__ for model in LEAKS])
def leak(request, acme):
    with workspace_transaction(acme):
        tier = properties_of("partner")["tier"].number
        condition = {"p": tier, "of": "self", "op": "is_any_of", "v": ["gold"]}
        segments.create(
            level="partner",
            kind="dynamic",
            name="Gold partners",
            tree=new_tree("partner", condition),
            by=SYSTEM,
        )
        return request.param()


def test_inside_it_is_there(leak, pat, as_user):
    response = as_user(pat).get(leak.shown_at)
    assert response.status_code == 200
    assert leak.mark in response.content.decode()


@pytest.mark.parametrize("who", ["sam", "kim"])
def test_outside_it_does_not_exist(leak, who, request, as_user):
    client = as_user(request.getfixturevalue(who))
    response = client.get(leak.shown_at)
    assert response.status_code == (404 if leak.hidden else 200)
    for address in [leak.shown_at, *EVERYWHERE]:
        for headers in ({}, {"HX-Request": "true", "HX-Request-Type": "partial"}):
            assert leak.mark not in client.get(address, headers=headers).content.decode(), address


def test_of_another_workspace_nothing_is_to_be_seen(leak, eve, as_user):
    for address in [leak.shown_at, *EVERYWHERE]:
        assert as_user(eve).get(address).status_code == 404


def test_who_lost_it_a_moment_ago_has_lost_it(leak, pat, brightpath, acme, as_user):
    client = as_user(pat)
    assert client.get(leak.shown_at).status_code == 200
    with workspace_transaction(acme):
        set_properties(brightpath, {"tier": "silver"}, by=SYSTEM)
    response = client.get(leak.shown_at)
    assert response.status_code == (404 if leak.hidden else 200)
    assert leak.mark not in response.content.decode()


def test_an_archived_segment_closes_what_it_opened(leak, pat, acme, as_user):
    with workspace_transaction(acme):
        segments.archive(Segment.objects.get(name="Gold partners"), by=SYSTEM)
    response = as_user(pat).get(leak.shown_at)
    assert response.status_code == (404 if leak.hidden else 200)
    assert leak.mark not in response.content.decode()


@dataclass
class Record:
    """`shown_at` answers 200 to who may see it; `acting` are the addresses that do something with it."""

    shown_at: str
    listed_at: str
    acting: list[str]
    let_in: Any  # adds a contact to it
    amounts: list[str]  # as pages would say what it comes to


def a_quote(pat):
    line = {"pk": None, "product": None, "title": SECRET, "quantity": Decimal(1), "unit_price": Decimal(97)}
    head = {"customer": SECRET, "currency": "EUR", "note": SECRET}
    lines = [{**line, "discount": Decimal(0)}]
    quote = drafts.create_quote(by=pat, form_key=uuid.uuid4(), head=head, lines=lines)
    address = f"/acme/quotes/{quote.pk}/"
    acting = [f"{address}{tail}/" for tail in ("draft", "sending", "collaborators")]
    acting.append(f"{address}collaborators/{pat.pk}/removal/")
    add = partial(collaborators.add, quote, by=pat)
    return Record(address, "/acme/quotes/", acting, add, ["97.00", "1 quote<"])


def attributed_to(pat, level, **values):
    """In the one stage that has anything in it; sold by the partner, or where another sells it, through it."""
    other = create_partner({"name": "Another seller"}, by=SYSTEM)
    through = values.pop("through", False)
    partner, distributor = (other, pat.partner) if through else (pat.partner, None)
    values = {"name": SECRET, "amount": {"amount": "97.05", "currency": "EUR"}, **values}
    record = attributed.create(level, values, partner=partner, distributor=distributor, by=SYSTEM)
    deal_collaborators.add(record, pat, by=SYSTEM)
    address = f"/acme/{level}s/{record.pk}/"
    acting = [f"{address}collaborators/", f"{address}collaborators/{pat.pk}/removal/"]
    add = partial(deal_collaborators.add, record, by=SYSTEM)
    return Record(address, f"/acme/{level}s/", acting, add, ["€97", f"1 {level}<", "1 open"])


OWNED: dict[type[Owned], Any] = {
    Quote: {"quote": a_quote},
    AttributedRecord: {
        "deal": partial(attributed_to, level="deal"),
        "lead": partial(attributed_to, level="lead"),
        "deal through the partner": partial(attributed_to, level="deal", through=True),
    },
}
MAKERS = {name: maker for makers in OWNED.values() for name, maker in makers.items()}
SEARCHES = [
    f"/acme/quotes/?q={SECRET[:5]}",
    "/acme/quotes/?q=1001",
    "/acme/quotes/?status=draft",
    f"/acme/deals/?q={SECRET[:5]}",
    "/acme/deals/?stage=qualification&state=open",
    "/acme/leads/?stage=new",
    "/acme/leads/?mine=1",
]


def test_every_owned_model_has_a_row_and_says_who_collaborates():
    assert set(OWNED) == set(Owned.__subclasses__())
    for model in OWNED:
        assert "collaborated_by" in vars(model), model


@pytest.fixture(params=MAKERS.values(), ids=MAKERS)
def record(request, acme, pat):
    """With a home that shows what there is to show: a tab of every kind of section."""
    with workspace_transaction(acme):
        experience = editing.create_experience(name="Portal", by=SYSTEM)
        for kind in ("quotes", "deals", "leads", "partner_profile"):
            editing.add_section(experience.tabs.draft().get(), kind=kind, by=SYSTEM)
        publish(experience)
        return request.param(pat)


@pytest.fixture
def rita(acme, brightpath):
    """A colleague of Pat who is shown only what she collaborates on."""
    with workspace_transaction(acme):
        role = Segment.objects.get(built_in_key="role:sales_rep")
        set_permissions(role, invite="inherit", restricted=True)
    return make_contact(acme, "rita", brightpath, role="sales_rep")


def test_its_own_people_see_the_record_everywhere(record, pat, as_user):
    client = as_user(pat)
    for address in (record.shown_at, "/acme/", record.listed_at):
        assert SECRET in client.get(address).content.decode(), address


@pytest.mark.parametrize("who", ["rita", "sam"])
def test_outside_the_record_does_not_exist(record, who, request, as_user):
    client = as_user(request.getfixturevalue(who))
    for address in [record.shown_at, *record.acting]:
        answers = [client.get(address), client.post(address)]
        assert {answer.status_code for answer in answers} <= {404, 405}, address
        assert not any(SECRET in answer.content.decode() for answer in answers)
    for address in [*EVERYWHERE, *SEARCHES]:
        for headers in ({}, {"HX-Request": "true", "HX-Request-Type": "partial"}):
            page = client.get(address, headers=headers).content.decode()
            assert SECRET not in page, address
            assert not [amount for amount in record.amounts if amount in page], address


def test_who_is_let_in_sees_the_record(record, rita, acme, as_user):
    with workspace_transaction(acme):
        record.let_in(rita)
    client = as_user(rita)
    for address in (record.shown_at, "/acme/", record.listed_at):
        assert SECRET in client.get(address).content.decode(), address


def test_who_was_restricted_a_moment_ago_is_restricted(record, acme, brightpath, as_user):
    cleo = make_contact(acme, "cleo", brightpath, role="marketing")
    client = as_user(cleo)
    assert client.get(record.shown_at).status_code == 200
    with workspace_transaction(acme):
        role = Segment.objects.get(built_in_key="role:marketing")
        set_permissions(role, invite="inherit", restricted=True)
    assert client.get(record.shown_at).status_code == 404
    assert SECRET not in client.get("/acme/").content.decode()
