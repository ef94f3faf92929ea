"""Writing in batches, each record with a result of its own."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crm_sync.connectors.base import Create, CreateResult, CrmRecord, Write, WriteResult
from crm_sync.connectors.failures import CrmError, Failure, FailureKind
from crm_sync.connectors.hubspot import answers, errors, paths
from crm_sync.connectors.hubspot.transport import Transport, batches

UNNAMED = Failure(FailureKind.UNKNOWN, "HubSpot did not say what became of this change.")
CHANGED = Failure(FailureKind.CONFLICT, "The record was changed in HubSpot at the same moment.")


@dataclass(frozen=True)
class Item:
    """One input of a batch. `key` is what HubSpot names it by."""

    key: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    record: CrmRecord | None = None
    created: bool = False
    refused: Mapping[str, str] = field(default_factory=dict)
    failure: Failure | None = None


Send = Callable[[list[Item]], dict[str, Any]]


def write(api: Transport, object_type: str, wanted: Sequence[Write]) -> list[WriteResult]:
    changed = _changed_meanwhile(api, object_type, wanted)
    items = [Item(w.external_id, w.values) for w in wanted if w.external_id not in changed]
    outcomes = {i: Outcome(failure=CHANGED) for i in changed}

    def send(batch: list[Item]) -> dict[str, Any]:
        inputs = [{"id": i.key, "objectWriteTraceId": i.key, "properties": dict(i.values)} for i in batch]
        return api.post(paths.objects(object_type, "batch", "update"), {"inputs": inputs})

    for batch in batches(items):
        outcomes |= _sent(send, list(batch))
    for item in items:
        failure = outcomes[item.key].failure
        if failure and failure.kind == FailureKind.GONE:
            outcomes[item.key] = _written_alone(api, object_type, item, failure)
    return [_write_result(w.external_id, outcomes[w.external_id]) for w in wanted]


def create(api: Transport, object_type: str, wanted: Sequence[Create], unique: str) -> list[CreateResult]:
    """By HubSpot's upsert: what exists under this key already is updated."""

    def send(batch: list[Item]) -> dict[str, Any]:
        inputs = [
            {
                "idProperty": unique,
                "id": item.key,
                "objectWriteTraceId": item.key,
                "properties": {unique: item.key} | dict(item.values),
            }
            for item in batch
        ]
        return api.post(paths.objects(object_type, "batch", "upsert"), {"inputs": inputs})

    outcomes: dict[str, Outcome] = {}
    for batch in batches([Item(c.key, c.values) for c in wanted]):
        outcomes |= _sent(send, list(batch), unique)
    return [
        CreateResult(c.key, o.record, o.created, o.refused, o.failure)
        for c in wanted
        for o in [outcomes[c.key]]
    ]


def _sent(send: Send, items: list[Item], unique: str = "") -> dict[str, Outcome]:
    try:
        answer = send(items)
    except CrmError as error:
        if error.failure.kind not in (FailureKind.VALIDATION, FailureKind.GONE):
            return {item.key: Outcome(failure=error.failure) for item in items}
        return _isolated(send, items, error.failure, unique)
    outcomes = _read(items, answer, unique)
    for item in items:
        failure = outcomes[item.key].failure
        if failure and failure.kind == FailureKind.VALIDATION:
            outcomes |= _isolated(send, [item], failure, unique)
    return outcomes


def _isolated(send: Send, items: list[Item], failure: Failure, unique: str) -> dict[str, Outcome]:
    """One bad value refuses a whole batch: halve until it stands alone, and write the rest."""
    if len(items) > 1:
        half = len(items) // 2
        return _sent(send, items[:half], unique) | _sent(send, items[half:], unique)
    [item] = items
    refused = {name: text for name, text in failure.properties.items() if name in item.values}
    good = {name: value for name, value in item.values.items() if name not in refused}
    if failure.kind == FailureKind.GONE or not refused:
        return {item.key: Outcome(failure=failure)}
    if not good:
        return {item.key: Outcome(refused=refused)}
    rest = _sent(send, [Item(item.key, good)], unique)[item.key]
    return {item.key: replace(rest, refused=refused | dict(rest.refused))}


def _read(items: list[Item], answer: Mapping[str, Any], unique: str) -> dict[str, Outcome]:
    """One outcome per input, from a 200 or a 207; an input that neither part names counts as unknown."""
    named = {_key(entry, unique): entry for entry in answer.get("results") or []}
    failed = dict(_named_failures(answer.get("errors") or []))
    outcomes = {}
    for item in items:
        if entry := named.get(item.key):
            made = answers.record(entry, list(item.values))
            outcomes[item.key] = Outcome(made, created=entry.get("new") is True)
        else:
            outcomes[item.key] = Outcome(failure=failed.get(item.key, UNNAMED))
    return outcomes


def _key(entry: Mapping[str, Any], unique: str) -> str:
    if not unique:
        return str(entry["id"])
    held = (entry.get("properties") or {}).get(unique)
    return answers.text(entry.get("objectWriteTraceId") or held)


def _named_failures(entries: list[Mapping[str, Any]]) -> Iterator[tuple[str, Failure]]:
    for entry in entries:
        context = entry.get("context") or {}
        missing = entry.get("category") == "OBJECT_NOT_FOUND"
        failure = errors.classify(404 if missing else 400, {}, json.dumps(entry))
        names = context.get("ids") or context.get("objectWriteTraceId") or []
        for name in names if isinstance(names, list) else [names]:
            yield str(name), failure


def _written_alone(api: Transport, object_type: str, item: Item, failure: Failure) -> Outcome:
    """A batch does not know the ids of records that were merged away; a single record's address does."""
    try:
        answer = api.send(
            "PATCH", paths.objects(object_type, item.key), body={"properties": dict(item.values)}
        )
    except CrmError as error:
        gone = error.failure.kind == FailureKind.GONE
        return Outcome(failure=failure if gone else error.failure)
    return Outcome(answers.record(answer, list(item.values)))


def _changed_meanwhile(api: Transport, object_type: str, wanted: Sequence[Write]) -> set[str]:
    """HubSpot has no conditional write: the nearest to it is to look right before."""
    guarded = {w.external_id: w.unless_changed_since for w in wanted if w.unless_changed_since}
    changed: set[str] = set()
    for ids in batches(list(guarded)):
        body = {"inputs": [{"id": i} for i in ids], "properties": [answers.modified(object_type)]}
        answer = api.post(paths.objects(object_type, "batch", "read"), body | {"propertiesWithHistory": []})
        for item in answer.get("results") or []:
            found, seen = answers.record(item, []), guarded[str(item["id"])]
            if found.updated_at and seen and found.updated_at > seen:
                changed.add(found.external_id)
    return changed


def _write_result(external_id: str, outcome: Outcome) -> WriteResult:
    record = outcome.record
    if record and record.external_id != external_id:
        record = replace(record, merged_into=record.external_id)
    return WriteResult(external_id, record, outcome.refused, outcome.failure)
