import pytest

from workspaces.actors import SYSTEM, Actor
from workspaces.display import Display
from workspaces.models import Contact, Partner, Property, PropertyChange, Workspace
from workspaces.properties import (
    PropertyErrors,
    create_contact,
    create_partner,
    define_properties,
    properties_of,
    set_properties,
)
from workspaces.property_types import Invalid, clean, normalise
from workspaces.record_forms import typed
from workspaces.signals import record_changed

CRM = Actor("crm", "hubspot", "HubSpot")


def prop(type, **fields):
    return Property(workspace=Workspace(time_zone="Europe/Berlin"), type=type, key="x", label="X", **fields)


OPTIONS = [{"value": "gold", "label": "Gold"}, {"value": "ümlaut", "label": "Ü"}]


@pytest.mark.parametrize(
    ("type", "given", "raw", "norm"),
    [
        ("text", "  Straße\r\n", "Straße", "strasse"),
        ("text", "Cafe\u0301", "Caf\u00e9", "caf\u00e9"),
        ("number", "1 250.50", "1250.5", 1250.5),
        ("number", "1e3", "1000", 1000),
        ("number", "-0.0", "0", 0),
        ("number", 0, "0", 0),
        ("money", "1200.50 EUR", {"amount": "1200.5", "currency": "EUR"}, {"a": 1200.5, "c": "EUR"}),
        ("money", {"amount": "", "currency": "EUR"}, None, None),
        ("boolean", "Yes", True, True),
        ("boolean", False, False, False),
        ("date", "2024-02-29", "2024-02-29", "2024-02-29"),
        ("datetime", "2026-03-29T02:30:00", "2026-03-29T01:30:00.000Z", "2026-03-29T01:30:00.000Z"),
        ("datetime", "2026-11-22T10:00:00+01:00", "2026-11-22T09:00:00.000Z", "2026-11-22T09:00:00.000Z"),
        ("choice", "gold", "gold", "gold"),
        ("multi_choice", ["ümlaut", "gold", "gold"], ["gold", "ümlaut"], ["gold", "ümlaut"]),
        ("multi_choice", [""], None, None),
        ("url", "brightpath.example", "https://brightpath.example", "https://brightpath.example"),
        ("email", "Ana@Example.COM", "ana@example.com", "ana@example.com"),
        ("phone", "+49 (30) 901820-7", "+49 (30) 901820-7", "+49 (30) 901820-7"),
        ("text", "   ", None, None),
    ],
)  # fmt: skip
def test_a_value_becomes_its_raw_and_its_normalised_form(type, given, raw, norm):
    field = prop(type, options=OPTIONS)
    assert clean(field, given) == raw
    assert normalise(field, raw) == norm


@pytest.mark.parametrize(
    ("type", "given"),
    [
        ("text", "a\x00b"), ("text", 7), ("text", "x" * 1001), ("number", "NaN"), ("number", "Infinity"), ("number", True),
        ("number", "9007199254740993"), ("number", "1e400"), ("number", "twelve"), ("money", "12"), ("money", {"amount": "1", "currency": "euro"}),
        ("money", {"amount": "1", "currency": "EUR", "x": 1}), ("boolean", "maybe"), ("boolean", 1), ("date", "2023-02-29"),
        ("date", "yesterday"), ("datetime", "2026-13-01T00:00"), ("choice", "Gold"), ("choice", ["gold"]), ("multi_choice", ["gold", "tin"]),
        ("multi_choice", {"gold": 1}), ("url", "javascript:alert(1)"), ("url", "http://"), ("email", "ana@"), ("phone", "call me"), ("phone", "1" * 41),
        ("number", "1e1000000"), ("number", "-1e999999"), ("money", "1e1000000 EUR"), ("text", "a\ud800"), ("url", "http://a.com/\udfff"),
        ("datetime", "9999-12-31T23:59:59Z"), ("datetime", "0001-01-01T00:00:00Z"),
    ],
)  # fmt: skip
def test_a_hostile_value_is_refused_in_words(type, given):
    with pytest.raises(Invalid) as error:
        clean(prop(type, options=OPTIONS), given)
    assert str(error.value).endswith(".")


