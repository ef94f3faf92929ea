"""The same value in the portal's form and in the CRM's."""

from crm_sync.connectors import values
from crm_sync.models import FieldMapping

UnfitValue = values.UnfitValue


def to_wire(mapping: FieldMapping, value) -> str:
    """Our raw value as the CRM writes it. Raises UnfitValue."""
    return values.to_wire(value, portal_type=mapping.prop.type)


def from_wire(mapping: FieldMapping, text: str, *, currency: str):
    """Our raw value behind the CRM's string. Raises UnfitValue."""
    return values.from_wire(text, portal_type=mapping.prop.type, currency=currency)


def same_form(mapping: FieldMapping, text: str) -> str:
    """The CRM's string in the one form in which strings are compared; itself where it is no value."""
    try:
        return to_wire(mapping, from_wire(mapping, text, currency=""))
    except UnfitValue:
        return text


def misfit(mapping: FieldMapping, field) -> str:
    return values.misfit(mapping.prop.type, field, crm=str(mapping.connection))
