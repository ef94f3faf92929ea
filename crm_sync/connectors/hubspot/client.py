"""Every request to HubSpot goes out from here, through HubSpot's own client library."""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import hubspot
import urllib3
from hubspot.crm.objects.exceptions import ApiException as ObjectsException
from hubspot.crm.properties.exceptions import ApiException as PropertiesException
from urllib3.util.retry import Retry

from crm_sync.connectors.base import (
    Account,
    CrmError,
    CrmField,
    CrmRecord,
    Failure,
    FailureKind,
    Write,
    WriteResult,
)
from crm_sync.connectors.hubspot import errors
from crm_sync.connectors.hubspot.fields import field_from_definition

BATCH = 100
TIMEOUT = (3, 20)  # seconds to connect, to answer
DEFAULT_HOST = "https://api.hubapi.com"
PATHS = {"company": "companies", "contact": "contacts"}
MODIFIED = {"company": "hs_lastmodifieddate", "contact": "lastmodifieddate"}
CLIENTS_KEPT = 64

_clients: OrderedDict[tuple[str, str], "HubSpot"] = OrderedDict()
_clients_lock = threading.Lock()


def client_for(token: str, host: str = DEFAULT_HOST) -> "HubSpot":
    """One client per token and process: each brings its own pool of connections."""
    with _clients_lock:
        client = _clients.pop((token, host), None) or HubSpot(token, host)
        _clients[token, host] = client
        if len(_clients) > CLIENTS_KEPT:
            _clients.popitem(last=False)
        return client


class HubSpot:
    """The account behind one token."""

    def __init__(self, token: str, host: str = DEFAULT_HOST):
        host = host.rstrip("/")
        # Without this the library sleeps out Retry-After inside the worker, three times.
        no_retry = Retry(total=False)
        library = hubspot.Client.create(access_token=token, host=host, base_url=host, retry=no_retry)
        # Each attribute access of the library builds a new pool, so keep what it returned.
        self._batch = library.crm.objects.batch_api
        self._properties = library.crm.properties.core_api

    def account(self) -> Account:
        """The account that the token belongs to."""
        api = self._batch.api_client
        answer = self._send(
            lambda **options: api.call_api(
                "/account-info/v3/details", "GET", {}, [], {}, auth_settings=["oauth2"], **options
            )
        )
        portal = answer.get("portalId")
        return Account(str(portal) if portal is not None else None, str(answer.get("uiDomain") or ""))

    def fields(self, object_type: str) -> list[CrmField]:
        answer = self._send(lambda **options: self._properties.get_all(PATHS[object_type], **options))
        definitions = answer.get("results") or []
        return [field_from_definition(item) for item in definitions if not item.get("archived")]

    def read(
        self, object_type: str, external_ids: Sequence[str], properties: Sequence[str]
    ) -> dict[str, CrmRecord]:
        """The records that exist, by id. What is missing from the answer does not exist."""
        wanted = [*properties, MODIFIED[object_type]]
        found: dict[str, CrmRecord] = {}
        path = PATHS[object_type]
        for ids in _batches(external_ids):
            body = {"inputs": [{"id": i} for i in ids], "properties": wanted, "propertiesWithHistory": []}
            answer = self._send(lambda b=body, **options: self._batch.read(path, b, **options))
            for item in answer.get("results") or []:
                found[str(item["id"])] = record_from_answer(item, wanted)
        return found

    def write(self, object_type: str, writes: Sequence[Write]) -> list[WriteResult]:
        results: list[WriteResult] = []
        for batch in _batches(writes):
            results += self._write_batch(PATHS[object_type], list(batch))
        return results

    def _write_batch(self, path: str, writes: list[Write]) -> list[WriteResult]:
        body = {"inputs": [_input(write) for write in writes]}
        try:
            answer = self._send(lambda **options: self._batch.update(path, body, **options))
        except CrmError as error:
            if error.failure.kind not in (FailureKind.VALIDATION, FailureKind.GONE):
                return [WriteResult(write.external_id, failure=error.failure) for write in writes]
            return self._isolate(path, writes, error.failure)
        results = zip(writes, _results(writes, answer), strict=True)
        return [self._isolate(path, [w], r.failure)[0] if r.failure else r for w, r in results]

    def _isolate(self, path: str, writes: list[Write], failure: Failure) -> list[WriteResult]:
        """One bad value refuses a whole batch: halve until it stands alone, and write the rest."""
        if len(writes) > 1:
            half = len(writes) // 2
            return self._write_batch(path, writes[:half]) + self._write_batch(path, writes[half:])
        write = writes[0]
        refused = {name: text for name, text in failure.properties.items() if name in write.values}
        good = {name: value for name, value in write.values.items() if name not in refused}
        if failure.kind == FailureKind.GONE or not refused:
            return [WriteResult(write.external_id, failure=failure)]
        if not good:
            return [WriteResult(write.external_id, refused=refused)]
        [rest] = self._write_batch(path, [Write(write.external_id, good)])
        return [WriteResult(write.external_id, rest.record, refused | dict(rest.refused), rest.failure)]

    def _send(self, call: Callable[..., Any]) -> dict[str, Any]:
        """The answer as plain JSON: HubSpot adds fields and statuses faster than the library's models."""
        try:
            answer = call(_preload_content=False, _request_timeout=TIMEOUT)
            return json.loads(answer.data or b"{}")
        except (ObjectsException, PropertiesException) as error:
            raise CrmError(_failure(error)) from error
        except urllib3.exceptions.HTTPError as error:
            unreachable = "HubSpot could not be reached or did not answer in time."
            raise CrmError(Failure(FailureKind.RETRYABLE, unreachable)) from error
        except (ValueError, AttributeError) as error:
            # The library fails so on a body that is no text at all; ours, on one that is no JSON.
            unreadable = "HubSpot's answer could not be read."
            raise CrmError(Failure(FailureKind.RETRYABLE, unreadable)) from error


