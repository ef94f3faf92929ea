"""The same value in the portal's form and in the CRM's: through its type, and where they differ, option by option."""

from collections.abc import Iterable

from crm_sync.connectors import values
from crm_sync.mapping import days, people
from crm_sync.models import Connection, FieldMapping

UnfitValue = values.UnfitValue
NOBODY = "{name} is nobody in {crm} whom records can be given to."
LEFT_OUT = "“{option}” is an option of {crm} that is not taken over."
NO_OPTION = "{crm} has no option that stands for “{option}”."


def prepare(connection: Connection, mappings: Iterable[FieldMapping]) -> None:
    """Loads what values of people need, once for all: afterwards no question is asked. Inside a transaction."""
    of_people = [mapping for mapping in mappings if mapping.prop.type == "user"]
    if of_people:
        known = people.known(connection)
        for mapping in of_people:
            mapping.people = known


def to_wire(mapping: FieldMapping, value) -> str:
    """Our raw value as the CRM writes it. Raises UnfitValue."""
    prop = mapping.prop
    if prop.type == "user":
        return _user(mapping, value)
    if mapping.holds_moments and value is not None:
        return days.moment_of(value, mapping.connection.time_zone)
    if mapping.options and value is not None:
        several = isinstance(value, list)
        theirs = [_theirs(mapping, one) for one in (value if several else [value])]
        value = theirs if several else theirs[0]
    return values.to_wire(value, portal_type=prop.type)


def from_wire(mapping: FieldMapping, text: str, *, currency: str):
    """Our raw value behind the CRM's string. Raises UnfitValue."""
    prop = mapping.prop
    if prop.type == "user":
        return mapping.people.member_of.get(text.strip()) if mapping.people else None
    if mapping.holds_moments and text.strip():
        return days.day_of(text, mapping.connection.time_zone)
    value = values.from_wire(text, portal_type=prop.type, currency=currency)
    if not mapping.options or value is None:
        return value
    if isinstance(value, list):
        return sorted({ours for one in value if (ours := mapping.options.get(one, one))}) or None
    if mapping.options.get(value, value) == "":
        raise UnfitValue(LEFT_OUT.format(option=value, crm=mapping.connection))
    return mapping.options.get(value, value)


def same_form(mapping: FieldMapping, text: str) -> str:
    """The CRM's string in the one form in which strings are compared; itself where it is no value."""
    if mapping.prop.type == "user":  # one who is not of our team is somebody all the same
        return text.strip()
    try:
        return to_wire(mapping, from_wire(mapping, text, currency=""))
    except UnfitValue:
        return text


def misfit(mapping: FieldMapping, field) -> str:
    return values.misfit(mapping.prop.type, field, crm=str(mapping.connection))


def _user(mapping: FieldMapping, member: str | None) -> str:
    if member is None:
        return ""
    found = mapping.people.user_of.get(member) if mapping.people else None
    if found is None:
        name = mapping.people.names.get(member, "This colleague") if mapping.people else "This colleague"
        raise UnfitValue(NOBODY.format(name=name, crm=mapping.connection))
    return found


def _theirs(mapping: FieldMapping, ours: str) -> str:
    """The first of the CRM's options that stands for ours."""
    said = next((theirs for theirs, mine in mapping.options.items() if mine == ours), None)
    if said is None and ours in mapping.options:  # what is called so over there means another one here
        label = mapping.prop.option_label(ours)
        raise UnfitValue(NO_OPTION.format(option=label, crm=mapping.connection))
    return ours if said is None else said
