"""Saying that a property and a field of the CRM hold the same, and taking it back."""

from django.db import IntegrityError, transaction

from crm_sync.agreement.refreshing import refresh
from crm_sync.connectors.base import CrmField
from crm_sync.mapping import codec
from crm_sync.mapping.schema import learn_field
from crm_sync.models import Connection, FieldMapping, OutboxChange
from crm_sync.models.queues import SWEEPS
from workspaces.jobs import leave_work


def map_field(
    connection: Connection, *, object_type: str, field: CrmField, prop, direction: str, policy: str = ""
) -> FieldMapping:
    """Maps a field to a property, or changes direction and policy. Raises ValueError with the reason."""
    mapping = FieldMapping.objects.filter(connection=connection, prop=prop).first()
    mapping = mapping or FieldMapping(connection=connection, prop=prop)
    mapping.object_type, mapping.field, mapping.label = object_type, field.name, field.label
    mapping.direction, mapping.read_only, mapping.broken = direction, field.read_only, ""
    mapping.policy, mapping.type_known = policy or mapping.policy, field.type
    if reason := codec.misfit(mapping, field):
        raise ValueError(reason)
    if field.read_only and direction != "in":
        raise ValueError(f"{field.label} cannot be written in {connection}: it can only come in.")
    try:
        with transaction.atomic():
            mapping.save()
    except IntegrityError as error:
        raise ValueError(f"{field.label} is mapped to another property already.") from error
    learn_field(connection, object_type, field)
    refresh(connection.records.linked().filter(object_type=object_type))
    if not connection.calls_us:
        leave_work(SWEEPS)  # from then on the queue rings itself, minute by minute
    return mapping


def unmap(mapping: FieldMapping) -> None:
    """Values stay on both sides; what was agreed about them is forgotten."""
    OutboxChange.objects.filter(mapping=mapping).delete()
    records = mapping.connection.records.filter(object_type=mapping.object_type)
    for row in records.filter(agreed__has_key=mapping.field).select_for_update(no_key=True):
        del row.agreed[mapping.field]
        row.sent.pop(mapping.field, None)
        row.save(update_fields=["agreed", "sent"])
    mapping.delete()
