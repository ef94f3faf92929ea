"""HubSpot's fields, as it describes them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crm_sync.connectors.base import CrmField, FieldOption
from crm_sync.connectors.values import LONGEST_TEXT

UNWRITABLE_TYPES = {"object_coordinates", "json"}
UNREADABLE = "HubSpot keeps this field in a form that cannot be read as a value."


def field_from_definition(item: Mapping[str, Any]) -> CrmField:
    rights = item.get("modificationMetadata") or {}
    calculated = item.get("calculated") or item.get("calculationFormula")
    unwritable = item.get("type") in UNWRITABLE_TYPES
    return CrmField(
        name=str(item["name"]),
        label=str(item.get("label") or item["name"]),
        type=str(item.get("type") or "string"),
        widget=str(item.get("fieldType") or ""),
        options=tuple(_option(option) for option in item.get("options") or []),
        read_only=bool(rights.get("readOnlyValue") or calculated or unwritable),
        length=LONGEST_TEXT if item.get("type") == "string" else None,
        unique=item.get("hasUniqueValue") is True,
        sensitive=str(item.get("dataSensitivity") or "non_sensitive") != "non_sensitive",
        closed=item.get("type") in ("enumeration", "bool"),
        unmappable=UNREADABLE if unwritable else "",
    )


def with_pipelines(fields: list[CrmField], pipelines: list[Mapping[str, Any]]) -> list[CrmField]:
    """The options of a deal's pipeline and stage, which HubSpot keeps elsewhere. Stages of all pipelines."""
    stages = [
        FieldOption(str(stage["id"]), f"{pipeline.get('label')}: {stage.get('label')}")
        for pipeline in pipelines
        for stage in pipeline.get("stages") or []
    ]
    options = {
        "pipeline": tuple(FieldOption(str(p["id"]), str(p.get("label") or p["id"])) for p in pipelines),
        "dealstage": tuple(stages),
    }
    return [replace(f, options=options[f.name]) if f.name in options else f for f in fields]


def _option(option: Mapping[str, Any]) -> FieldOption:
    value = str(option.get("value") or "")
    return FieldOption(value, str(option.get("label") or value), bool(option.get("hidden")))
