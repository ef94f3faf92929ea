"""Why a call to a CRM failed, in the only words that matter: what to do next. Plain Python, no Django."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class FailureKind(StrEnum):
    """Why a call failed, in the only distinction that matters: what to do next."""

    RETRYABLE = "retryable"  # goes away by itself: timeouts, 5xx, locked, too many requests
    BUDGET = "budget"  # not sent: our own share of the CRM's allowance is used up for work of this priority
    LIMIT = "limit"  # the daily allowance is used up
    MOVING = "moving"  # the CRM is moving the account to another data centre: hours
    AUTH = "auth"  # the token is no longer accepted
    SCOPE = "scope"  # the token is good, but may not do this
    VALIDATION = "validation"  # a value was refused; sending it again will not help
    CONFLICT = "conflict"  # the record changed since it was looked at: read it again, then decide again
    GONE = "gone"  # the record does not exist (any more)
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Failure:
    kind: FailureKind
    message: str
    retry_after: float | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    missing_scopes: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()  # the CRM's own names of what went wrong
    until_midnight: bool = False  # the allowance comes back at midnight in the account's own time zone


class CrmError(Exception):
    """A call to a CRM failed; `failure` says how, in words that can be shown to a person."""

    def __init__(self, failure: Failure):
        super().__init__(failure.message)
        self.failure = failure
