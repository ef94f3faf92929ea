import csv
import io

import pytest
from django.core import mail

from tests.conftest import make_contact, make_member, make_partner
from workspaces.actors import SYSTEM
from workspaces.models import Contact, Property, PropertyChange
from workspaces.properties import create_contact, set_properties

LIST = "/acme/settings/contacts/"


@pytest.fixture
def vic(acme):
    """May look at everything and change nothing."""
    return make_member(acme, "vic", "viewer")


@pytest.fixture
def mias(acme, mia, inside, brightpath):
    """Brightpath, now Mia's; Kestrel stays nobody's."""
    with inside(acme):
        brightpath.owner = mia
        brightpath.save(update_fields=["owner"])
    return brightpath


@pytest.fixture
def nia(acme, brightpath, inside):
    """Is known at Brightpath and has never signed in."""
    with inside(acme):
        return create_contact(brightpath, {"email": "nia@example.com", "name": "Nia"}, by=SYSTEM)


def page_of(contact, part=""):
    return f"{LIST}{contact.pk}/{part}"


def fields(contact, **values):
    return {"version": contact.version, **{f"p-{key}": value for key, value in values.items()}}


def fresh(inside, record):
    with inside(record.workspace_id):
        return type(record).objects.select_related("partner").get(pk=record.pk)


def value(inside, contact, key):
    with inside(contact.workspace_id):
        prop = Property.objects.get(level="contact", key=key)
        return Contact.objects.get(pk=contact.pk).value(prop)


# ── The list ──


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Kim", "Nia", "Pat", "Sam"]),
        ("q=SA", ["Sam"]),
        ("q=pat@ex", ["Pat"]),
        ("q=bright", ["Nia", "Pat"]),
        ("status=invited", ["Nia"]),
        ("status=nonsense", ["Kim", "Nia", "Pat", "Sam"]),
        ("p.role=admin", ["Pat"]),
        ("partner=nonsense", ["Kim", "Nia", "Pat", "Sam"]),
        ("sort=-name", ["Sam", "Pat", "Nia", "Kim"]),
        ("sort=partner", ["Nia", "Pat", "Sam", "Kim"]),
    ],
)
def test_the_address_says_what_the_list_shows(query, found, ada, pat, sam, kim, nia, as_user):
    shown = as_user(ada).get(f"{LIST}?{query}").context["list"]

    assert [contact.name for contact in shown.page] == found


def test_the_list_can_be_one_partners(ada, pat, sam, as_user):
    shown = as_user(ada).get(f"{LIST}?partner={sam.partner_id}").context["list"]

    assert [contact.name for contact in shown.page] == ["Sam"]
    assert shown.total == 2


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_costs_the_same_for_one_and_thirty(
    count, acme, ada, brightpath, as_user, django_assert_num_queries
):
    for number in range(count):
        make_contact(acme, f"person{number:02}", brightpath)
    client = as_user(ada)

    with django_assert_num_queries(14):
        assert client.get(LIST).context["list"].total == count


def test_a_list_without_contacts_says_what_they_are_for(ada, as_user):
    page = as_user(ada).get(LIST).content.decode()

    assert "No contacts yet" in page
    assert "/acme/settings/contacts/new/" in page


# ── One contact ──


def test_a_contacts_page_shows_status_role_and_partner(ada, pat, as_user):
    page = as_user(ada).get(page_of(pat)).content.decode()

    assert "Admin at" in page
    assert "Brightpath" in page
    assert '<span class="state positive">Active</span>' in page
    assert 'href="mailto:pat@example.com"' in page


@pytest.mark.parametrize("count", [1, 30])
def test_a_contacts_page_costs_the_same_for_one_and_thirty_changes(
    count, acme, ada, pat, inside, as_user, django_assert_num_queries
):
    with inside(acme):
        for number in range(count):
            set_properties(pat, {"language": f"de-{number}"}, by=SYSTEM)
    client = as_user(ada)

    with django_assert_num_queries(15):
        assert client.get(page_of(pat)).status_code == 200


# ── Inviting ──


def test_a_contact_is_added_with_the_default_role_and_invited(
    ada, brightpath, inside, as_user, django_capture_on_commit_callbacks
):
    client = as_user(ada)
    path = f"/acme/settings/partners/{brightpath.pk}/contacts/new/"
    form = client.get(path).content.decode()
    data = {"p-name": "Nia", "p-email": "Nia@Example.com", "p-role": "sales_rep", "invite": "1"}

    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(path, data)

    with inside(brightpath.workspace_id):
        nia = Contact.objects.get(email="nia@example.com")
    assert '<option value="sales_rep" selected>' in form
    assert response["Location"] == page_of(nia)
    assert (nia.status, nia.partner_id) == ("invited", brightpath.pk)
    assert mail.outbox[0].to == ["nia@example.com"]
    assert "http://partners.acme.test/accounts/login/" in mail.outbox[0].body
    assert "Ada of Acme" in mail.outbox[0].body


