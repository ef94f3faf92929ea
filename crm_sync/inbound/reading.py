"""Records of the CRM as they are now, and which of the fields that they lack exist at all."""

from collections.abc import Iterable, Sequence

from crm_sync.connectors.base import Connector, CrmRecord


def read(
    connector: Connector, object_type: str, external_ids: Sequence[str], fields: Iterable[str]
) -> tuple[dict[str, CrmRecord], set[str] | None]:
    """The records by the id that was asked for, and the object's fields: only if an answer left one out."""
    wanted = sorted(set(fields))
    records = connector.read(object_type, external_ids, wanted)
    return records, known_fields(connector, object_type, wanted, records.values())


def known_fields(
    connector: Connector, object_type: str, wanted: Iterable[str], records: Iterable[CrmRecord]
) -> set[str] | None:
    """A field that is absent from an answer is empty, or gone: the CRM's own list of fields tells."""
    if all(set(wanted) <= record.values.keys() for record in records):
        return None
    return {field.name for field in connector.fields(object_type)}
