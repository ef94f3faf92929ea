import pytest
from django.http import QueryDict
from django.utils.safestring import SafeString

from tests.conftest import make_member, make_partner
from workspaces import first_steps
from workspaces.actors import SYSTEM
from workspaces.display import Display, money_text, number_text
from workspaces.exports import safe
from workspaces.models import Workspace
from workspaces.properties import PropertyErrors, define_properties, properties_of, set_properties
from workspaces.record_forms import PropertyForm

PORTAL = "/acme/settings/portal/"
TYPES = {
    "text": ("Fjord", "Fjord"),
    "long_text": ("a\r\nb", "a\nb"),
    "number": ("1250.50", "1250.5"),
    "date": ("2026-11-22", "2026-11-22"),
    "datetime": ("2026-07-01T10:30", "2026-07-01T08:30:00.000Z"),
    "url": ("example.com", "https://example.com"),
    "email": ("Ana@Example.com", "ana@example.com"),
    "phone": ("+49 30 901820", "+49 30 901820"),
    "boolean": ("false", False),
}


@pytest.fixture
def olga(acme):
    return make_member(acme, "olga", "owner")


@pytest.fixture
def typed(acme, inside):
    """One property of each type, by key."""
    choices = [{"value": "a", "label": "Alpha"}, {"value": "b", "label": "Beta"}]
    with inside(acme):
        define_properties(
            [
                {"level": "partner", "key": f"a_{kind}", "label": kind, "type": kind, "options": choices}
                for kind in [*TYPES, "money", "choice", "multi_choice", "user"]
            ]
        )
        return properties_of("partner")


def posted(**fields):
    data = QueryDict(mutable=True)
    for name, value in fields.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return data


# ── The one form for values ──


@pytest.mark.parametrize("kind", TYPES)
def test_what_is_typed_becomes_the_raw_value_and_comes_back(kind, acme, typed, inside):
    key, (sent, raw) = f"a_{kind}", TYPES[kind]
    with inside(acme):
        partner = make_partner(acme, "Fjord")
        form = PropertyForm([typed[key]], partner, posted(**{key: sent}))
        assert form.is_valid(), form.errors
        set_properties(partner, form.values(), by=SYSTEM)

        assert partner.value(typed[key]) == raw
        again = PropertyForm(
            [typed[key]], partner, posted(**{key: str(PropertyForm([typed[key]], partner).initial[key])})
        )
        assert again.is_valid()
        assert again.values() == {}


def test_money_is_an_amount_and_a_currency(acme, typed, inside):
    money = typed["a_money"]
    with inside(acme):
        partner = make_partner(acme, "Fjord")
        form = PropertyForm([money], partner, posted(a_money="12.50", a_money_currency="CHF"))
        assert form.is_valid()
        set_properties(partner, form.values(), by=SYSTEM)
        assert partner.value(money) == {"amount": "12.5", "currency": "CHF"}

        blank = PropertyForm([money], partner, posted(a_money=" ", a_money_currency="EUR"))
        assert blank.is_valid()
        assert blank.values() == {"a_money": None}
        wrong = PropertyForm([money], partner, posted(a_money="twelve", a_money_currency="EUR"))
        assert not wrong.is_valid()
        assert 'value="twelve"' in str(wrong["a_money"])


def test_several_options_none_ticked_differs_from_not_sent(acme, typed, inside):
    several = typed["a_multi_choice"]
    with inside(acme):
        partner = make_partner(acme, "Fjord", a_multi_choice=["a", "b"])
        kept = PropertyForm([several], partner, posted(other="x"))
        none = PropertyForm([several], partner, posted(a_multi_choice=[""]))
        one = PropertyForm([several], partner, posted(a_multi_choice=["", "b"]))

        assert kept.is_valid()
        assert none.is_valid()
        assert one.is_valid()
        assert (kept.values(), none.values(), one.values()) == (
            {},
            {"a_multi_choice": None},
            {"a_multi_choice": ["b"]},
        )


def test_an_option_that_is_none_is_refused_beside_its_field(acme, typed, inside):
    with inside(acme):
        form = PropertyForm([typed["a_choice"]], make_partner(acme, "Fjord"), posted(a_choice="z"))

        assert not form.is_valid()
        assert form.errors["a_choice"] == ["“z” is not one of the options."]


