"""Ids in the bodies of forms: an object of another workspace, or of another partner, is named by whoever may do
everything at their own place. It does not exist for them, nothing changes anywhere, and no name comes back."""

import uuid
from dataclasses import asdict
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import transaction

from crm_sync.connecting.accounts import connect_hubspot
from crm_sync.connectors.base import CrmField
from crm_sync.mapping.fields import map_field
from crm_sync.models import CrmUser, ExternalRecord, MassChange, OutboxChange
from portal.deals.models import AttributedRecord
from portal.experiences import editing as experience_editing
from portal.experiences import publishing
from portal.experiences.models import Experience
from portal.profile.models import ProfileLayout
from portal.quotes import drafts
from portal.quotes.models import Product
from segments import editing as segment_editing
from segments.models import Segment, StaticMember
from tests.conftest import make_member, make_partner
from tests.walker_objects import everything
from workspaces.actors import SYSTEM
from workspaces.models import Contact, Property, TeamMember
from workspaces.properties import define_properties, properties_of
from workspaces.tenancy import WorkspaceModel, workspace_transaction

NOBODY = str(uuid.UUID(int=7))
MODELS = [model for model in apps.get_models() if issubclass(model, WorkspaceModel)]
THEIR_NAMES = ("Secret", "Evil", "eve@example.com", "Otto", "otto@example.com", "Their field")
FIELD = CrmField(name="website", label="Website", type="string", widget="text")
SPARE = CrmField(name="spare", label="Spare", type="string", widget="text")
KNOWN = {"company": [asdict(FIELD), asdict(SPARE)], "contact": []}


@pytest.fixture
def theirs(globex, otto, eve, settings, tmp_path):
    """One of everything at globex, and a property with a number that acme does not have."""
    settings.MEDIA_ROOT = tmp_path
    with workspace_transaction(globex):
        fields = [
            {"level": "partner", "key": f"their_{n}", "label": "Their field", "type": "text"}
            for n in range(20)
        ]
        prop = define_properties(fields)[-1]
        return {**everything(), "number": prop.number, "their_property": prop.pk}


@pytest.fixture
def ours(acme, pat, sam, kestrel):
    """What acme's own forms stand on; Sam's quote and Kestrel belong to another partner than Pat's."""
    make_member(acme, "walker", "owner")
    with workspace_transaction(acme):
        boss = {"level": "partner", "key": "boss", "label": "Boss", "type": "user"}
        define_properties([boss, {"level": "partner", "key": "motto", "label": "Motto", "type": "text"}])
        static = segment_editing.create(
            level="partner", kind=Segment.Kind.STATIC, name="Own", members=[], by=SYSTEM
        )
        experience = experience_editing.create_experience(name="Own", by=SYSTEM)
        tab = Experience.objects.get(pk=experience.pk).tabs.draft().get()
        layout = ProfileLayout.ensure()
        return {
            "owner": TeamMember.objects.get(user__email="walker@example.com"),
            "pat": pat,
            "sam": sam,
            "partner": pat.partner_id,
            "kestrel": kestrel.pk,
            "segment": static.pk,
            "experience": experience.pk,
            "tab": tab.key,
            "section": tab.sections.get().key,
            "shown_property": layout.fields.get(prop__key="website").prop_id,
            "editable": [str(f.prop_id) for f in layout.fields.filter(editable=True)],
            "quote": _quote(pat),
            "other_quote": _quote(sam),
            **_connection(pat.partner_id),
        }


def _quote(contact):
    Product.objects.get_or_create(name="Own product", defaults={"unit_price": Decimal(5), "currency": "EUR"})
    line = {"pk": None, "product": None, "title": "Work", "quantity": Decimal(1), "unit_price": Decimal(5)}
    head = {"customer": "Customer", "currency": "EUR", "note": ""}
    form_key = uuid.uuid4()
    return drafts.create_quote(
        by=contact, form_key=form_key, head=head, lines=[{**line, "discount": Decimal(0)}]
    )


