"""Where the values of records came from, who set them and when: for many records in two queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime

from workspaces.models import Property, PropertyChange

BY_PEOPLE = {"team", "contact"}


@dataclass(frozen=True)
class Origin:
    """HubSpot; or, where somebody set it in the portal: Portal, by Ada."""

    source: str = ""
    since: datetime | None = None


NOWHERE = Origin()


class Origins:
    """Of these records and, for contacts, of their partners."""

    def __init__(self, records: Iterable[Any]):
        self._records = list(records)

    @cached_property
    def _properties(self) -> dict[int, Property]:
        return {prop.number: prop for prop in Property.objects.all()}

    @cached_property
    def _last(self) -> dict[tuple[UUID, UUID], PropertyChange]:
        """The latest change of every property of every record."""
        partners = {r.partner_id for r in self._records if r.level == "contact"}
        ids = {record.pk for record in self._records} | partners
        rows = PropertyChange.objects.filter(record_id__in=ids).order_by("record_id", "prop_id", "-at")
        kept = rows.distinct("record_id", "prop_id").only("record_id", "prop_id", "actor_kind", "actor_label")
        return {(row.record_id, row.prop_id): row for row in kept}

    def of(self, record: Any, side: str, number: int | str) -> Origin:
        """What stands at this place as a rule about the record sees it; nowhere for what is no property."""
        prop = self._properties.get(number)  # type: ignore[arg-type]
        owner = record.partner if side == "partner" and record.level == "contact" else record
        if prop is None:
            return NOWHERE
        last = self._last.get((owner.pk, prop.pk))
        return Origin(_told(prop, last), parse_datetime(owner.set_at.get(str(number), "")))


def _told(prop: Property, last: PropertyChange | None) -> str:
    """Who changed it last says more than where it is kept."""
    if last is None or not last.actor_label:
        return prop.get_source_display()
    if last.actor_kind == "crm":
        return last.actor_label
    by = f", by {last.actor_label}" if last.actor_kind in BY_PEOPLE else ""
    return f"{prop.get_source_display() if not by else 'Portal'}{by}"