def test_a_member_of_another_team_is_refused(acme, otto, ada, typed, inside):
    with inside(acme):
        partner = make_partner(acme, "Fjord")
        theirs = PropertyForm([typed["a_user"]], partner, posted(a_user=str(otto.pk)))
        ours = PropertyForm([typed["a_user"]], partner, posted(a_user=str(ada.pk)))

        assert theirs.errors["a_user"] == ["Choose a member of the team."]
        assert "otto" not in str(theirs["a_user"]).lower()
        assert ours.is_valid()
        assert ours.values() == {"a_user": str(ada.pk)}


def test_faults_found_later_stand_beside_their_fields(acme, typed, inside):
    with inside(acme):
        form = PropertyForm([typed["a_text"]], make_partner(acme, "Fjord"), posted(a_text="x"))
        form.is_valid()
        form.add_property_errors(
            PropertyErrors({"a_text": "Too bold.", "unknown": "There is no such property."})
        )

        assert form.errors["a_text"] == ["Too bold."]
        assert form.non_field_errors() == ["There is no such property."]


def test_a_prefix_keeps_two_forms_apart(acme, typed, inside):
    with inside(acme):
        form = PropertyForm(
            [typed["a_text"], typed["a_money"]],
            make_partner(acme, "Fjord"),
            posted(**{"p-a_text": "x", "a_text": "y", "p-a_money": "5", "p-a_money_currency": "EUR"}),
            prefix="p",
        )
        assert form.is_valid()
        assert form.values() == {"a_text": "x", "a_money": {"amount": "5", "currency": "EUR"}}


# ── How values are shown ──


@pytest.mark.parametrize(
    ("raw", "text"),
    [("1234567.5", "1,234,567.5"), ("-3", "-3"), ("0.000001", "0.000001"), ("1250.50", "1,250.50")],
)
def test_numbers_keep_their_digits(raw, text):
    assert number_text(raw) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1200", "EUR", "€1,200"),
        ("1200.5", "CHF", "1,200.50\xa0CHF"),
        ("-3", "USD", "−$3"),
        ("0.125", "EUR", "€0.125"),
    ],
)
def test_money_carries_its_currency(amount, currency, text):
    assert money_text(amount, currency) == text


def test_values_are_shown_in_words(acme, ada, typed, inside):
    with inside(acme):
        display = Display(acme.zone)

        assert display.text(typed["a_choice"], "a") == "Alpha"
        assert display.text(typed["a_choice"], "gone") == "gone"
        assert display.text(typed["a_multi_choice"], ["b", "a", "zz"]) == "Alpha, Beta, zz"
        assert display.text(typed["a_boolean"], False) == "No"
        assert display.text(typed["a_date"], "2026-01-05") == "5 Jan 2026"
        assert display.text(typed["a_datetime"], "2026-07-01T08:30:00.000Z") == "1 Jul 2026, 10:30"
        assert display.text(typed["a_user"], str(ada.pk)) == "Ada"
        assert display.text(typed["a_user"], "gone") == "Somebody who left the team"
        assert display.text(typed["a_text"], None) == ""


@pytest.mark.parametrize(
    "raw", ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//evil.example"]
)
def test_only_web_addresses_become_links(raw, acme, typed, inside):
    shown = Display(acme.zone).html(typed["a_url"], raw)

    assert not isinstance(shown, SafeString)
    assert "<a" not in shown