def _connection(partner_id):
    connection = connect_hubspot(
        account="998", app="98", token="t", secret="s", by=SYSTEM, fields_known=KNOWN
    )
    mapping = map_field(
        connection,
        object_type="company",
        field=FIELD,
        prop=properties_of("partner")["website"],
        direction="both",
    )
    about = {"connection": connection, "object_type": "company"}
    link = ExternalRecord.objects.create(**about, external_id="11", partner_id=partner_id)
    refused = OutboxChange.objects.create(
        link=link, mapping=mapping, value="y", state="parked", message="No."
    )
    mass = MassChange.objects.create(**about, way="in", mapping=mapping, size=90, through=27)
    return {
        "connection": connection.pk,
        "mapping": mapping.pk,
        "refused_change": refused.pk,
        "mass_change": mass.pk,
        "crm_user": CrmUser.objects.create(connection=connection, external_id="7", name="Own").pk,
    }


def contents(*workspaces):
    """Every row behind the walls, as it stands in the database."""
    found = {}
    for workspace in workspaces:
        with workspace_transaction(workspace):
            for model in MODELS:
                found[workspace.slug, model._meta.label] = list(model.objects.order_by("pk").values())
    return found


def audience(theirs, mode="only"):
    return {"audience-mode": mode, "audience-segments": [str(theirs["segment"])], "audience-grace_days": "0"}


def rule(number, op="is", value="x"):
    return {
        "name": "New",
        "level": "partner",
        "kind": "dynamic",
        "g:": "all",
        "c:0:field": f"self:{number}",
        "c:0:op": op,
        "c:0:v": value,
        "do": "save",
    }


def line_of(product=None, key="n1", **more):
    head = {"customer": "New", "currency": "EUR", "valid_until": "", "note": "", "version": "0", "save": "1"}
    answers = {"title": "x", "quantity": "1", "unit_price": "1", "discount": "", **more}
    if product:
        answers["product"] = str(product)
    return {**head, "line": [key], **{f"line-{key}-{name}": text for name, text in answers.items()}}


