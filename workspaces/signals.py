"""News for those above, who must stay unknown here. Sent synchronously, inside the transaction of the change."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.dispatch import Signal

from workspaces.actors import Actor


@dataclass(frozen=True)
class RecordChange:
    record: Any  # Partner or Contact, as it is after the change
    level: str  # "partner" | "contact"
    by: Actor
    at: datetime
    created: bool = False
    values: dict[int, tuple[Any, Any]] = field(default_factory=dict)  # property number → (old raw, new raw)
    old_partner_id: UUID | None = None  # set where a contact moved to another partner
    rolls_up: bool = False  # the locks are held that what is known of a contact's partner needs to follow
    known: Any = None  # Feed.known, if somebody answered under these locks


@dataclass(frozen=True)
class Feed:
    """Whether what is known of partners follows; and what was found out to say so, which holds under these locks."""

    follows: bool = False
    known: Any = None


# changes: list[RecordChange], all of one level. Bulk changes announce themselves once.
record_changed = Signal()
# a question before contacts change: does what is known of their partners follow? numbers: set[int] of properties,
# moving: whether contacts come or go, current: False where a guess is enough. The answer is a Feed.
contacts_feed = Signal()
# workspace properties were added, changed or archived. properties: list[Property]
properties_changed = Signal()
# a question: receivers answer with the list of workspaces.property_usage.Use that depend on `prop`
property_uses = Signal()
# a contact was suspended or let in again. contact: Contact
standing_changed = Signal()
# a contact is here, for the first time in a while; no transaction is open. contact: Contact, workspace
contact_visited = Signal()
# a contact is told the way into the portal. contact: Contact, by: Actor
contact_invited = Signal()
# how far values that were edited here have come. record_id, properties: list[Property], state, crm, message
delivery_changed = Signal()
