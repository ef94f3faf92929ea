import csv
import io

import pytest
from django.urls import reverse

from tests.conftest import make_contact, make_member, make_partner
from workspaces.actors import SYSTEM
from workspaces.models import Partner, Property, PropertyChange, PropertyDelivery
from workspaces.properties import define_properties, set_properties

LIST = "/acme/settings/partners/"


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


def page_of(partner, part=""):
    return f"{LIST}{partner.pk}/{part}"


def fields(partner, **values):
    """What the edit form of a partner posts, with some fields changed."""
    return {"version": partner.version, **{f"p-{key}": value for key, value in values.items()}}


def fresh(inside, record):
    with inside(record.workspace_id):
        return type(record).objects.get(pk=record.pk)


def value(inside, record, key):
    with inside(record.workspace_id):
        prop = Property.objects.get(level=record.level, key=key)
        return type(record).objects.get(pk=record.pk).value(prop)


# ── The list ──


def test_the_list_names_every_partner_with_tier_and_owner(ada, mias, kestrel, as_user):
    page = as_user(ada).get(LIST).content.decode()

    assert "Brightpath" in page
    assert "Kestrel" in page
    assert "<td>Gold</td>" in page
    assert "<td>Mia</td>" in page
    assert "2 partners" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=bri", ["Brightpath"]),
        ("q=EST", ["Kestrel"]),
        ("q=%00", ["Brightpath", "Kestrel"]),
        ("q=%25", []),
        ("p.tier=gold", ["Brightpath"]),
        ("p.tier=gold&p.phase=prospecting", []),
        ("p.tier=~blank", []),
        ("p.country=~blank", ["Brightpath", "Kestrel"]),
        ("p.tier=nonsense", ["Brightpath", "Kestrel"]),
        ("owner=~blank", ["Kestrel"]),
        ("owner=nonsense", ["Brightpath", "Kestrel"]),
        ("sort=-name", ["Kestrel", "Brightpath"]),
        ("sort=p.tier", ["Kestrel", "Brightpath"]),
        ("sort=-p.tier", ["Brightpath", "Kestrel"]),
        ("sort=owner", ["Brightpath", "Kestrel"]),
        ("sort=nonsense", ["Brightpath", "Kestrel"]),
        ("page=99", ["Brightpath", "Kestrel"]),
    ],
)
def test_the_address_says_what_the_list_shows(query, found, ada, mias, kestrel, as_user):
    shown = as_user(ada).get(f"{LIST}?{query}").context["list"]

    assert [partner.name for partner in shown.page] == found


def test_a_filter_on_ones_own_partners(mia, mias, kestrel, as_user):
    shown = as_user(mia).get(f"{LIST}?owner={mia.pk}").context["list"]

    assert [partner.name for partner in shown.page] == ["Brightpath"]
    assert shown.total == 2


def test_numbers_sort_as_numbers_and_blanks_come_last(acme, ada, brightpath, kestrel, inside, as_user):
    third = make_partner(acme, "Third")
    with inside(acme):
        define_properties([{"level": "partner", "key": "seats", "label": "Seats", "type": "number"}])
        set_properties(brightpath, {"seats": "10"}, by=SYSTEM)
        set_properties(third, {"seats": "9"}, by=SYSTEM)

    client = as_user(ada)
    up = client.get(f"{LIST}?sort=p.seats&col=p.seats").context["list"].page
    down = client.get(f"{LIST}?sort=-p.seats").context["list"].page

    assert [partner.name for partner in up] == ["Third", "Brightpath", "Kestrel"]
    assert [partner.name for partner in down] == ["Brightpath", "Third", "Kestrel"]


def test_columns_are_chosen_in_the_address(ada, brightpath, as_user):
    page = as_user(ada).get(f"{LIST}?col=p.country&col=created_at&col=nonsense").content.decode()

    assert ">Country" in page
    assert ">Added" in page
    assert "<td>Gold</td>" not in page


def test_a_list_without_partners_offers_the_first_step(ada, as_user):
    page = as_user(ada).get(LIST).content.decode()

    assert "No partners yet" in page
    assert reverse("settings:new-partner") in page