# What is tried → (address, body) of acme's owner, by acme's objects `o` and globex's `t`. Answered 404 or 422.
REFUSED = {
    "a contact moves to their partner": lambda o, t: (
        f"contacts/{o['pat'].pk}/partner/", {"partner": str(t["partner"])}
    ),
    "a contact is added at their partner": lambda o, t: (
        f"partners/{t['partner']}/contacts/new/", {"p-name": "New", "p-email": "new@example.com"}
    ),
    "a new partner is owned by their member": lambda o, t: (
        "partners/new/", {"p-name": "New", "owner": str(t["member"])}
    ),
    "their member is a value": lambda o, t: (
        f"partners/{o['partner']}/values/", {"p-boss": str(t["member"]), "version": "1"}
    ),
    "their member is a value of a new partner": lambda o, t: (
        "partners/new/", {"p-name": "New", "p-boss": str(t["member"])}
    ),
    "a tab for their segment": lambda o, t: (
        f"experiences/{o['experience']}/tabs/{o['tab']}/", {"title": "x", **audience(t)}
    ),
    "a section for their segment": lambda o, t: (
        f"experiences/{o['experience']}/sections/{o['section']}/", {"title": "x", "body": "x", **audience(t)}
    ),
    "a section for all but their segment": lambda o, t: (
        f"experiences/{o['experience']}/sections/{o['section']}/", {"title": "x", **audience(t, "except")}
    ),
    "quotes for their segment": lambda o, t: ("quotes/creation/", audience(t)),
    "the profile for their segment": lambda o, t: ("profile/editing/", {**audience(t), "confirmed": "1"}),
    "a profile's field for their segment": lambda o, t: (f"profile/fields/{o['shown_property']}/", audience(t)),
    "a section of a kind that is none": lambda o, t: (
        f"experiences/{o['experience']}/tabs/{o['tab']}/sections/", {"kind": str(t["section"])}
    ),
    "a rule on their property": lambda o, t: ("segments/new/", rule(t["number"])),
    "a rule compared with their property": lambda o, t: (
        "segments/new/", rule(1, "eq_field", f"self:{t['number']}")
    ),
    "their version restored in our experience": lambda o, t: (
        f"experiences/{o['experience']}/history/{t['publication']}/restoration/", {}
    ),
    "their property mapped": lambda o, t: (
        f"crm/{o['connection']}/mapping/",
        {"prop": str(t["their_property"]), "field": "spare", "direction": "both"},
    ),
    "their partner linked": lambda o, t: (
        f"crm/{o['connection']}/records/", {"record": f"partner:{t['partner']}", "external_id": "7"}
    ),
    "their contact linked": lambda o, t: (
        f"crm/{o['connection']}/records/", {"record": f"contact:{t['contact']}", "external_id": "7"}
    ),
    "their deal linked": lambda o, t: (
        f"crm/{o['connection']}/records/", {"record": f"deal:{t['deal']}", "external_id": "7"}
    ),
    "their mass change let through": lambda o, t: (f"crm/{o['connection']}/held/{t['mass_change']}/release/", {}),
    "their mass change discarded": lambda o, t: (
        f"crm/{o['connection']}/held/{t['mass_change']}/rejection/", {"reason": "No"}
    ),
    "their refused value corrected": lambda o, t: (
        f"crm/{o['connection']}/outgoing/{t['refused_change']}/correction/", {"p-website": "https://y.example"}
    ),
    "their person of the CRM chosen": lambda o, t: (
        f"crm/{o['connection']}/people/{t['crm_user']}/", {"member": str(o["owner"].pk)}
    ),
    "their mapping turned round": lambda o, t: (
        f"crm/{o['connection']}/mapping/{t['mapping']}/direction/", {"direction": "in"}
    ),
}  # fmt: skip
# The same, where the answer leads back to the page, which says what was (not) done.
LED_BACK = {
    "a partner is given to their member": lambda o, t: (
        f"partners/{o['partner']}/owner/", {"owner": str(t["member"])}
    ),
    "our person of the CRM is their member": lambda o, t: (
        f"crm/{o['connection']}/people/{o['crm_user']}/", {"member": str(t["member"])}
    ),
    "their event discarded": lambda o, t: (
        f"crm/{o['connection']}/discarding/in/", {"one": str(t["event"]), "reason": "No"}
    ),
    "their event replayed": lambda o, t: (f"crm/{o['connection']}/replay/", {"one": str(t["event"])}),
    "their change sent again": lambda o, t: (f"crm/{o['connection']}/resending/", {"one": str(t["change"])}),
    "their property shown on the profile": lambda o, t: (
        "profile/", {"add": "1", "prop": str(t["their_property"]), "editable": o["editable"], "logo_editable": "on"}
    ),
    "their property editable on the profile": lambda o, t: (
        "profile/",
        {"editable": [*o["editable"], str(t["shown_property"]), str(t["their_property"])], "logo_editable": "on"},
    ),
    "their property moved on the profile": lambda o, t: (
        "profile/", {"up": str(t["shown_property"]), "editable": o["editable"], "logo_editable": "on"}
    ),
    "their property taken from the profile": lambda o, t: (
        "profile/", {"remove": str(t["shown_property"]), "editable": o["editable"], "logo_editable": "on"}
    ),
}  # fmt: skip


def names_in(response):
    return [name for name in THEIR_NAMES if name in response.text]


@pytest.mark.parametrize("case", REFUSED)
def test_their_objects_are_refused(case, ours, theirs, acme, globex, as_user):
    address, body = REFUSED[case](ours, theirs)
    before = contents(acme, globex)
    response = as_user(ours["owner"]).post(f"/acme/settings/{address}", body)
    assert response.status_code in {404, 422}
    assert names_in(response) == []
    assert contents(acme, globex) == before


@pytest.mark.parametrize("case", LED_BACK)
def test_their_objects_are_not_found_and_the_page_comes_back(case, ours, theirs, acme, globex, as_user):
    address, body = LED_BACK[case](ours, theirs)
    before = contents(acme, globex)
    response = as_user(ours["owner"]).post(f"/acme/settings/{address}", body, follow=True)
    assert response.redirect_chain
    assert response.status_code == 200
    assert names_in(response) == []
    assert contents(acme, globex) == before


