"""HubSpot's fields, as it describes them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crm_sync.connectors.base import CrmField, FieldOption
from crm_sync.connectors.values import LONGEST_TEXT

UNWRITABLE_TYPES = {"object_coordinates", "json"}
ASSOCIATION = "association:"  # before the label of one, where it stands among the fields
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
        refers_to=("user",) if item.get("referencedObjectType") == "OWNER" else (),
    )


def with_pipelines(
    fields: list[CrmField], pipelines: list[Mapping[str, Any]], *, names: tuple[str, str]
) -> list[CrmField]:
    """The options of the two fields of pipeline and stage, which HubSpot keeps elsewhere. Stages of all pipelines:
    their ids are known within their pipeline alone, so that both are written together."""
    pipeline_name, stage_name = names
    several = len(pipelines) > 1
    stages = [
        FieldOption(
            str(stage["id"]),
            f"{pipeline.get('label')}: {stage.get('label')}" if several else str(stage.get("label")),
            outcome=outcome_of(stage.get("metadata") or {}),
            companion=str(pipeline["id"]),
        )
        for pipeline in pipelines
        for stage in pipeline.get("stages") or []
    ]
    pipelines_listed = tuple(FieldOption(str(p["id"]), str(p.get("label") or p["id"])) for p in pipelines)
    changed: dict[str, dict[str, Any]] = {
        pipeline_name: {"options": pipelines_listed},
        stage_name: {"options": tuple(stages), "companion": pipeline_name},
    }
    return [replace(f, **changed[f.name]) if f.name in changed else f for f in fields]


def outcome_of(metadata: Mapping[str, Any]) -> str:
    """What being in a stage means. Leads say it in a word, deals by being closed and how probable."""
    if state := str(metadata.get("leadState") or ""):
        return {"QUALIFIED": "won", "UNQUALIFIED": "lost"}.get(state, "open")
    probable = str(metadata.get("probability") or "")
    closed = str(metadata.get("isClosed") or probable in ("1.0", "0.0")).lower() == "true"
    if not closed:
        return "open"
    return "won" if probable in ("1.0", "1") else "lost"


def labelled(label: Mapping[str, Any]) -> CrmField:
    """A label of associations with companies, as a field that says who sells."""
    name = str(label.get("label") or "")
    return CrmField(
        name=f"{ASSOCIATION}{name}",
        label=f"Company labelled “{name}”",
        type="association",
        read_only=True,
        unmappable="This is an association and no value.",
        refers_to=("company",),
    )


def _option(option: Mapping[str, Any]) -> FieldOption:
    value = str(option.get("value") or "")
    return FieldOption(value, str(option.get("label") or value), bool(option.get("hidden")))
