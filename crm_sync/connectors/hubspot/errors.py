"""HubSpot's refusals, sorted by what to do next."""

import json
import re
from collections.abc import Mapping
from typing import Any

from crm_sync.connectors.failures import Failure, FailureKind

LOCKED_SECONDS = 2.0
MOVING_SECONDS = 3600.0
RETRYABLE_STATUSES = {408, 423, 429, 477}
VALIDATION_STATUSES = {400, 409, 415, 422}


def classify(status: int, headers: Mapping[str, str], body: str) -> Failure:
    """The failure behind an answer outside 2xx. Every part of the body is optional."""
    answer = _json_object(body)
    message = _message(answer) or f"HubSpot answered with status {status}."
    if status in RETRYABLE_STATUSES or status >= 500:
        return _transient(status, headers, answer, message)
    if status == 401:
        return Failure(FailureKind.AUTH, "HubSpot no longer accepts our token.")
    if status == 403:
        scopes = missing_scopes(answer)
        listed = f" Missing scopes: {', '.join(scopes)}." if scopes else ""
        return Failure(FailureKind.SCOPE, f"The token may not do this.{listed}", missing_scopes=scopes)
    if status == 404:
        return Failure(FailureKind.GONE, message)
    if status in VALIDATION_STATUSES:
        refused = refused_properties(answer)
        return Failure(FailureKind.VALIDATION, message, properties=refused, codes=_codes(answer))
    return Failure(FailureKind.UNKNOWN, message)


def refused_properties(answer: Mapping[str, Any]) -> dict[str, str]:
    """Property name → HubSpot's words about it, from both places where HubSpot puts them."""
    refused: dict[str, str] = {}
    for error in _list(answer.get("errors")):
        names = _dict(_dict(error).get("context")).get("propertyName")
        for name in _list(names):
            refused[str(name)] = str(_dict(error).get("message") or "HubSpot refused this value.")
    for error in _embedded(str(answer.get("message") or "")):
        if name := _dict(error).get("name"):
            refused[str(name)] = str(_dict(error).get("message") or refused.get(str(name), ""))
    return refused


def missing_scopes(answer: Mapping[str, Any]) -> tuple[str, ...]:
    found: list[str] = []
    for holder in [answer, *map(_dict, _list(answer.get("errors")))]:
        scopes = _dict(holder.get("context")).get("requiredGranularScopes")
        found += [str(scope) for scope in _list(scopes) or _list(holder.get("requiredGranularScopes"))]
    return tuple(dict.fromkeys(found))


def _transient(status: int, headers: Mapping[str, str], answer: Mapping[str, Any], message: str) -> Failure:
    if status == 429 and answer.get("policyName") == "DAILY":
        wait = _retry_after(headers)
        return Failure(
            FailureKind.LIMIT, message, retry_after=wait, until_midnight=wait is None, codes=_codes(answer)
        )
    wait = _retry_after(headers)
    if status == 477:
        text = "HubSpot is moving this account to another data centre."
        return Failure(FailureKind.MOVING, text, retry_after=wait or MOVING_SECONDS)
    if wait is None and status == 423:
        wait = LOCKED_SECONDS
    if wait is None and status == 429:
        wait = _interval(headers)
    return Failure(FailureKind.RETRYABLE, message, retry_after=wait, codes=_codes(answer))


def _codes(answer: Mapping[str, Any]) -> tuple[str, ...]:
    names = ("error", "status", "category", "policyName")
    return tuple(str(answer[name]) for name in names if isinstance(answer.get(name), str))


def _retry_after(headers: Mapping[str, str]) -> float | None:
    value = _header(headers, "Retry-After")
    return float(value) if re.fullmatch(r"\d{1,6}(\.\d+)?", value) else None


def _interval(headers: Mapping[str, str]) -> float | None:
    value = _header(headers, "X-HubSpot-RateLimit-Interval-Milliseconds")
    return int(value) / 1000 if re.fullmatch(r"\d{1,7}", value) else None


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((str(value) for key, value in headers.items() if key.lower() == name.lower()), "")


def _message(answer: Mapping[str, Any]) -> str:
    """The first sentence a person can read; HubSpot appends JSON to some of them."""
    text = str(answer.get("message") or "")
    errors = [str(_dict(e).get("message") or "") for e in _embedded(text) or _list(answer.get("errors"))]
    readable = "; ".join(filter(None, errors))
    return (readable or text)[:500]


def _embedded(text: str) -> list[Any]:
    start = text.find("[{")
    if start < 0:
        return []
    try:
        found, _ = json.JSONDecoder().raw_decode(text[start:])
    except ValueError:
        return []
    return _list(found)


def _json_object(body: str) -> dict[str, Any]:
    try:
        return _dict(json.loads(body))
    except ValueError:
        return {}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
