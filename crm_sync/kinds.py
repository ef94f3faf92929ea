"""What the CRM's objects are here. A new object type is one more entry, and the feature's own model below."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal.deals.models import AttributedRecord
from workspaces import locks
from workspaces.models import Contact, Partner


@dataclass(frozen=True)
class Kind:
    """One object type of the CRMs and the records of the portal that are the same."""

    object_type: str
    level: str  # of the properties that can be mapped
    link: str  # the reference of ExternalRecord that points to such a record
    noun: str
    plural: str
    model: Any
    # The locks of a change of these records, which may come to belong to other partners: (records, partner_ids=…)
    lock: Callable[..., None]

    @property
    def is_attributed(self) -> bool:
        """Whether it belongs to the partner that sells it, and is worked on by its people."""
        return self.link == "attributed"

    def rows(self) -> Any:
        """The records of the current workspace."""
        rows = self.model.objects.all()
        return rows.filter(level=self.level) if self.is_attributed else rows


def _lock_partners(partners, *, partner_ids=()) -> None:
    locks.lock_for_partners(partners)


def _lock_attributed(records, *, partner_ids=()) -> None:
    """As segments.records.changing does for the partners that the records are at and come to be at."""
    owners = {record.partner_id for record in records}
    locks.lock_partners_with_contacts([], partner_ids=owners | set(partner_ids))


KINDS = {
    kind.object_type: kind
    for kind in (
        Kind("company", "partner", "partner", "partner", "Companies", Partner, _lock_partners),
        Kind("contact", "contact", "contact", "contact", "Contacts", Contact, locks.lock_for_contacts),
        Kind("deal", "deal", "attributed", "deal", "Deals", AttributedRecord, _lock_attributed),
        Kind("lead", "lead", "attributed", "lead", "Leads", AttributedRecord, _lock_attributed),
    )
}


def kind_of_level(level: str) -> Kind:
    return next(kind for kind in KINDS.values() if kind.level == level)