@pytest.mark.parametrize("kind", ["text", "long_text", "url", "email", "phone"])
def test_markup_in_values_is_text(kind, acme, typed):
    from django.template import Context, Template

    raw = 'https://x.example/"><script>alert(1)</script>'
    shown = Template("{{ shown }}").render(
        Context({"shown": Display(acme.zone).html(typed[f"a_{kind}"], raw)})
    )

    assert "<script" not in shown
    assert '/">' not in shown


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-2+3", "'-2+3"),
        ("@x", "'@x"),
        ("\t=x", "'\t=x"),
        ("  =x", "'  =x"),
        ("-5", "-5"),
        ("+5.25", "+5.25"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_no_cell_begins_like_a_formula(cell, written):
    assert safe(cell) == written


# ── Portal ──


CALENDAR = {"week_starts": "7", "fiscal_year_starts": "4"}


def portal(**changes):
    data = {
        "name": "Acme",
        "brand_color": "#112233",
        "time_zone": "Europe/Paris",
        "currency": "USD",
    } | CALENDAR
    return {**data, "domain": "partners.acme.test", **changes}


def test_the_owner_changes_how_the_portal_looks(acme, olga, as_user):
    response = as_user(olga).post(PORTAL, portal(domain=" HTTPS://Partners.Example.COM/ ", name="Acme Cloud"))

    acme.refresh_from_db()
    assert response.status_code == 302
    assert (acme.name, acme.brand_color, acme.time_zone) == ("Acme Cloud", "#112233", "Europe/Paris")
    assert (acme.currency, acme.domain) == ("USD", "partners.example.com")
    assert (acme.week_starts, acme.fiscal_year_starts) == (7, 4)


def test_the_owner_sets_what_contacts_may_do(acme, olga, as_user):
    form = {"name": "Acme", "brand_color": "#2b4fd0", "time_zone": "UTC", "currency": "EUR"} | CALENDAR
    for sent, expected in (
        ({"collaboration_restricted": "on"}, (False, True)),
        ({"contacts_invite": "on"}, (True, False)),
    ):
        assert as_user(olga).post(PORTAL, {**form, **sent}).status_code == 302
        acme.refresh_from_db()
        assert (acme.contacts_invite, acme.collaboration_restricted) == expected


def test_without_a_domain_there_is_none(acme, olga, as_user):
    as_user(olga).post(PORTAL, portal(domain=""))

    acme.refresh_from_db()
    assert acme.domain is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("brand_color", "red;}*{display:none"),
        ("time_zone", "Mars/Olympus"),
        ("currency", "ZZZ"),
        ("domain", "partners.example.com/path"),
        ("domain", "localhost"),
        ("domain", "127.0.0.1"),
        ("domain", "taken.example.com"),
        ("domain", "-bad.example.com"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_else_is_lost(field, value, acme, globex, olga, as_user):
    Workspace.objects.filter(pk=globex.pk).update(domain="taken.example.com")

    response = as_user(olga).post(PORTAL, portal(**{"currency": "CHF", field: value}))

    acme.refresh_from_db()
    assert response.status_code == 422
    assert 'class="fault"' in response.content.decode()
    assert (acme.name, acme.currency, acme.brand_color) == ("Acme", "EUR", "#2b4fd0")


@pytest.mark.parametrize(
    ("who", "reads", "changes"),
    [("olga", 200, 302), ("ada", 200, 403), ("mia", 403, 403), ("otto", 404, 404)],
)
def test_who_may_read_and_change_the_portal(who, reads, changes, acme, as_user, request):
    client = as_user(request.getfixturevalue(who))

    assert client.get(PORTAL).status_code == reads
    assert client.post(PORTAL, portal(name="Other")).status_code == changes
    acme.refresh_from_db()
    assert acme.name == ("Other" if changes == 302 else "Acme")


# ── First steps ──


@pytest.fixture
def two_steps(monkeypatch):
    own = [
        step for step in first_steps.STEPS if step.route in {"settings:new-partner", "settings:properties"}
    ]
    monkeypatch.setattr(first_steps, "STEPS", own)


def test_a_new_workspace_begins_with_the_first_step(ada, two_steps, as_user):
    steps = as_user(ada).get("/acme/settings/").context["steps"]

    assert [(entry["done"], entry.get("next", False)) for entry in steps] == [(False, True), (False, False)]
    assert steps[0]["instead"] == ("/acme/settings/crm/new/", first_steps.STEPS[0].instead[1])


def test_steps_tick_themselves_and_then_give_way(acme, ada, two_steps, as_user):
    client = as_user(ada)

    make_partner(acme, "Fjord")
    steps = client.get("/acme/settings/").context["steps"]
    assert [entry["done"] for entry in steps] == [True, False]
    assert steps[0]["note"] == "1 partner, 0 contacts"

    make_partner(acme, "Gull", tier="gold")
    assert client.get("/acme/settings/")["Location"] == "/acme/settings/partners/"


def test_who_cannot_take_the_steps_goes_to_the_partners(acme, two_steps, as_user):
    vic = make_member(acme, "vic", "viewer")

    assert as_user(vic).get("/acme/settings/")["Location"] == "/acme/settings/partners/"


def test_a_step_that_leads_nowhere_yet_is_not_shown(ada, monkeypatch):
    step = first_steps.Step(1, "x", "x", "settings:nowhere", "x", "partners.view", lambda: False)
    monkeypatch.setattr(first_steps, "STEPS", [step])

    assert first_steps.for_member(ada) == []
