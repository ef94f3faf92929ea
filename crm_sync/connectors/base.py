"""What the portal asks of a CRM, and the words in which a CRM answers. Plain Python, no Django."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

COMPANY = "company"
CONTACT = "contact"


class FailureKind(StrEnum):
    """Why a call failed, in the only distinction that matters: what to do next."""

    RETRYABLE = "retryable"  # goes away by itself: timeouts, 5xx, locked, too many requests
    LIMIT = "limit"  # the daily allowance is used up
    AUTH = "auth"  # the token is no longer accepted
    SCOPE = "scope"  # the token is good, but may not do this
    VALIDATION = "validation"  # a value was refused; sending it again will not help
    GONE = "gone"  # the record does not exist (any more)
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Failure:
    kind: FailureKind
    message: str
    retry_after: float | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    missing_scopes: tuple[str, ...] = ()


class CrmError(Exception):
    """A call to a CRM failed; `failure` says how, in words that can be shown to a person."""

    def __init__(self, failure: Failure):
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True)
class FieldOption:
    value: str
    label: str
    hidden: bool = False


@dataclass(frozen=True)
class CrmField:
    """One field of a CRM object, as the CRM describes it."""

    name: str
    label: str
    type: str
    widget: str = ""
    options: tuple[FieldOption, ...] = ()
    read_only: bool = False


@dataclass(frozen=True)
class CrmRecord:
    """A record as read just now. `values` are the CRM's own strings; "" is an empty field.

    A field that was asked for and is absent says nothing: it may be empty, or not exist any more.
    """

    external_id: str
    values: Mapping[str, str]
    updated_at: datetime | None = None


@dataclass(frozen=True)
class Account:
    """The account behind a token; `external_id` is None when the CRM does not tell."""

    external_id: str | None
    name: str = ""


@dataclass(frozen=True)
class Write:
    external_id: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class WriteResult:
    """What became of one write: a new state, fields that were refused, or a failure of the whole."""

    external_id: str
    record: CrmRecord | None = None
    refused: Mapping[str, str] = field(default_factory=dict)
    failure: Failure | None = None


@dataclass(frozen=True)
class PushedEvent:
    """One thing that a CRM told us by itself. A hint: the truth is what a read returns."""

    fingerprint: str
    account: str
    app: str
    kind: str
    object_type: str
    external_id: str
    property: str
    occurred_at: datetime | None
    raw: Mapping[str, Any]
    not_yet: str = ""


class Connector(Protocol):
    """A CRM account that can be read from and written to."""

    def account(self) -> Account: ...

    def fields(self, object_type: str) -> list[CrmField]: ...

    def read(
        self, object_type: str, external_ids: Sequence[str], properties: Sequence[str]
    ) -> dict[str, CrmRecord]:
        """The records by id; one that does not exist is missing from the answer."""
        ...

    def write(self, object_type: str, writes: Sequence[Write]) -> list[WriteResult]:
        """Absolute values only, so that a second attempt is harmless."""
        ...
