import json

import pytest

from portal.profile import arranging
from portal.profile.models import ProfileField, ProfileLayout
from workspaces.models import Partner, Property, PropertyDelivery
from workspaces.properties import properties_of


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def value(inside):
    """A partner's stored value: `value(brightpath, "website")`."""

    def look(partner, key):
        with inside(partner.workspace_id):
            return Partner.objects.get(pk=partner.pk).value(Property.objects.get(level="partner", key=key))

    return look


@pytest.fixture
def layout(acme, inside):
    with inside(acme):
        return ProfileLayout.ensure()


@pytest.fixture
def shown(acme, layout, inside):
    """Shows a property, editable or not: `shown("country", editable=True)`; the field comes back."""

    def show(key, *, editable):
        with inside(acme):
            prop = properties_of("partner")[key]
            arranging.show(prop)
            ProfileField.objects.filter(prop=prop).update(editable=editable)
            return ProfileField.objects.select_related("prop", "audience").get(prop=prop)

    return show


@pytest.fixture
def delivery(inside):
    """Where a value is on its way to the CRM, as the CRM's side would note it."""

    def note(partner, key, state, message="", crm="hubspot"):
        with inside(partner.workspace_id):
            prop = Property.objects.get(level="partner", key=key)
            row = {"state": state, "crm": crm, "message": message, "at": "2026-11-22T10:00:00Z"}
            PropertyDelivery.objects.update_or_create(record_id=partner.pk, prop=prop, defaults=row)

    return note


@pytest.fixture
def seen():
    """The hidden fields that say what the page showed."""

    def was(**values):
        return {f"was-{key}": json.dumps(value) for key, value in values.items()}

    return was