def test_setting_writes_logs_versions_and_announces_once(acme, brightpath, inside):
    heard = []
    receiver = lambda changes, **_: heard.append(changes)  # noqa: E731
    record_changed.connect(receiver)
    try:
        with inside(acme):
            before = brightpath.version
            set_properties(brightpath, {"tier": "platinum", "website": "brightpath.example"}, by=CRM)
            known = properties_of("partner")
            tier, website = known["tier"], known["website"]
            stored = Partner.objects.get(pk=brightpath.pk)
            log = {
                c.prop.key: (c.old, c.new, c.actor_kind)
                for c in PropertyChange.objects.filter(record_id=stored.pk, actor_kind="crm").select_related(
                    "prop"
                )
            }
    finally:
        record_changed.disconnect(receiver)
    assert stored.raw[str(tier.number)] == "platinum"
    assert stored.version == before + 1
    assert log == {
        "tier": ("gold", "platinum", "crm"),
        "website": (None, "https://brightpath.example", "crm"),
    }
    assert len(heard) == 1
    assert heard[0][0].values == {
        tier.number: ("gold", "platinum"),
        website.number: (None, "https://brightpath.example"),
    }


def test_the_same_values_again_change_nothing(acme, brightpath, inside):
    with inside(acme):
        count = PropertyChange.objects.count()
        assert set_properties(brightpath, {"tier": "gold"}, by=CRM) is None
        assert PropertyChange.objects.count() == count


def test_one_wrong_value_writes_none_and_names_each(acme, brightpath, inside):
    with inside(acme):
        with pytest.raises(PropertyErrors) as error:
            set_properties(
                brightpath, {"tier": "tin", "website": "x y", "phase": "active", "nope": 1}, by=CRM
            )
        assert set(error.value.errors) == {"tier", "website", "nope"}
        assert Partner.objects.get(pk=brightpath.pk).raw == brightpath.raw


def test_a_contact_never_writes_a_read_only_property(acme, brightpath, pat, inside):
    with inside(acme), pytest.raises(PropertyErrors) as error:
        set_properties(brightpath, {"tier": "platinum"}, by=Actor.of_contact(pat))
    assert error.value.errors == {"tier": "Tier can only be changed by Acme."}


def test_clearing_removes_the_value_from_every_document(acme, brightpath, inside):
    with inside(acme):
        set_properties(brightpath, {"tier": None}, by=CRM)
        number = str(properties_of("partner")["tier"].number)
        stored = Partner.objects.get(pk=brightpath.pk)
    assert number not in stored.raw
    assert number not in stored.norm
    assert number in stored.set_at


def test_a_name_is_needed_and_mirrored_to_its_column(acme, brightpath, inside):
    with inside(acme):
        set_properties(brightpath, {"name": " Bright Path "}, by=CRM)
        assert Partner.objects.get(pk=brightpath.pk).name == "Bright Path"
        with pytest.raises(PropertyErrors):
            set_properties(brightpath, {"name": ""}, by=CRM)
        with pytest.raises(PropertyErrors):
            create_partner({"tier": "gold"}, by=CRM)


def test_a_value_that_is_too_long_for_its_column_is_refused_in_words(acme, brightpath, pat, inside):
    with inside(acme):
        for record, values in [
            (brightpath, {"name": "n" * 201}),
            (pat, {"name": "n" * 201}),
            (pat, {"email": f"{'a' * 60}@{'b.' * 98}example"}),
        ]:
            with pytest.raises(PropertyErrors) as refused:
                set_properties(record, values, by=CRM)
            assert set(refused.value.errors) == set(values)
        set_properties(brightpath, {"name": "n" * 200}, by=CRM)


@pytest.mark.parametrize("moment", ["0001-01-03T00:00:00Z", "9999-12-29T00:00:00Z"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_the_first_and_the_last_moment_can_be_shown_everywhere(moment, zone):
    field = Property(workspace=Workspace(time_zone=zone), type="datetime", key="x", label="X")
    raw = clean(field, moment)
    assert Display(field.workspace.zone).text(field, raw)
    assert typed(field, raw)


def test_a_new_contact_gets_the_default_role(acme, brightpath, inside):
    with inside(acme):
        contact = create_contact(brightpath, {"email": "new@example.com"}, by=SYSTEM)
        assert contact.value(properties_of("contact")["role"]) == "sales_rep"


def test_a_changed_address_unbinds_the_person(acme, pat, inside):
    with inside(acme):
        set_properties(pat, {"email": "other@example.com"}, by=CRM)
        assert Contact.objects.get(pk=pat.pk).user_id is None


def test_property_numbers_are_given_out_once(acme, inside):
    with inside(acme):
        made = define_properties(
            [{"level": "partner", "key": f"p{n}", "label": "P", "type": "text"} for n in range(3)]
        )
        assert len({p.number for p in made} | {p.number for p in properties_of("partner").values()}) == 8
