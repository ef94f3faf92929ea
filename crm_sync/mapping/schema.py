"""The CRM's fields as last read, and what their changes mean for the mapping: values are always kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields as attributes
from typing import Any

from django.utils import timezone

from crm_sync.agreement import delivery
from crm_sync.agreement.refreshing import refresh
from crm_sync.connectors.base import CrmField, FieldOption
from crm_sync.mapping import codec
from crm_sync.models import AuditEntry, Connection, FieldMapping, OutboxChange
from crm_sync.models.connection import remembered
from workspaces import options
from workspaces.models import Property
from workspaces.properties import save_property

GONE_FIELD = "This field no longer exists in the CRM. The portal's values are kept."
OTHER_TYPE = (
    "The type of this field in the CRM is {type} now. Nothing is read or written until you map it again."
)
READ_ONLY = "This field cannot be changed in the CRM any more: its values only come in."
ATTRIBUTES = {attribute.name for attribute in attributes(CrmField)}


def known_field(connection: Connection, object_type: str, name: str) -> CrmField | None:
    """A field of the CRM as last read."""
    known = connection.fields_known.get(object_type, [])
    return next((field_from(item) for item in known if item["name"] == name), None)


def known_fields(connection: Connection, object_type: str) -> Iterator[CrmField]:
    return map(field_from, connection.fields_known.get(object_type, []))


def field_from(item: Mapping[str, Any]) -> CrmField:
    kept = {name: value for name, value in item.items() if name in ATTRIBUTES}
    offered = tuple(FieldOption(**option) for option in item.get("options", ()))
    return CrmField(**({"label": item["name"], "type": "string"} | kept | {"options": offered}))


def refusal(field: CrmField | None, wire: str) -> str:
    """Why the CRM would not take this value, as far as its own description of the field tells."""
    if field is None or wire == "":
        return ""
    if field.read_only:
        return READ_ONLY
    if field.length and len(wire) > field.length:
        return f"{field.label} holds at most {field.length:,} characters; this has {len(wire):,}."
    if field.closed and field.options:
        offered = {option.value for option in field.options if not option.hidden}
        several = field.widget == "checkbox"
        missing = [value for value in (wire.split(";") if several else [wire]) if value not in offered]
        if missing:
            return f"{missing[0]} is not one of the options of {field.label} in the CRM."
    return ""


def companions(field: CrmField | None, wire: str) -> dict[str, str]:
    """What has to be written together with this value."""
    if field is None or not field.companion:
        return {}
    option = next((option for option in field.options if option.value == wire), None)
    return {field.companion: option.companion} if option and option.companion else {}


def learn(connection: Connection, known: Mapping[str, Sequence[CrmField]]) -> None:
    """Remembers the CRM's fields and brings the mapping in line with them."""
    kept = {object_type: [remembered(field) for field in fields] for object_type, fields in known.items()}
    learn_fields(connection, connection.fields_known | kept)


def learn_fields(connection: Connection, known: dict[str, list[dict]]) -> None:
    """As `learn`, from fields in the form in which they are remembered."""
    connection.fields_known, connection.fields_read_at = known, timezone.now()
    connection.save(update_fields=["fields_known", "fields_read_at"])
    for mapping in connection.mappings.filter(object_type__in=known).select_related("prop"):
        mapping.connection = connection
        _follow(mapping, known_field(connection, mapping.object_type, mapping.field))


def learn_field(connection: Connection, object_type: str, field: CrmField) -> None:
    if known_field(connection, object_type, field.name) is None:
        connection.fields_known.setdefault(object_type, []).append(remembered(field))
        connection.save(update_fields=["fields_known"])


