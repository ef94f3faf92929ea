"""What the portal asks of a CRM, and the words in which a CRM answers. Plain Python, no Django.

Object types and their names are ours; a connector says company → companies, or Account. Values are the CRM's own
strings in one canonical form: "" is empty, yes/no is "true"/"false", choices are separated by a semicolon.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from crm_sync.connectors.failures import Failure

COMPANY = "company"
CONTACT = "contact"
DEAL = "deal"
LEAD = "lead"
USER = "user"


@dataclass(frozen=True)
class FieldOption:
    value: str
    label: str
    hidden: bool = False  # can be read, not chosen anew
    outcome: str = ""  # of a stage, where the CRM tells: open, won or lost
    companion: str = ""  # the value of the field's companion that goes with it


@dataclass(frozen=True)
class CrmField:
    """One field of a CRM object, as the CRM describes it. `type` and `widget` are words of HubSpot's for both."""

    name: str
    label: str
    type: str
    widget: str = ""
    options: tuple[FieldOption, ...] = ()
    read_only: bool = False
    length: int | None = None  # the most characters it takes
    unique: bool = False  # a record can be found, or made once, by it
    required: bool = False  # never empty, and asked for in a new record
    sensitive: bool = False
    closed: bool = False  # takes its listed options only
    unmappable: str = ""  # why it cannot be kept in step at all
    refers_to: tuple[str, ...] = ()  # the object types that it points to: "user", "company"
    companion: str = ""  # the field that has to be written with it: a stage's pipeline


NAMES = ("name", "Name", "dealname", "hs_lead_name", "email", "Email", "LastName", "domain", "Website")


@dataclass(frozen=True)
class CrmRecord:
    """A record as read just now. `values` are the CRM's own strings; "" is an empty field.

    A field that was asked for and is absent says nothing: it may be empty, or not exist any more.
    """

    external_id: str
    values: Mapping[str, str]
    updated_at: datetime | None = None
    archived: bool = False  # deleted, but still in the recycle bin
    merged_into: str = ""  # asked for by this id: another record holds it by now, and that is what was read
    former_ids: tuple[str, ...] = ()  # of the records that were merged into this one

    @property
    def name(self) -> str:
        """What people call this record, from whatever fields were read."""
        return next((self.values[name] for name in NAMES if self.values.get(name)), self.external_id)


@dataclass(frozen=True)
class Account:
    """The account behind a token; `external_id` is None when the CRM does not tell."""

    external_id: str | None
    name: str = ""
    time_zone: str = ""
    scopes: tuple[str, ...] = ()  # what the token may do, where the CRM tells


@dataclass(frozen=True)
class Tokens:
    """What a CRM gave for a code, a refresh token or a secret. Nothing of it is ever printed."""

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)  # "": the one that was used still holds
    expires_in: float | None = None  # seconds
    account: str = ""
    address: str = ""  # where the API is, for a CRM that tells
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScanCursor:
    """A place in the order (changed at, id): everything up to it has been seen.

    Without an id, nothing of that very moment has been seen.
    """

    at: datetime
    after_id: str = ""

    def __str__(self) -> str:
        return f"{self.at.astimezone(UTC).isoformat(timespec='milliseconds')}|{self.after_id}"

    @classmethod
    def from_text(cls, text: str) -> "ScanCursor":
        at, _, after_id = text.partition("|")
        return cls(datetime.fromisoformat(at), after_id)


@dataclass(frozen=True)
class Page:
    """Some records, and the cursor with which to ask for what follows. `done`: nothing does at the moment."""

    records: Sequence[CrmRecord]
    cursor: str
    done: bool


@dataclass(frozen=True)
class Deletion:
    """A record that was deleted, or merged into another one."""

    external_id: str
    merged_into: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class DeletedPage:
    deletions: Sequence[Deletion]
    cursor: str
    done: bool


@dataclass(frozen=True)
class Association:
    """A record that another one belongs to."""

    external_id: str
    primary: bool = False


@dataclass(frozen=True)
class Owner:
    """A colleague in the CRM; `external_id` is what a record's owner field holds."""

    external_id: str
    email: str
    name: str = ""
    active: bool = True


@dataclass(frozen=True)
class Write:
    external_id: str
    values: Mapping[str, str]
    # Refuse with CONFLICT when the record was changed later than this. As sharp as the CRM allows: Salesforce
    # compares in whole seconds as it writes, HubSpot knows no such condition and is asked right before.
    unless_changed_since: datetime | None = None


@dataclass(frozen=True)
class WriteResult:
    """What became of one write: a new state, fields that were refused, or a failure of the whole."""

    external_id: str
    record: CrmRecord | None = None
    refused: Mapping[str, str] = field(default_factory=dict)
    failure: Failure | None = None


@dataclass(frozen=True)
class Create:
    """A record to be made once: `key` is its value in the unique field, so that a second attempt finds it."""

    key: str
    values: Mapping[str, str]
    company: str = ""  # the company that it belongs to
    by: str = ""  # in which way (see `associations`)


@dataclass(frozen=True)
class CreateResult:
    key: str
    record: CrmRecord | None = None
    created: bool = False  # False: it was there already, and has these values now
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
    """A CRM account that can be read from and written to. Every call may raise CrmError."""

    def account(self) -> Account: ...

    def fields(self, object_type: str) -> list[CrmField]: ...

    def read(
        self, object_type: str, external_ids: Sequence[str], properties: Sequence[str]
    ) -> dict[str, CrmRecord]:
        """The records by the id that was asked for; one that does not exist is missing from the answer.

        An id that was merged away answers with the surviving record; a deleted record answers as archived.
        """
        ...

    def scan(
        self,
        object_type: str,
        cursor: str,
        properties: Sequence[str],
        *,
        until: datetime | None = None,
    ) -> Page:
        """What changed after a ScanCursor, oldest first, each record at least once, however many share a moment."""
        ...

    def list_all(self, object_type: str, cursor: str, properties: Sequence[str]) -> Page:
        """Every record, in an order of the CRM's own; "" begins."""
        ...

    def deleted(self, object_type: str, since: datetime, cursor: str = "") -> DeletedPage: ...

    def write(self, object_type: str, writes: Sequence[Write]) -> list[WriteResult]:
        """Absolute values only, so that a second attempt is harmless. One result a write, in their order."""
        ...

    def find(
        self, object_type: str, unique: str, keys: Sequence[str], properties: Sequence[str]
    ) -> dict[str, CrmRecord]:
        """The living records by their values in a unique field; one that is not there is missing."""
        ...

    def create(self, object_type: str, creates: Sequence[Create], *, unique: str) -> list[CreateResult]:
        """Makes or updates by the unique field, so that a second attempt never makes a second record."""
        ...

    def associations(
        self, from_type: str, external_ids: Iterable[str], to_type: str, *, by: str = ""
    ) -> dict[str, list[Association]]:
        """Whom each record belongs to; one without any has an empty list.

        `by`: only in this way, the name of one of the object's fields that refer to the other type.
        """
        ...

    def owners(self) -> list[Owner]: ...


def asked_by(record: CrmRecord, external_id: str) -> CrmRecord:
    """The record as the answer to this id: one that it was merged into says so."""
    survivor = "" if record.external_id == external_id else record.external_id
    return replace(record, merged_into=survivor)
