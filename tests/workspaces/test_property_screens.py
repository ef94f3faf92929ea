import pytest

from tests.conftest import make_member
from workspaces.actors import SYSTEM
from workspaces.models import Contact, Partner, Property
from workspaces.options import key_from
from workspaces.properties import create_contact, define_properties, set_properties
from workspaces.property_usage import Use
from workspaces.signals import property_uses

LIST = "/acme/settings/properties/"
ROLES = "/acme/settings/roles/"


@pytest.fixture
def vic(acme):
    return make_member(acme, "vic", "viewer")


def the(inside, workspace, key, level="partner"):
    with inside(workspace):
        return Property.objects.get(level=level, key=key)


def page_of(prop, part=""):
    return f"{LIST}{prop.pk}/{part}"


def options(prop, **extra):
    """What the form of a property posts where nothing was touched."""
    return {
        "label": prop.label,
        "help_text": prop.help_text,
        "read_only": "on" if prop.read_only else "",
        "option-seen": [o["value"] for o in prop.options],
        "option-value": [o["value"] for o in prop.options],
        "option-label": [o["label"] for o in prop.options],
        "option-default": next((str(i) for i, o in enumerate(prop.options) if o.get("default")), ""),
        **extra,
    }


def values(prop):
    return [option["value"] for option in prop.options]


def fresh(inside, partner):
    with inside(partner.workspace_id):
        return Partner.objects.get(pk=partner.pk)


# ── The list ──


def test_the_list_shows_type_source_and_how_many_hold_it(acme, ada, brightpath, kestrel, inside, as_user):
    with inside(acme):
        define_properties(
            [{"level": "partner", "key": "vat", "label": "VAT", "type": "text", "source": "hubspot"}]
        )
        set_properties(brightpath, {"vat": "1"}, by=SYSTEM)

    response = as_user(ada).get(LIST)
    held = {row["prop"].key: row["held"] for row in response.context["shown"]}

    assert held == {"name": 2, "website": 0, "tier": 2, "phase": 2, "country": 0, "vat": 1}
    assert "HubSpot" in response.content.decode()
    assert "Read only" in response.content.decode()


def test_each_level_has_its_own_list(ada, as_user):
    client = as_user(ada)

    contact = client.get(f"{LIST}?level=contact").context["shown"]

    assert [row["prop"].key for row in contact] == ["name", "email", "role", "language"]
    assert client.get(f"{LIST}?level=invoice").status_code == 404


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_costs_the_same_for_one_and_thirty(
    count, acme, ada, inside, as_user, django_assert_num_queries
):
    with inside(acme):
        define_properties(
            [{"level": "partner", "key": f"k{n}", "label": f"K{n}", "type": "text"} for n in range(count)]
        )
    client = as_user(ada)

    with django_assert_num_queries(12):
        assert client.get(LIST).context["total"] == 5 + count


# ── Adding ──


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("Annual revenue", "annual_revenue"),
        ("Größe (m²)", "grosse_m2"),
        ("  2nd   contact ", "o_2nd_contact"),
        ("日本", "o"),
        ("Tier", "tier_2"),
        ("x" * 90, "x" * 56),
    ],
)
def test_a_key_comes_from_the_name(label, key):
    assert key_from(label, taken={"tier"}) == key


def test_a_property_is_added_with_options(acme, ada, inside, as_user):
    response = as_user(ada).post(
        f"{LIST}new/",
        {
            "level": "partner",
            "label": "Region",
            "type": "choice",
            "help_text": "Where they sell",
            "option-value": ["", "", ""],
            "option-label": ["EMEA", "Asia & Pacific", ""],
        },
    )

    prop = the(inside, acme, "region")
    assert response["Location"] == page_of(prop)
    assert prop.options == [
        {"value": "emea", "label": "EMEA"},
        {"value": "asia_pacific", "label": "Asia & Pacific"},
    ]
    assert (prop.type, prop.source, prop.built_in, prop.help_text) == (
        "choice",
        "portal",
        False,
        "Where they sell",
    )


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"label": ""}, "This field is required."),
        ({"key": "tier"}, "Another property has this key"),
        ({"key": "next"}, "The portal&#x27;s forms use this key themselves."),
        ({"key": "tier_currency"}, "The portal&#x27;s forms use this key themselves."),
        ({"key": "Not a key"}, "Use small letters, digits and underscores."),
        ({"type": "regex"}, "Select a valid choice"),
    ],
)
def test_a_property_that_cannot_be_is_refused_and_nothing_typed_is_lost(
    sent, message, acme, ada, inside, as_user
):
    data = {"level": "partner", "label": "Region", "type": "text", "help_text": "Where they sell", **sent}

    response = as_user(ada).post(f"{LIST}new/", data)

    assert response.status_code == 422
    assert message in response.content.decode()
    assert 'value="Where they sell"' in response.content.decode()
    with inside(acme):
        assert Property.objects.filter(level="partner").count() == 5


