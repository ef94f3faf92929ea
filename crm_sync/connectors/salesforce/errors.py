"""Salesforce's refusals, sorted by what to do next."""

from collections.abc import Iterable, Mapping
from typing import Any

from crm_sync.connectors.failures import Failure, FailureKind

RETRYABLE = {
    *("UNABLE_TO_LOCK_ROW", "REQUEST_RUNNING_TOO_LONG", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT"),
    *("TXN_SECURITY_METERING_ERROR", "CONCURRENT_REQUEST_LIMIT_EXCEEDED", "UNKNOWN_EXCEPTION"),
    *(
        "CONCURRENT_PER_ORG_LONG_TXN_LIMIT",
        "DATACLOUD_SEND_EMAIL_FAILED",
        "FUNCTIONALITY_TEMPORARILY_UNAVAILABLE",
    ),
}
GONE = {"ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID"}
LIMIT = {"REQUEST_LIMIT_EXCEEDED"}
SCOPE = {
    *(
        "INSUFFICIENT_ACCESS",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
    ),
    *("API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "FUNCTIONALITY_NOT_ENABLED"),
}
AUTH = {"INVALID_SESSION_ID", "INVALID_AUTH_HEADER", "Bad_OAuth_Token", "INVALID_LOGIN"}
WORDS = {
    "UNABLE_TO_LOCK_ROW": "Somebody else was saving this record in Salesforce at the same moment.",
    "DUPLICATES_DETECTED": "Salesforce's duplicate rules refused this.",
    "ENTITY_IS_DELETED": "This record was deleted in Salesforce.",
}


def classify(status: int, headers: Mapping[str, str], content: Any) -> Failure:
    """The failure behind an answer outside 2xx. Salesforce answers with a list of errors, mostly."""
    entries = [e for e in content if isinstance(e, dict)] if isinstance(content, list) else []
    if isinstance(content, dict):
        entries = [content]
    codes = {str(e.get("errorCode") or e.get("statusCode") or e.get("error") or "") for e in entries}
    texts = [WORDS.get(str(e.get("errorCode")), "") or str(e.get("message") or "") for e in entries]
    message = "; ".join(dict.fromkeys(filter(None, texts)))[:500]
    message = message or f"Salesforce answered with status {status}."
    if status == 401 or codes & AUTH:
        return Failure(FailureKind.AUTH, "Salesforce no longer accepts our sign-in.")
    if codes & LIMIT:
        return Failure(FailureKind.LIMIT, "Salesforce's daily allowance of API calls is used up.")
    if status == 412:
        return Failure(FailureKind.CONFLICT, "The record was changed in Salesforce at the same moment.")
    if status in (408, 420, 429) or status >= 500 or codes & RETRYABLE:
        return Failure(FailureKind.RETRYABLE, message, retry_after=_retry_after(headers))
    if status == 403:
        return Failure(FailureKind.SCOPE, f"The integration user may not do this: {message}")
    if status == 404 or codes & GONE:
        return Failure(FailureKind.GONE, message)
    if status == 400:
        refused = {str(n): str(e.get("message") or "") for e in entries for n in e.get("fields") or []}
        return Failure(FailureKind.VALIDATION, message, properties=refused, codes=tuple(sorted(codes)))
    return Failure(FailureKind.UNKNOWN, message)


def of_record(entries: Iterable[Mapping[str, Any]]) -> Failure:
    """What happened to one record of a collection. Fields that are named were refused by themselves."""
    errors = [e for e in entries if isinstance(e, Mapping)]
    codes = {str(e.get("statusCode") or e.get("errorCode") or "") for e in errors}
    texts = [WORDS.get(str(e.get("statusCode")), "") or str(e.get("message") or "") for e in errors]
    message = "; ".join(dict.fromkeys(filter(None, texts)))[:500] or "Salesforce refused this change."
    if codes & RETRYABLE:
        return Failure(FailureKind.RETRYABLE, message)
    if codes & LIMIT:
        return Failure(FailureKind.LIMIT, message)
    refused = {
        str(name): text
        for error, text in zip(errors, texts, strict=True)
        for name in error.get("fields") or []
    }
    if codes & GONE and not refused:
        return Failure(FailureKind.GONE, message)
    if codes & SCOPE and not refused:
        return Failure(FailureKind.SCOPE, f"The integration user may not do this: {message}")
    return Failure(FailureKind.VALIDATION, message, properties=refused)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    value = next((v for k, v in headers.items() if k.lower() == "retry-after"), "")
    return float(value) if value.isdecimal() and len(value) < 7 else None