def test_a_contact_can_be_added_without_a_mail(
    ada, brightpath, inside, as_user, django_capture_on_commit_callbacks
):
    path = f"/acme/settings/partners/{brightpath.pk}/contacts/new/"

    with django_capture_on_commit_callbacks(execute=True):
        as_user(ada).post(path, {"p-email": "nia@example.com"})

    with inside(brightpath.workspace_id):
        nia = Contact.objects.get(email="nia@example.com")
    assert value(inside, nia, "role") == "sales_rep"  # the default holds also where nothing was sent
    assert mail.outbox == []


def test_an_address_that_is_there_already_keeps_what_was_typed(ada, pat, inside, as_user):
    path = f"/acme/settings/partners/{pat.partner_id}/contacts/new/"

    response = as_user(ada).post(path, {"p-name": "Patrizia", "p-email": "PAT@example.com", "invite": "1"})
    page = response.content.decode()

    assert response.status_code == 422
    assert "Another contact of this partner has this address." in page
    assert 'value="Patrizia"' in page
    assert mail.outbox == []
    with inside(pat.workspace_id):
        assert Contact.objects.count() == 1


def test_an_invitation_goes_out_again(ada, nia, as_user, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        response = as_user(ada).post(page_of(nia, "invitation/"))

    assert response.status_code == 302
    assert [message.to for message in mail.outbox] == [["nia@example.com"]]


def test_suspended_people_are_not_invited(ada, nia, inside, as_user, django_capture_on_commit_callbacks):
    client = as_user(ada)
    client.post(page_of(nia, "suspension/"))

    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(page_of(nia, "invitation/")).status_code == 403
    assert mail.outbox == []


def test_inviting_begins_with_the_partner(ada, mia, mias, kestrel, as_user):
    everyone = as_user(ada).get(f"{LIST}new/").content.decode()
    own = as_user(mia).get(f"{LIST}new/").content.decode()
    found = as_user(ada).get(f"{LIST}new/?q=kes").content.decode()

    assert "Brightpath" in everyone
    assert "Kestrel" in everyone
    assert "Kestrel" not in own
    assert f"/acme/settings/partners/{kestrel.pk}/contacts/new/" in found
    assert "Brightpath" not in found


# ── Suspending, moving, editing ──


def test_a_suspended_contact_is_out_until_let_in_again(ada, pat, inside, as_user):
    client = as_user(ada)

    client.post(page_of(pat, "suspension/"))
    assert fresh(inside, pat).status == "suspended"
    assert as_user(pat).get("/acme/").status_code == 404

    client.post(page_of(pat, "reactivation/"))
    assert fresh(inside, pat).status == "active"


def test_somebody_who_never_signed_in_is_invited_again_not_active(ada, nia, inside, as_user):
    client = as_user(ada)
    client.post(page_of(nia, "suspension/"))
    client.post(page_of(nia, "reactivation/"))

    assert fresh(inside, nia).status == "invited"


def test_a_contact_moves_to_another_partner(ada, pat, kestrel, inside, as_user):
    response = as_user(ada).post(page_of(pat, "partner/"), {"partner": str(kestrel.pk)})

    assert response.status_code == 302
    assert fresh(inside, pat).partner_id == kestrel.pk


def test_a_contact_does_not_move_where_the_address_is_taken(acme, ada, pat, kestrel, inside, as_user):
    with inside(acme):
        create_contact(kestrel, {"email": "pat@example.com"}, by=SYSTEM)

    response = as_user(ada).post(page_of(pat, "partner/"), {"partner": str(kestrel.pk)}, follow=True)

    assert "already has a contact with the address" in response.content.decode()
    assert fresh(inside, pat).partner_id == pat.partner_id


@pytest.mark.parametrize("target", ["nonsense", "", "theirs"])
def test_a_contact_moves_to_no_partner_that_is_not_there(target, ada, pat, globex, inside, as_user):
    theirs = make_partner(globex, "Secret")
    partner = str(theirs.pk) if target == "theirs" else target

    response = as_user(ada).post(page_of(pat, "partner/"), {"partner": partner})

    assert response.status_code == 404
    assert fresh(inside, pat).partner_id == pat.partner_id


def test_a_manager_moves_only_between_their_own_partners(mia, mias, pat, sam, kestrel, inside, as_user):
    client = as_user(mia)

    assert client.post(page_of(pat, "partner/"), {"partner": str(kestrel.pk)}).status_code == 403
    assert client.post(page_of(sam, "partner/"), {"partner": str(mias.pk)}).status_code == 403
    assert fresh(inside, pat).partner_id == mias.pk
    assert fresh(inside, sam).partner_id == kestrel.pk


def test_an_edit_is_saved_and_a_new_address_frees_the_contact(ada, pat, inside, as_user):
    data = fields(pat, name="Patrizia", email="patrizia@example.com", role="marketing")

    response = as_user(ada).post(page_of(pat, "values/"), data)

    saved = fresh(inside, pat)
    assert response.status_code == 302
    assert (saved.name, saved.email, saved.user_id) == ("Patrizia", "patrizia@example.com", None)
    assert value(inside, pat, "role") == "marketing"


def test_an_edit_to_a_colleagues_address_keeps_what_was_typed(ada, pat, nia, inside, as_user):
    response = as_user(ada).post(page_of(pat, "values/"), fields(pat, email="NIA@example.com", language="de"))
    page = response.content.decode()

    assert response.status_code == 422
    assert "Another contact of this partner has this address." in page
    assert 'value="de"' in page
    assert fresh(inside, pat).email == "pat@example.com"


def test_history_shows_the_words_of_options(ada, pat, inside, as_user):
    as_user(ada).post(page_of(pat, "values/"), fields(pat, role="marketing"))

    page = as_user(ada).get(page_of(pat, "history/")).content.decode()

    assert "Marketing" in page
    with inside(pat.workspace_id):
        change = PropertyChange.objects.filter(record_id=pat.pk, prop__key="role").order_by("-at").first()
    assert (change.old, change.new, change.actor_label) == ("admin", "marketing", "Ada")


# ── Who may ──


@pytest.mark.parametrize(
    ("who", "whose", "status"),
    [
        ("ada", "pat", 302),
        ("mia", "pat", 302),
        ("mia", "sam", 403),
        ("vic", "pat", 403),
        ("sam", "pat", 404),
        ("otto", "pat", 404),
    ],
)
def test_who_may_change_a_contact(who, whose, status, mias, pat, sam, inside, as_user, request):
    contact, client = request.getfixturevalue(whose), as_user(request.getfixturevalue(who))

    assert client.post(page_of(contact, "values/"), fields(contact, language="de")).status_code == status
    assert client.post(page_of(contact, "suspension/")).status_code == status

    assert value(inside, contact, "language") == ("de" if status == 302 else None)
    assert fresh(inside, contact).status == ("suspended" if status == 302 else "active")


@pytest.mark.parametrize("who", ["ada", "mia", "vic"])
def test_the_whole_team_reads_every_contact(who, mias, pat, sam, as_user, request):
    client = as_user(request.getfixturevalue(who))

    for part in ["", "history/"]:
        assert client.get(page_of(sam, part)).status_code == 200
    assert client.get(LIST).context["list"].total == 2


def test_a_manager_adds_nobody_to_others_partners(mia, mias, kestrel, inside, as_user):
    path = f"/acme/settings/partners/{kestrel.pk}/contacts/new/"

    assert as_user(mia).get(path).status_code == 403
    assert as_user(mia).post(path, {"p-email": "x@example.com"}).status_code == 403
    with inside(mia.workspace_id):
        assert not Contact.objects.filter(email="x@example.com").exists()


def test_another_workspaces_contact_does_not_exist(ada, eve, inside, as_user):
    client = as_user(ada)

    for part in ["", "history/", "values/", "partner/"]:
        assert client.get(page_of(eve, part)).status_code == 404
    for part in ["values/", "partner/", "invitation/", "suspension/", "reactivation/"]:
        assert client.post(page_of(eve, part), fields(eve, name="Mallory")).status_code == 404
    assert fresh(inside, eve).status == "active"
    assert "Eve" not in client.get(LIST).content.decode()
    assert "Eve" not in client.get(f"{LIST}?partner={eve.partner_id}").content.decode()


def test_signed_out_people_are_asked_to_sign_in(pat, client):
    for path in [LIST, page_of(pat), f"{LIST}new/", f"{LIST}export/"]:
        response = client.get(path, headers={"host": "localhost:8000"})
        assert response.status_code == 302
        assert "/accounts/login/" in response["Location"]


def test_the_export_is_safe_and_follows_the_filter(acme, ada, pat, sam, inside, as_user):
    with inside(acme):
        set_properties(pat, {"name": "=cmd|' /C calc'!A0"}, by=SYSTEM)

    response = as_user(ada).get(f"{LIST}export/?p.role=admin")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))

    assert [row["Name"] for row in rows] == ["'=cmd|' /C calc'!A0"]
    assert (rows[0]["Role"], rows[0]["Partner"], rows[0]["Status"]) == ("Admin", "Brightpath", "Active")