def test_a_name_never_makes_a_key_that_stands_for_something_else_in_a_form(acme, ada, inside, as_user):
    with inside(acme):
        define_properties([{"level": "partner", "key": "fee_currency", "label": "Fee in", "type": "text"}])
    for label in ("Next", "Confirmed", "Fee", "Tier currency"):
        data = {"level": "partner", "label": label, "type": "text"}
        assert as_user(ada).post(f"{LIST}new/", data).status_code == 302
    with inside(acme):
        made = list(
            Property.objects.filter(level="partner").order_by("-number").values_list("key", flat=True)[:4]
        )
    assert made == ["tier_currency_2", "fee_2", "confirmed_2", "next_2"]


def test_adding_an_option_keeps_the_form_without_saving_or_complaining(acme, ada, inside, as_user):
    data = {"level": "partner", "label": "", "type": "choice", "option-value": [""], "option-label": ["EMEA"]}

    response = as_user(ada).post(f"{LIST}new/", {**data, "do": "add"})
    page = response.content.decode()

    assert response.status_code == 200
    assert "This field is required." not in page
    assert page.count('name="option-label"') == 2
    assert 'value="EMEA"' in page
    with inside(acme):
        assert Property.objects.filter(level="partner").count() == 5


# ── Editing ──


def test_label_help_and_read_only_change(acme, ada, inside, as_user):
    country = the(inside, acme, "country")

    as_user(ada).post(
        page_of(country),
        {"label": "Land", "help_text": "Where they are", "read_only": "on", "type": "number"},
    )

    country = the(inside, acme, "country")
    assert (country.label, country.help_text, country.read_only) == ("Land", "Where they are", True)
    assert country.type == "text"  # built in, so its type stays


def test_a_type_changes_only_while_nothing_holds_a_value(acme, ada, brightpath, inside, as_user):
    with inside(acme):
        define_properties([{"level": "partner", "key": "seats", "label": "Seats", "type": "text"}])
    seats, client = the(inside, acme, "seats"), as_user(ada)

    client.post(page_of(seats), {"label": "Seats", "type": "number"})
    assert the(inside, acme, "seats").type == "number"

    with inside(acme):
        set_properties(brightpath, {"seats": "5"}, by=SYSTEM)
    client.post(page_of(seats), {"label": "Seats", "type": "text"})
    assert the(inside, acme, "seats").type == "number"


def test_options_are_renamed_ordered_and_added(acme, ada, brightpath, inside, as_user):
    tier = the(inside, acme, "tier")
    data = options(tier) | {
        "option-value": ["gold", "registered", "silver", "platinum", ""],
        "option-label": ["Gold+", "Registered", "Silver", "Platinum", "Diamond"],
    }

    response = as_user(ada).post(page_of(tier), data)

    assert response.status_code == 302
    tier = the(inside, acme, "tier")
    assert values(tier) == ["gold", "registered", "silver", "platinum", "diamond"]
    assert tier.option_label("gold") == "Gold+"
    assert fresh(inside, brightpath).value(tier) == "gold"


@pytest.mark.parametrize(
    ("do", "after"),
    [
        ("up-1", ["silver", "registered", "gold", "platinum"]),
        ("up-0", ["registered", "silver", "gold", "platinum"]),
        ("down-0", ["silver", "registered", "gold", "platinum"]),
        ("remove-3", ["registered", "silver", "gold"]),
        ("remove-99", ["registered", "silver", "gold", "platinum"]),
        ("nonsense", ["registered", "silver", "gold", "platinum"]),
    ],
)
def test_rows_move_without_being_saved(do, after, acme, ada, inside, as_user):
    tier = the(inside, acme, "tier")

    response = as_user(ada).post(page_of(tier), options(tier, do=do))

    assert [row["value"] for row in response.context["rows"].rows] == after
    assert values(the(inside, acme, "tier")) == ["registered", "silver", "gold", "platinum"]


def test_two_options_of_one_name_are_refused(acme, ada, inside, as_user):
    tier = the(inside, acme, "tier")
    data = options(tier) | {"option-label": ["Registered", "GOLD", "Gold", "Platinum"]}

    response = as_user(ada).post(page_of(tier), data)

    assert response.status_code == 422
    assert "“Gold” is in the list already." in response.content.decode()
    assert 'value="GOLD"' in response.content.decode()
    assert the(inside, acme, "tier").option_label("silver") == "Silver"