def _follow(mapping: FieldMapping, field: CrmField | None) -> None:
    """One mapping against its field as it is now."""
    before = (mapping.broken, mapping.read_only, mapping.direction, mapping.label, mapping.type_known)
    was_broken = mapping.broken
    mapping.broken = _breakage(mapping, field)
    if field is not None and not mapping.broken:
        mapping.label, mapping.type_known = field.label, mapping.type_known or field.type
        if field.read_only and mapping.direction != "in":
            _force_in(mapping)
        mapping.read_only = field.read_only
        adopt_options(mapping, field)
    after = (mapping.broken, mapping.read_only, mapping.direction, mapping.label, mapping.type_known)
    if after == before:
        return
    mapping.save(update_fields=["broken", "read_only", "direction", "label", "type_known"])
    if was_broken != mapping.broken:
        told = mapping.broken or "The field is there again: values are kept in step as before."
        note(mapping, f"{mapping.label}: {told}")
        if not mapping.broken:
            refresh(mapping.connection.records.linked().filter(object_type=mapping.object_type))


def _breakage(mapping: FieldMapping, field: CrmField | None) -> str:
    if field is None:
        return GONE_FIELD
    # Without a word from a person, a value of another type is not let in: it might clear what is there.
    if mapping.type_known and field.type != mapping.type_known:
        return OTHER_TYPE.format(type=field.type)
    return codec.misfit(mapping, field)


def _force_in(mapping: FieldMapping) -> None:
    mapping.direction = FieldMapping.Direction.IN
    waiting = OutboxChange.objects.filter(mapping=mapping, state__in=delivery.OPEN)
    waiting.update(state=OutboxChange.State.SUPERSEDED, message=READ_ONLY, finished_at=timezone.now())
    note(mapping, f"{mapping.label}: {READ_ONLY}")


def adopt_options(mapping: FieldMapping, field: CrmField) -> None:
    """Options that the CRM has and the property lacks come in; none is taken away, since records may hold it.

    What a stage means follows the CRM, where the CRM tells.
    """
    if not mapping.prop.has_options or mapping.direction == "out" or not field.options:
        return
    prop = options.locked(mapping.prop)
    have = {option["value"] for option in prop.options}
    new = [o for o in field.options if _is_new(mapping, o, have)]
    new = [o for o in new if not _is_called_the_same(mapping, o, prop)]
    if len(have) + len(new) > options.MAX_OPTIONS:
        new = []
    prop.options += [{"value": o.value, "label": o.label[: options.MAX_LABEL]} for o in new]
    if not (_follow_outcomes(mapping, prop, field) or new):
        return
    save_property(prop)
    mapping.prop = Property.objects.get(pk=prop.pk)
    if new:
        listed = ", ".join(o.label for o in new)
        note(mapping, f"{prop.label} has new options from {mapping.connection}: {listed}.")
        refresh(mapping.connection.records.linked().filter(object_type=mapping.object_type))


def _is_new(mapping: FieldMapping, option: FieldOption, have: set[str]) -> bool:
    """Neither ours already, nor said to be another one of ours."""
    known = option.value in have or option.value in mapping.options
    return bool(option.value) and not (option.hidden or known) and len(option.value) <= options.MAX_VALUE


def _is_called_the_same(mapping: FieldMapping, option: FieldOption, prop: Property) -> bool:
    """An option of ours with the same words is the same: “Closed won”, whatever its value is over there."""
    label = option.label.strip().casefold()
    ours = next((o["value"] for o in prop.options if o["label"].casefold() == label), None)
    if ours is None:
        return False
    mapping.options[option.value] = ours
    mapping.save(update_fields=["options"])
    return True


def _follow_outcomes(mapping: FieldMapping, prop: Property, field: CrmField) -> bool:
    """Says whether any of our stages means something else now."""
    told = {mapping.options.get(o.value, o.value): o.outcome for o in field.options if o.outcome}
    before = [dict(option) for option in prop.options]
    for option in prop.options:
        match told.get(option["value"]):
            case "open":
                option.pop("outcome", None)
            case "won" | "lost" as outcome:
                option["outcome"] = outcome
    return prop.options != before


def note(mapping: FieldMapping, message: str) -> None:
    AuditEntry.objects.create(
        connection=mapping.connection, action="schema", message=message, by=str(mapping.connection)
    )