def test_a_filter_without_results_can_be_cleared(ada, brightpath, as_user):
    page = as_user(ada).get(f"{LIST}?q=zzz").content.decode()

    assert "No partner matches" in page
    assert "Clear the filters" in page


def test_htmx_gets_the_list_alone_and_a_tidy_address(ada, brightpath, as_user):
    response = as_user(ada).get(f"{LIST}?q=bri&owner=&p.tier=", headers={"hx-request": "true"})

    assert "<!doctype" not in response.content.decode()
    assert 'id="list"' in response.content.decode()
    assert response["HX-Replace-Url"] == f"{LIST}?q=bri"


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_costs_the_same_for_one_and_thirty(count, acme, ada, as_user, django_assert_num_queries):
    for number in range(count):
        make_partner(acme, f"Partner {number:02}", tier="gold")
    client = as_user(ada)

    # workspace, session, user, begin, workspace setting, member, second factor, properties, team, count, rows,
    # contacts, workspaces of the person, commit
    with django_assert_num_queries(16):
        assert client.get(LIST).context["list"].total == count


# ── One partner ──


def test_a_partners_page_shows_values_source_and_way_to_the_crm(acme, ada, mias, pat, inside, as_user):
    with inside(acme):
        prop = define_properties(
            [{"level": "partner", "key": "vat", "label": "VAT number", "type": "text", "source": "hubspot"}]
        )[0]
        set_properties(mias, {"vat": "DE 1", "website": "brightpath.example"}, by=SYSTEM)
        when = PropertyChange.objects.filter(prop=prop).get().at
        PropertyDelivery.objects.create(
            record_id=mias.pk, prop=prop, state="refused", crm="hubspot", message="Nine digits.", at=when
        )

    page = as_user(ada).get(page_of(mias)).content.decode()

    assert "DE 1" in page
    assert "HubSpot refused this: Nine digits." in page
    assert 'href="https://brightpath.example" target="_blank" rel="noopener"' in page
    assert "Mia looks after them" in page
    assert "pat@example.com" in page
    assert "Admin" in page


def test_history_says_who_changed_what_from_what(acme, ada, brightpath, inside, as_user):
    from workspaces.actors import Actor

    with inside(acme):
        set_properties(brightpath, {"tier": "platinum"}, by=Actor.of_member(ada))

    page = as_user(ada).get(page_of(brightpath, "history/")).content.decode()

    assert "Gold" in page
    assert "Platinum" in page
    assert "Ada" in page


@pytest.mark.parametrize("count", [1, 30])
def test_a_partners_page_costs_the_same_for_one_and_thirty(
    count, acme, ada, brightpath, inside, as_user, django_assert_num_queries
):
    for number in range(count):
        make_contact(acme, f"person{number}", brightpath)
    with inside(acme):
        define_properties(
            [{"level": "partner", "key": f"k{n}", "label": f"K {n}", "type": "user"} for n in range(count)]
        )
        set_properties(brightpath, {f"k{n}": str(ada.pk) for n in range(count)}, by=SYSTEM)
    client = as_user(ada)

    with django_assert_num_queries(19):
        assert client.get(page_of(brightpath)).status_code == 200


# ── Editing ──


def test_an_edit_is_saved_and_logged_with_its_author(ada, brightpath, inside, as_user):
    response = as_user(ada).post(
        page_of(brightpath, "values/"), fields(brightpath, name="Brightpath", tier="platinum", country="CH")
    )

    assert response.status_code == 302
    assert value(inside, brightpath, "tier") == "platinum"
    assert value(inside, brightpath, "phase") == "active"  # not sent, so untouched
    with inside(brightpath.workspace_id):
        change = PropertyChange.objects.get(record_id=brightpath.pk, prop__key="country")
    assert (change.new, change.actor_kind, change.actor_label) == ("CH", "team", "Ada")


def test_a_wrong_value_keeps_all_that_was_typed(ada, brightpath, inside, as_user):
    response = as_user(ada).post(
        page_of(brightpath, "values/"),
        fields(brightpath, name="  ", website="not a web address", country="Norway"),
    )
    page = response.content.decode()

    assert response.status_code == 422
    assert "Company name is needed." in page
    assert "Enter a web address, such as https://example.com." in page
    assert 'value="not a web address"' in page
    assert 'value="Norway"' in page
    assert value(inside, brightpath, "country") is None