def test_an_option_in_use_is_removed_only_with_a_place_for_its_holders(
    acme, ada, brightpath, kestrel, inside, as_user
):
    tier, client = the(inside, acme, "tier"), as_user(ada)
    left = [o for o in tier.options if o["value"] not in {"gold", "silver"}]
    data = options(tier) | {
        "option-value": [o["value"] for o in left],
        "option-label": [o["label"] for o in left],
    }

    asked = client.post(page_of(tier), data)
    page = asked.content.decode()

    assert asked.status_code == 422
    assert "1 with “Gold” become" in page
    assert "1 with “Silver” become" in page
    assert "gold" in values(the(inside, acme, "tier"))

    assert client.post(page_of(tier), data | {"move-gold": "nonsense", "move-silver": ""}).status_code == 422
    assert client.post(page_of(tier), data | {"move-gold": "platinum", "move-silver": ""}).status_code == 302
    tier = the(inside, acme, "tier")
    assert values(tier) == ["registered", "platinum"]
    assert fresh(inside, brightpath).value(tier) == "platinum"
    assert fresh(inside, kestrel).value(tier) is None


def test_several_choices_lose_only_the_one_that_is_gone(acme, ada, brightpath, inside, as_user):
    with inside(acme):
        define_properties(
            [
                {
                    "level": "partner",
                    "key": "skills",
                    "label": "Skills",
                    "type": "multi_choice",
                    "options": [{"value": v, "label": v.upper()} for v in ("a", "b", "c")],
                }
            ]
        )
        set_properties(brightpath, {"skills": ["a", "b"]}, by=SYSTEM)
    skills = the(inside, acme, "skills")
    data = options(skills) | {"option-value": ["b", "c"], "option-label": ["B", "C"], "move-a": ""}

    assert as_user(ada).post(page_of(skills), data).status_code == 302
    assert fresh(inside, brightpath).value(skills) == ["b"]


def test_an_option_that_somebody_else_added_meanwhile_stays(acme, ada, inside, as_user):
    tier = the(inside, acme, "tier")
    data = options(tier)
    with inside(acme):
        tier.options = [*tier.options, {"value": "diamond", "label": "Diamond"}]
        tier.save()

    as_user(ada).post(page_of(tier), data)

    assert values(the(inside, acme, "tier")) == ["registered", "silver", "gold", "platinum", "diamond"]


# ── Archiving ──


def test_a_property_is_archived_and_comes_back_with_its_values(acme, ada, brightpath, inside, as_user):
    with inside(acme):
        define_properties([{"level": "partner", "key": "vat", "label": "VAT number", "type": "text"}])
        set_properties(brightpath, {"vat": "DE 1"}, by=SYSTEM)
    vat, client = the(inside, acme, "vat"), as_user(ada)
    partner = f"/acme/settings/partners/{brightpath.pk}/values/"

    client.post(page_of(vat, "archive/"))
    assert 'name="p-vat"' not in client.get(partner).content.decode()
    assert "vat" not in [row["prop"].key for row in client.get(LIST).context["shown"]]
    assert [row["prop"].key for row in client.get(f"{LIST}?archived=on").context["shown"]] == ["vat"]

    client.post(page_of(vat, "restoration/"))
    assert "DE 1" in client.get(partner).content.decode()


def test_a_property_in_use_above_is_not_archived(acme, ada, inside, as_user):
    with inside(acme):
        define_properties([{"level": "partner", "key": "vat", "label": "VAT", "type": "text"}])
    vat = the(inside, acme, "vat")

    def answer(sender, prop, **_):
        return [Use("Segment “Gold partners”", "/x/")] if prop.key == "vat" else []

    property_uses.connect(answer)
    try:
        response = as_user(ada).post(page_of(vat, "archive/"), follow=True)
    finally:
        property_uses.disconnect(answer)

    assert "VAT is in use by Segment “Gold partners”" in response.content.decode()
    assert the(inside, acme, "vat").archived_at is None


def test_a_built_in_property_is_never_archived(acme, ada, inside, as_user):
    tier = the(inside, acme, "tier")

    assert as_user(ada).post(page_of(tier, "archive/")).status_code == 403
    assert the(inside, acme, "tier").archived_at is None


# ── Roles ──


def role(inside, acme):
    return the(inside, acme, "role", "contact")


