"""Saying that a property and a field of the CRM hold the same, and taking it back."""

from collections.abc import Mapping

from django.db import IntegrityError, transaction

from crm_sync.agreement import audit
from crm_sync.agreement.refreshing import refresh
from crm_sync.connectors.base import CrmField
from crm_sync.mapping import codec, managers
from crm_sync.mapping.schema import adopt_options, known_field, learn_field
from crm_sync.models import Connection, FieldMapping, OutboxChange
from crm_sync.models.queues import SCHEMA, SWEEPS
from workspaces.jobs import leave_work


def map_field(
    connection: Connection, *, object_type: str, field: CrmField, prop, direction: str, policy: str = ""
) -> FieldMapping:
    """Maps a field to a property, or changes direction and policy. Raises ValueError with the reason."""
    mapping = FieldMapping.objects.filter(connection=connection, prop=prop).first()
    mapping = mapping or FieldMapping(connection=connection, prop=prop)
    if mapping.field != field.name:
        mapping.options = {}
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
    adopt_options(mapping, field)
    managers.take_over(mapping)
    refresh(connection.records.linked().filter(object_type=object_type))
    if not connection.calls_us:
        leave_work(SWEEPS)  # from then on the queue rings itself, minute by minute
    if prop.type == "user":
        read_people(connection)
    return mapping


def read_people(connection: Connection) -> None:
    """Asks for the CRM's people, with its fields: values of people mean nothing before."""
    connection.fields_read_at = None
    connection.save(update_fields=["fields_read_at"])
    leave_work(SCHEMA)


def unmap(mapping: FieldMapping) -> None:
    """Values stay on both sides; what was agreed about them is forgotten."""
    OutboxChange.objects.filter(mapping=mapping).delete()
    forget_agreed(mapping)
    mapping.delete()


def set_options(mapping: FieldMapping, options: Mapping[str, str], *, by: object) -> None:
    """Which of the CRM's options is which of ours: only what differs is kept. Linked records are read anew."""
    mapping.options = {theirs: ours for theirs, ours in options.items() if theirs != ours}
    mapping.save(update_fields=["options"])
    audit.note(mapping.connection, "mapping", f"The options of {mapping.prop} were matched anew.", by=by)
    if field := known_field(mapping.connection, mapping.object_type, mapping.field):
        adopt_options(mapping, field)
    meet_again(mapping)


def meet_again(mapping: FieldMapping) -> None:
    """A value means something else from now on: both sides are looked at as if they met for the first time."""
    forget_agreed(mapping)
    links = mapping.connection.records.linked().filter(object_type=mapping.object_type)
    refresh(links)


def forget_agreed(mapping: FieldMapping) -> None:
    records = mapping.connection.records.filter(object_type=mapping.object_type)
    for row in records.filter(agreed__has_key=mapping.field).select_for_update(no_key=True):
        del row.agreed[mapping.field]
        row.sent.pop(mapping.field, None)
        row.save(update_fields=["agreed", "sent"])