def test_somebody_elses_change_meanwhile_is_not_overwritten_unseen(acme, ada, brightpath, inside, as_user):
    old = brightpath.version
    with inside(acme):
        set_properties(brightpath, {"tier": "silver"}, by=SYSTEM)
    data = fields(brightpath, tier="platinum", country="Norway") | {"version": old}

    client = as_user(ada)
    response = client.post(page_of(brightpath, "values/"), data)
    page = response.content.decode()

    assert response.status_code == 409
    assert "Saved now: Silver" in page
    assert 'value="Norway"' in page
    assert value(inside, brightpath, "tier") == "silver"
    assert client.post(page_of(brightpath, "values/"), data | {"version": old + 1}).status_code == 302
    assert value(inside, brightpath, "tier") == "platinum"


def test_a_value_whose_option_is_gone_survives_an_edit_of_something_else(
    acme, ada, brightpath, inside, as_user
):
    with inside(acme):
        tier = Property.objects.get(level="partner", key="tier")
        tier.options = [option for option in tier.options if option["value"] != "gold"]
        tier.save()
    client = as_user(ada)

    form = client.get(page_of(brightpath, "values/")).content.decode()
    client.post(page_of(brightpath, "values/"), fields(brightpath, tier="gold", country="Norway"))

    assert "gold (no longer an option)" in form
    assert value(inside, brightpath, "tier") == "gold"
    assert value(inside, brightpath, "country") == "Norway"


def test_a_new_partner_is_made_with_values_and_owner(acme, ada, mia, inside, as_user):
    response = as_user(ada).post(
        f"{LIST}new/", {"p-name": "Fjord", "p-tier": "silver", "owner": str(mia.pk)}, follow=True
    )

    assert response.redirect_chain[0][0].startswith("/acme/settings/partners/")
    with inside(acme):
        fjord = Partner.objects.get(name="Fjord")
        assert fjord.owner_id == mia.pk
    assert value(inside, fjord, "tier") == "silver"


def test_a_new_partner_without_a_name_is_refused(acme, ada, inside, as_user):
    response = as_user(ada).post(f"{LIST}new/", {"p-name": "", "p-country": "Norway"})

    assert response.status_code == 422
    assert "Company name is needed." in response.content.decode()
    assert 'value="Norway"' in response.content.decode()
    with inside(acme):
        assert not Partner.objects.exists()


def test_a_partner_managers_new_partner_is_their_own(acme, ada, mia, inside, as_user):
    as_user(mia).post(f"{LIST}new/", {"p-name": "Fjord", "owner": str(ada.pk)})

    with inside(acme):
        assert Partner.objects.get(name="Fjord").owner_id == mia.pk


def test_the_owner_is_changed_to_a_member_of_this_team_only(ada, mia, otto, brightpath, inside, as_user):
    client = as_user(ada)

    client.post(page_of(brightpath, "owner/"), {"owner": str(mia.pk)})
    assert fresh(inside, brightpath).owner_id == mia.pk
    client.post(page_of(brightpath, "owner/"), {"owner": str(otto.pk)})
    assert fresh(inside, brightpath).owner_id == mia.pk
    client.post(page_of(brightpath, "owner/"), {"owner": ""})
    assert fresh(inside, brightpath).owner_id is None


# ── Who may ──


@pytest.mark.parametrize(
    ("who", "whose", "status"),
    [
        ("ada", "mias", 302),
        ("ada", "kestrel", 302),
        ("mia", "mias", 302),
        ("mia", "kestrel", 403),
        ("vic", "mias", 403),
        ("pat", "mias", 404),
        ("otto", "mias", 404),
    ],
)
def test_who_may_change_a_partner(who, whose, status, mias, kestrel, inside, as_user, request):
    partner, client = request.getfixturevalue(whose), as_user(request.getfixturevalue(who))
    before = value(inside, partner, "country")

    response = client.post(page_of(partner, "values/"), fields(partner, country="Norway"))
    owner = client.post(page_of(partner, "owner/"), {"owner": str(partner.owner_id or "")})

    assert response.status_code == status
    assert owner.status_code == status
    assert value(inside, partner, "country") == ("Norway" if status == 302 else before)


