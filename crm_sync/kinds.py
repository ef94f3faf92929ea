"""What the CRM's objects are here. A new object type is one more entry, and the feature's own model below."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

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
    lock: Callable[[Iterable[Any]], None]


KINDS = {
    kind.object_type: kind
    for kind in (
        Kind("company", "partner", "partner", "partner", "Companies", Partner, locks.lock_for_partners),
        Kind("contact", "contact", "contact", "contact", "Contacts", Contact, locks.lock_for_contacts),
    )
}


def kind_of_level(level: str) -> Kind:
    return next(kind for kind in KINDS.values() if kind.level == level)