def record_from_answer(item: Mapping[str, Any], wanted: Sequence[str]) -> CrmRecord:
    """Null and "" mean empty. Absent stays absent: HubSpot silently drops names it does not know."""
    properties = item.get("properties") or {}
    values = {name: _text(properties[name]) for name in wanted if name in properties}
    stamp = item.get("updatedAt")
    return CrmRecord(str(item["id"]), values, datetime.fromisoformat(stamp) if stamp else None)


def _failure(error: Any) -> Failure:
    body = error.body if isinstance(error.body, str) else ""
    return errors.classify(int(error.status or 0), dict(error.headers or {}), body)


def _input(write: Write) -> dict[str, Any]:
    return {
        "id": write.external_id,
        "objectWriteTraceId": write.external_id,
        "properties": dict(write.values),
    }


def _results(writes: list[Write], answer: Mapping[str, Any]) -> list[WriteResult]:
    """One result per write, from a 200 or a 207; an input that neither part names counts as unknown."""
    written = {str(item["id"]): item for item in answer.get("results") or []}
    failed = dict(_named_failures(answer.get("errors") or []))
    unnamed = Failure(FailureKind.UNKNOWN, "HubSpot did not say what became of this change.")
    results = []
    for write in writes:
        if item := written.get(write.external_id):
            results.append(WriteResult(write.external_id, record_from_answer(item, list(write.values))))
        else:
            failure = failed.get(write.external_id, unnamed)
            results.append(WriteResult(write.external_id, failure=failure))
    return results


def _named_failures(entries: list[Mapping[str, Any]]) -> Iterator[tuple[str, Failure]]:
    for entry in entries:
        context = entry.get("context") or {}
        missing = entry.get("category") == "OBJECT_NOT_FOUND"
        failure = errors.classify(404 if missing else 400, {}, json.dumps(entry))
        names = context.get("ids") or context.get("objectWriteTraceId") or []
        for name in names if isinstance(names, list) else [names]:
            yield str(name), failure


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _batches[T](items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