def test_roles_are_renamed_added_and_counted(acme, ada, pat, inside, as_user):
    client = as_user(ada)
    prop = role(inside, acme)
    data = options(prop) | {
        "option-value": [*values(prop), ""],
        "option-label": ["Seller", "Solutions engineer", "Partner manager", "Marketing", "Admin", "Lawyer"],
    }

    page = client.get(ROLES).content.decode()
    assert client.post(ROLES, data).status_code == 302

    prop = role(inside, acme)
    assert "1 contact" in page
    assert prop.option_label("sales_rep") == "Seller"
    assert prop.options[-1] == {"value": "lawyer", "label": "Lawyer"}
    assert [o["value"] for o in prop.options if o.get("default")] == ["sales_rep"]


def test_another_role_becomes_the_default_of_new_contacts(acme, ada, brightpath, inside, as_user):
    prop = role(inside, acme)

    as_user(ada).post(ROLES, options(prop) | {"option-default": "3"})

    prop = role(inside, acme)
    assert [o["value"] for o in prop.options if o.get("default")] == ["marketing"]
    with inside(acme):
        assert create_contact(brightpath, {"email": "n@example.com"}, by=SYSTEM).value(prop) == "marketing"


def test_the_default_role_goes_only_when_another_was_chosen(acme, ada, inside, as_user):
    prop, client = role(inside, acme), as_user(ada)
    left = prop.options[1:]
    data = options(prop) | {
        "option-value": [o["value"] for o in left],
        "option-label": [o["label"] for o in left],
        "option-default": "",
    }

    refused = client.post(ROLES, data)

    assert refused.status_code == 422
    assert "Choose the one role that new contacts get" in refused.content.decode()
    assert values(role(inside, acme))[0] == "sales_rep"
    assert client.post(ROLES, data | {"option-default": "0"}).status_code == 302
    assert values(role(inside, acme))[0] == "solutions_engineer"


@pytest.mark.parametrize("path", ["roles/", "property"])
def test_there_is_always_a_role_and_a_default(path, acme, ada, inside, as_user):
    prop = role(inside, acme)
    address = ROLES if path == "roles/" else page_of(prop)

    nothing = {"option-value": [], "option-label": [], "option-seen": values(prop), "label": "Role"}
    response = as_user(ada).post(address, nothing)

    assert response.status_code == 422
    assert len(role(inside, acme).options) == 5


def test_holders_of_a_removed_role_get_another(acme, ada, pat, inside, as_user):
    prop = role(inside, acme)
    data = options(prop) | {
        "option-value": values(prop)[:-1],
        "option-label": [o["label"] for o in prop.options][:-1],
    }
    client = as_user(ada)

    assert "1 with “Admin” become" in client.post(ROLES, data).content.decode()
    assert client.post(ROLES, data | {"move-admin": "marketing"}).status_code == 302
    with inside(acme):
        assert Contact.objects.get(pk=pat.pk).value(prop) == "marketing"


# ── Who may ──


@pytest.mark.parametrize(
    ("who", "reads", "changes"),
    [("ada", 200, 302), ("mia", 200, 403), ("vic", 200, 403), ("pat", 404, 404), ("otto", 404, 404)],
)
def test_who_may_read_and_change(who, reads, changes, acme, inside, as_user, request):
    client = as_user(request.getfixturevalue(who))
    country, roles = the(inside, acme, "country"), role(inside, acme)

    for path in [LIST, ROLES, page_of(country)]:
        assert client.get(path).status_code == reads
    assert client.post(page_of(country), {"label": "Land"}).status_code == changes
    assert client.post(ROLES, options(roles)).status_code == changes
    assert client.get(f"{LIST}new/").status_code == (200 if changes == 302 else changes)
    assert the(inside, acme, "country").label == ("Land" if changes == 302 else "Country")


def test_another_workspaces_property_does_not_exist(ada, globex, inside, as_user):
    theirs, client = the(inside, globex, "country"), as_user(ada)

    assert client.get(page_of(theirs)).status_code == 404
    for part in ["", "archive/", "restoration/"]:
        assert client.post(page_of(theirs, part), {"label": "Mine"}).status_code == 404
    assert the(inside, globex, "country").label == "Country"


def test_options_of_another_workspace_do_not_slip_in(acme, ada, inside, as_user):
    tier = the(inside, acme, "tier")
    data = options(tier) | {
        "option-value": [*values(tier), "stolen"],
        "option-label": [*(o["label"] for o in tier.options), "Fresh"],
    }

    as_user(ada).post(page_of(tier), data)

    assert values(the(inside, acme, "tier"))[-1] == "fresh"  # a value is never what a form says
