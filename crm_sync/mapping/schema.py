"""The CRM's fields as last read, and what their changes mean for the mapping."""

from crm_sync.connectors.base import CrmField
from crm_sync.models import Connection
from crm_sync.models.connection import remembered

GONE_FIELD = "This field no longer exists in the CRM. The portal's values are kept."


def known_field(connection: Connection, object_type: str, name: str) -> CrmField | None:
    """A field of the CRM as last read."""
    known = connection.fields_known.get(object_type, [])
    return next((CrmField(**item) for item in known if item["name"] == name), None)


def learn_fields(connection: Connection, known: dict[str, list[dict]]) -> None:
    """Remembers the CRM's fields; a mapping whose field is back, or is gone, is marked so."""
    connection.fields_known = known
    connection.save(update_fields=["fields_known"])
    for mapping in connection.mappings.all():
        there = known_field(connection, mapping.object_type, mapping.field) is not None
        broken = "" if there else GONE_FIELD
        if broken != mapping.broken:
            mapping.broken = broken
            mapping.save(update_fields=["broken"])


def learn_field(connection: Connection, object_type: str, field: CrmField) -> None:
    if known_field(connection, object_type, field.name) is None:
        connection.fields_known.setdefault(object_type, []).append(remembered(field))
        connection.save(update_fields=["fields_known"])