def test_a_forged_id_is_answered_as_one_that_never_was(ours, theirs, as_user):
    """Else the answer would say which ids exist elsewhere."""
    client = as_user(ours["owner"])
    different = {}
    for case, made in REFUSED.items():
        answers = []
        for objects in (theirs, {**dict.fromkeys(theirs, NOBODY), "number": 999_999}):
            address, body = made(ours, objects)
            answers.append(client.post(f"/acme/settings/{address}", body).status_code)
        if answers[0] != answers[1]:
            different[case] = answers
    assert different == {}


def test_the_same_forms_take_what_is_ours(ours, theirs, acme, as_user):
    """Else the refusals above would prove nothing."""
    with workspace_transaction(acme):
        known = properties_of("partner")
        allowed = {
            "partner": ours["kestrel"],
            "contact": ours["pat"].pk,
            "member": ours["owner"].pk,
            "segment": ours["segment"],
            "section": "rich_text",
            "number": known["name"].number,
            "their_property": known["name"].pk,
            "publication": _published(ours),
            **{kind: ours[kind] for kind in ("mapping", "mass_change", "refused_change", "crm_user")},
            "deal": AttributedRecord.objects.create(level="deal", name="Own", partner_id=ours["kestrel"]).pk,
        }
    client, refused = as_user(ours["owner"]), {}
    for case, made in REFUSED.items():
        address, body = made(ours, allowed)
        body |= {"name": case} if address == "segments/new/" else {}
        if case == "a rule compared with their property":
            body["c:0:v"] = f"self:{known['boss'].number + 1}"
        with transaction.atomic():
            answer = client.post(f"/acme/settings/{address}", body)
            transaction.set_rollback(True)
        if answer.status_code != 302:
            refused[case] = answer.status_code
    assert refused == {}


def _published(ours):
    experience = Experience.objects.get(pk=ours["experience"])
    return publishing.publish(experience, seen=experience.draft_number, by=SYSTEM).pk


@pytest.mark.parametrize("button", ["pick", "drop"])
def test_their_partner_is_never_on_a_list(button, ours, theirs, acme, globex, as_user):
    before = contents(acme, globex)
    body = {"name": "Own", "kind": "static", "added": "", "do": f"{button}:{theirs['partner']}"}
    response = as_user(ours["owner"]).post(f"/acme/settings/segments/{ours['segment']}/", body)
    assert response.status_code == 200
    assert names_in(response) == []
    assert contents(acme, globex) == before


@pytest.mark.parametrize("field", ["added", "paste"])
def test_their_partner_is_not_saved_on_a_list(field, ours, theirs, acme, globex, as_user):
    pasted = {"added": str(theirs["partner"]), "paste": f"Evil\n{theirs['partner']}\neve@example.com"}[field]
    for do in ("paste", "save"):
        body = {"name": "Own", "kind": "static", "added": "", "do": do, field: pasted}
        response = as_user(ours["owner"]).post(
            f"/acme/settings/segments/{ours['segment']}/", body, follow=True
        )
        assert response.status_code == 200
    with workspace_transaction(acme):
        assert not StaticMember.objects.exists()


def test_their_partner_is_not_tried_in_a_preview(ours, theirs, as_user):
    body = {**rule(1, "is_known", ""), "do": "preview", "test": "Evi", "find": "Evi"}
    response = as_user(ours["owner"]).post("/acme/settings/segments/new/", body)
    assert response.status_code == 200
    assert names_in(response) == []


@pytest.mark.parametrize("whose", ["theirs", "nobodys"])
def test_a_product_that_is_not_offered_here_is_refused(whose, ours, theirs, acme, globex, as_user):
    product = theirs["product"] if whose == "theirs" else NOBODY
    before = contents(acme, globex)
    for address in ("quotes/new/", f"quotes/{ours['quote'].pk}/draft/"):
        response = as_user(ours["pat"]).post(f"/acme/{address}", line_of(product))
        assert response.status_code == 422
        assert "not offered" in response.text
        assert names_in(response) == []
    assert contents(acme, globex) == before