@pytest.mark.parametrize("who", ["ada", "mia", "vic"])
def test_the_whole_team_reads_every_partner(who, mias, kestrel, as_user, request):
    client = as_user(request.getfixturevalue(who))

    for part in ["", "history/"]:
        assert client.get(page_of(kestrel, part)).status_code == 200
    assert client.get(LIST).context["list"].total == 2


@pytest.mark.parametrize("path", ["", "export/", "new/"])
@pytest.mark.parametrize("who", ["pat", "eve", "otto"])
def test_nobody_else_learns_that_there_is_a_list(path, who, acme, as_user, request):
    assert as_user(request.getfixturevalue(who)).get(f"{LIST}{path}").status_code == 404


def test_signed_out_people_are_asked_to_sign_in(acme, brightpath, client):
    for path in [LIST, page_of(brightpath), page_of(brightpath, "values/")]:
        response = client.get(path, headers={"host": "localhost:8000"})
        assert response.status_code == 302
        assert "/accounts/login/" in response["Location"]


def test_another_workspaces_partner_does_not_exist(ada, globex, inside, as_user):
    theirs = make_partner(globex, "Secret")

    client = as_user(ada)

    for part in ["", "history/", "values/", "contacts/new/"]:
        assert client.get(page_of(theirs, part)).status_code == 404
    assert client.post(page_of(theirs, "owner/"), {"owner": str(ada.pk)}).status_code == 404
    assert "Secret" not in client.get(LIST).content.decode()
    assert "Secret" not in client.get("/acme/settings/search/?q=Secret").content.decode()


def test_a_post_without_the_token_is_refused(ada, brightpath, inside, as_user):
    client = as_user(ada, enforce_csrf_checks=True)

    response = client.post(page_of(brightpath, "values/"), fields(brightpath, country="Norway"))

    assert response.status_code == 403
    assert value(inside, brightpath, "country") is None


# ── Export ──


def test_the_export_holds_what_the_filter_shows(ada, mias, kestrel, as_user):
    response = as_user(ada).get(f"{LIST}export/?p.tier=gold")
    rows = read_csv(response)

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert [row["Company name"] for row in rows] == ["Brightpath"]
    assert rows[0]["Tier"] == "Gold"
    assert rows[0]["Owner"] == "Mia"


def test_the_export_holds_no_formulas(acme, ada, inside, as_user):
    evil = make_partner(
        acme, '=HYPERLINK("http://evil.example";"x")', country="+1", website="https://a.example"
    )
    with inside(acme):
        define_properties(
            [
                {"level": "partner", "key": "note", "label": "@note", "type": "text"},
                {"level": "partner", "key": "change", "label": "Change", "type": "number"},
            ]
        )
        set_properties(evil, {"note": "\t=1+1", "change": "-5"}, by=SYSTEM)
        set_properties(evil, {"note": "-2+3", "country": "@SUM(A1)"}, by=SYSTEM)

    row = read_csv(as_user(ada).get(f"{LIST}export/"))[0]

    assert row["Company name"].startswith("'=HYPERLINK")
    assert row["'@note"] == "'-2+3"
    assert row["Country"] == "'@SUM(A1)"
    assert row["Change"] == "-5"


def test_a_cell_ends_at_its_quotes_and_not_at_a_semicolon(acme, ada, as_user):
    make_partner(acme, "Kestrel;=1+1")

    text = b"".join(as_user(ada).get(f"{LIST}export/").streaming_content).decode("utf-8-sig")

    assert '"Kestrel;=1+1"' in text


def read_csv(response):
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


# ── Search ──


def test_the_palette_finds_partners_and_contacts(ada, brightpath, pat, sam, as_user):
    client = as_user(ada)

    assert "Brightpath" in client.get("/acme/settings/search/?q=brig").content.decode()
    found = client.get("/acme/settings/search/?q=pat").content.decode()
    assert found.index("Brightpath") < found.index(f"/acme/settings/contacts/{pat.pk}/")
    assert "Sam" not in found
    assert client.get("/acme/settings/search/?q=p").content.decode().strip() == ""
