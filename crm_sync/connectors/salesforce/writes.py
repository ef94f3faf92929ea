"""Writing in collections; each record has a result of its own, found by its place in the answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from crm_sync.connectors.base import Create, CreateResult, CrmRecord, Write, WriteResult
from crm_sync.connectors.failures import CrmError, Failure, FailureKind
from crm_sync.connectors.salesforce import errors, soql
from crm_sync.connectors.salesforce.describing import types_of
from crm_sync.connectors.salesforce.fields import to_json
from crm_sync.connectors.salesforce.ids import long_id
from crm_sync.connectors.salesforce.transport import Transport

BATCH = 200
MOST_ROUNDS = 6  # Salesforce names one refused field after the other
NEEDS_ANSWER = "Salesforce needs yes or no here: the value cannot be emptied."
UNNAMED = Failure(FailureKind.UNKNOWN, "Salesforce did not say what became of this change.")


@dataclass(frozen=True)
class Outcome:
    record: CrmRecord | None = None
    created: bool = False
    refused: Mapping[str, str] = field(default_factory=dict)
    failure: Failure | None = None


Values = dict[str, Mapping[str, str]]
Send = Callable[[Values], list[Mapping[str, Any]]]


def write(api: Transport, object_type: str, wanted: Sequence[Write]) -> list[WriteResult]:
    types = types_of(api, object_type)
    plain = {w.external_id: w.values for w in wanted if w.unless_changed_since is None}

    def send(values: Values) -> list[Mapping[str, Any]]:
        records = [_attributes(object_type) | {"id": long_id(i)} | dict(v) for i, v in values.items()]
        body = to_json(records, types, {"allOrNone": False})
        return api.send("PATCH", "composite/sobjects", data=body) or []

    outcomes = _written(send, plain, types)
    for guarded in wanted:
        if guarded.unless_changed_since:
            outcomes[guarded.external_id] = _guarded(api, object_type, guarded, types)
    return [_write_result(w, outcomes[w.external_id]) for w in wanted]


def create(api: Transport, object_type: str, wanted: Sequence[Create], unique: str) -> list[CreateResult]:
    """By the upsert on an external id: what exists under this key already is updated."""
    types = types_of(api, object_type)
    path = f"composite/sobjects/{soql.OBJECTS[object_type]}/{unique}"

    def send(values: Values) -> list[Mapping[str, Any]]:
        records = [_attributes(object_type) | dict(v) | {unique: key} for key, v in values.items()]
        return api.send("PATCH", path, data=to_json(records, types, {"allOrNone": False})) or []

    outcomes = _written(send, {c.key: _belonging(object_type, c, types) for c in wanted}, types)
    return [
        CreateResult(c.key, o.record, o.created, o.refused, o.failure)
        for c in wanted
        for o in [outcomes[c.key]]
    ]


def _belonging(object_type: str, create: Create, types: Mapping[str, str]) -> dict[str, str]:
    """The account is a field of the record."""
    name = create.by or ("AccountId" if "AccountId" in types else "")
    return dict(create.values) | ({name: create.company} if create.company and name else {})


def _written(send: Send, values: Values, types: Mapping[str, str]) -> dict[str, Outcome]:
    outcomes: dict[str, Outcome] = {}
    keys = list(values)
    for start in range(0, len(keys), BATCH):
        outcomes |= _batch(send, {key: values[key] for key in keys[start : start + BATCH]}, types)
    return outcomes


def _batch(send: Send, values: Values, types: Mapping[str, str]) -> dict[str, Outcome]:
    """One refused field refuses its record: the record goes again without it."""
    outcomes: dict[str, Outcome] = {}
    refused: dict[str, dict[str, str]] = {key: _unanswered(v, types) for key, v in values.items()}
    waiting = dict(values)
    for _ in range(MOST_ROUNDS):
        waiting = {key: {n: t for n, t in v.items() if n not in refused[key]} for key, v in waiting.items()}
        for key in [key for key, v in waiting.items() if not v and refused[key]]:
            outcomes[key] = Outcome(refused=refused[key])
            del waiting[key]
        if not waiting:
            break
        try:
            answers = send(waiting)
        except CrmError as error:
            outcomes |= {k: Outcome(refused=refused[k], failure=error.failure) for k in waiting}
            break
        waiting = _sorted(waiting, answers, outcomes, refused)
    return outcomes


def _sorted(
    values: Values,
    answers: list[Mapping[str, Any]],
    outcomes: dict[str, Outcome],
    refused: dict[str, dict[str, str]],
) -> Values:
    """Notes what is settled, and gives back what is worth another round. A failed entry has no id."""
    again: Values = {}
    answers = [*answers, *[{}] * (len(values) - len(answers))]
    for (key, sent), answer in zip(values.items(), answers, strict=False):
        if answer.get("success"):
            record = CrmRecord(long_id(str(answer.get("id") or key)), sent)
            outcomes[key] = Outcome(record, bool(answer.get("created")), refused[key])
            continue
        failure = errors.of_record(answer["errors"]) if answer.get("errors") else UNNAMED
        fresh = {n: t for n, t in failure.properties.items() if n in sent}
        outcomes[key] = Outcome(refused=refused[key], failure=failure)
        if fresh and failure.kind == FailureKind.VALIDATION:
            refused[key] |= fresh
            again[key] = sent
    return again


def _guarded(api: Transport, object_type: str, write: Write, types: Mapping[str, str]) -> Outcome:
    """Collections know no condition; a single record does."""
    since = write.unless_changed_since or datetime.now(UTC)
    headers = {"If-Unmodified-Since": format_datetime(since.astimezone(UTC), usegmt=True)}
    refused = _unanswered(write.values, types)
    values = {n: v for n, v in write.values.items() if n not in refused}
    if not values:
        return Outcome(refused=refused)
    path = f"sobjects/{soql.OBJECTS[object_type]}/{long_id(write.external_id)}"
    try:
        api.send("PATCH", path, data=to_json([dict(values)], types, {}), headers=headers)
    except CrmError as error:
        failure = error.failure
        named = {n: t for n, t in failure.properties.items() if n in values}
        if failure.kind != FailureKind.VALIDATION or not named:
            return Outcome(refused=refused, failure=failure)
        rest = {n: v for n, v in values.items() if n not in named}
        after = _guarded(api, object_type, replace(write, values=rest), types)
        return replace(after, refused=refused | named | dict(after.refused))
    return Outcome(CrmRecord(long_id(write.external_id), values), refused=refused)


def _unanswered(values: Mapping[str, str], types: Mapping[str, str]) -> dict[str, str]:
    """A tick box of Salesforce's is ticked or not; it cannot be empty."""
    return {n: NEEDS_ANSWER for n, v in values.items() if v == "" and types.get(n) == "boolean"}


def _attributes(object_type: str) -> dict[str, Any]:
    return {"attributes": {"type": soql.OBJECTS[object_type]}}


def _write_result(write: Write, outcome: Outcome) -> WriteResult:
    return WriteResult(write.external_id, outcome.record, outcome.refused, outcome.failure)