def test_their_product_is_not_added(ours, theirs, acme, globex, as_user):
    body = {"customer": "x", "currency": "EUR", "add": "product", "product": str(theirs["product"])}
    response = as_user(ours["pat"]).post("/acme/quotes/new/", body)
    assert response.status_code == 200
    assert names_in(response) == []
    assert str(theirs["product"]) not in response.text


def test_a_line_of_another_partners_quote_stays_where_it_is(ours, acme, as_user):
    """Its key names nothing in this quote: what was typed becomes a line of its own."""
    with workspace_transaction(acme):
        before = ours["other_quote"].lines.values().get()
    body = line_of(key=str(before["id"]), title="Taken over")
    response = as_user(ours["pat"]).post(f"/acme/quotes/{ours['quote'].pk}/draft/", body)
    assert response.status_code == 302
    with workspace_transaction(acme):
        assert ours["other_quote"].lines.values().get() == before
        made = ours["quote"].lines.get()
    assert made.title == "Taken over"
    assert str(made.pk) != str(before["id"])


def test_the_same_form_key_at_another_partner_is_another_quote(ours, acme, as_user):
    body = {**line_of(), "form_key": str(ours["other_quote"].form_key)}
    response = as_user(ours["pat"]).post("/acme/quotes/new/", body)
    assert response.status_code == 302
    assert str(ours["other_quote"].pk) not in response["Location"]


@pytest.mark.parametrize("who", ["sam", "theirs"])
def test_nobody_becomes_another_persons_contact(who, ours, theirs, acme, globex, as_user):
    wanted = {"sam": ours["sam"].pk, "theirs": theirs["contact"]}[who]
    client = as_user(ours["pat"])
    for address in ("/workspaces/contact/", "/acme/workspaces/contact/"):
        assert client.post(address, {"contact": str(wanted)}).status_code == 404
    assert "chosen_contacts" not in client.session


def test_a_chosen_contact_in_a_stolen_session_opens_nothing(ours, theirs, acme, as_user):
    """The session remembers a wish; who the person is, the database says."""
    client = as_user(ours["pat"])
    session = client.session
    session["chosen_contacts"] = {str(acme.pk): str(ours["sam"].pk)}
    session.save()
    page = client.get("/acme/profile/")
    assert "Brightpath" in page.text
    assert "Kestrel" not in page.text


def test_a_manager_moves_contacts_between_their_own_partners_alone(ours, acme, mia, as_user):
    with workspace_transaction(acme):
        ours["pat"].partner.owner = mia
        ours["pat"].partner.save(update_fields=["owner"])
    body = {"partner": str(ours["kestrel"])}
    assert as_user(mia).post(f"/acme/settings/contacts/{ours['pat'].pk}/partner/", body).status_code == 403
    with workspace_transaction(acme):
        assert Contact.objects.get(pk=ours["pat"].pk).partner_id == ours["partner"]


def test_a_version_of_another_experience_is_not_restored(ours, acme, as_user):
    with workspace_transaction(acme):
        other = experience_editing.create_experience(name="Other", by=SYSTEM)
        other = Experience.objects.get(pk=other.pk)
        version = publishing.publish(other, seen=other.draft_number, by=SYSTEM)
    before = contents(acme)
    address = f"/acme/settings/experiences/{ours['experience']}/history/{version.pk}/restoration/"
    assert as_user(ours["owner"]).post(address).status_code == 404
    assert contents(acme) == before


def test_a_partners_people_never_write_what_the_profile_does_not_offer(ours, theirs, acme, globex, as_user):
    before = contents(acme, globex)
    body = {"boss": str(theirs["member"]), "tier": "platinum", "name": "Mine", "p-name": "Mine", "pk": NOBODY}
    response = as_user(ours["pat"]).post("/acme/profile/", {**body, "partner": str(theirs["partner"])})
    assert response.status_code in {302, 404}
    assert contents(acme, globex) == before


def test_the_tables_that_are_compared_are_all_there_are(acme, inside):
    assert {Contact, Property, StaticMember, TeamMember} <= set(MODELS)
    make_partner(acme, "New")
    one = contents(acme)
    make_partner(acme, "Newer")
    assert contents(acme) != one
