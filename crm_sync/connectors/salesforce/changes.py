"""One change event of Salesforce's, read without trusting a word of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from crm_sync.connectors.base import DEAL
from crm_sync.connectors.salesforce import soql
from crm_sync.connectors.salesforce.event_schemas import EventSchema, Unreadable
from crm_sync.connectors.salesforce.ids import is_id, long_id
from crm_sync.connectors.salesforce.transport import CLIENT

HEADER = "ChangeEventHeader"
UPDATE, OVERFLOW = "UPDATE", "GAP_OVERFLOW"
GAP = "GAP_"
UNREADABLE = "UNREADABLE"  # ours: something happened that could not be read
HAPPENINGS = {"CREATE", UPDATE, "DELETE", "UNDELETE"}
# Who works on an opportunity is a record of its own. Only the event of a new one says whose it is; that one was
# taken off is found by the comparison.
ROLE, ITS_DEAL = "OpportunityContactRole", "OpportunityId"
PEOPLE = "PEOPLE"  # ours: somebody came to work on these
# Stamped with every change, and never mapped.
STAMPS = {"LastModifiedDate", "LastModifiedById", "SystemModstamp"}


@dataclass(frozen=True)
class Change:
    """What happened to records, of one object and in one transaction."""

    id: str
    place: bytes  # behind it in the stream
    object_name: str
    happening: str
    record_ids: tuple[str, ...] = ()
    every_record: bool = False  # "001*": a field was converted, in all of them
    origin: str = ""
    at: datetime | None = None
    fields: tuple[str, ...] = ()  # what an update changed or emptied
    values: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def object_type(self) -> str:
        return DEAL if self.object_name == ROLE else soql.TYPES.get(self.object_name, "")

    @property
    def is_ours(self) -> bool:
        """Made with our name on it: by a write of ours, or by a workflow in the midst of it."""
        return self.origin.rpartition(";client=")[2] == CLIENT and self.happening == UPDATE

    @property
    def is_gap(self) -> bool:
        """Told without its details."""
        return self.happening.startswith(GAP)


def unreadable(event_id: str, place: bytes) -> Change:
    return Change(event_id, place, "", UNREADABLE)


def change_from(schema: EventSchema, payload: bytes, *, event_id: str, place: bytes) -> Change:
    """Raises Unreadable."""
    content = schema.decode(payload)
    header = content.get(HEADER)
    if not isinstance(header, Mapping):
        raise Unreadable("An event of Salesforce's has no header.")
    happening = str(header.get("changeType") or "")
    if happening.removeprefix(GAP) not in HAPPENINGS and happening != OVERFLOW:
        raise Unreadable(f"Salesforce told of an unknown happening: {happening[:40]}")
    name = str(header.get("entityName") or "")
    ids = [str(i) for i in header.get("recordIds") or []]
    if name == ROLE:
        deal = schema.values(content).get(ITS_DEAL) if happening in ("CREATE", "UNDELETE") else None
        happening, ids = PEOPLE, [deal] if deal else []
    return Change(
        id=event_id,
        place=place,
        object_name=name,
        happening=happening,
        record_ids=tuple(dict.fromkeys(long_id(i) for i in ids if is_id(i))),
        every_record=any(i.endswith("*") for i in ids),
        origin=str(header.get("changeOrigin") or ""),
        at=_moment(header.get("commitTimestamp")),
        fields=_changed(schema, header) if happening == UPDATE else (),
        values=_values(schema, content, header) if happening == UPDATE else {},
    )


def _changed(schema: EventSchema, header: Mapping[str, Any]) -> tuple[str, ...]:
    """An event holds every field, empty where nothing happened: only the bitmaps tell what did."""
    bitmaps = [*(header.get("changedFields") or []), *(header.get("nulledFields") or [])]
    return tuple(name for name in schema.names(map(str, bitmaps)) if name not in STAMPS)


def _values(
    schema: EventSchema, content: Mapping[str, Any], header: Mapping[str, Any]
) -> dict[str, str | None]:
    """Of what was changed; of a long text that comes as a difference to the last one, nothing is known."""
    told = schema.values(content)
    partly = set(schema.names(map(str, header.get("diffFields") or [])))
    return {n: None if n in partly else told.get(n) for n in _changed(schema, header)}


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(value / 1000, UTC) if isinstance(value, int) else None
    except (ValueError, OverflowError, OSError):
        return None
