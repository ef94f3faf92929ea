"""The members of a segment, now or at any moment, a page at a time: who, since when, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import batched
from typing import Any
from zoneinfo import ZoneInfo

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet

from segments.engine import history, lists
from segments.engine.definitions import fields_of
from segments.exceptions.marks import marks
from segments.history.as_of import Asked, AsOf
from segments.models import Segment

PAGE = 50
AT_ONCE = 500  # rows of an export for which the history is asked together
GONE = 20  # ids of deleted records that the page names


@dataclass(frozen=True)
class Row:
    record: Any
    since: history.Since | None
    mark: str = ""  # "always" by an exception, or "held" after a sync


class MemberList:
    def __init__(self, segment: Segment, params, *, zone: ZoneInfo):
        self.segment, self.zone = segment, zone
        self.q = params.get("q", "").replace("\x00", "").strip()
        self.asked = Asked.read(params.get("as_of", "").replace("\x00", ""), zone)
        self.members = AsOf(segment, self.asked.at)
        self.page_number = params.get("page")

    @property
    def as_of(self):
        """The moment that the page is about; None is now."""
        return self.members.at

    @cached_property
    def page(self) -> Page:
        return Paginator(self._found(), PAGE).get_page(self.page_number)

    @cached_property
    def rows(self) -> list[Row]:
        return self._rows(list(self.page.object_list))

    @cached_property
    def gone(self) -> list:
        """Members at the moment whose record has been deleted since: only their ids are left."""
        return [] if self.q else self.members.gone()

    @property
    def shown_gone(self) -> list:
        return self.gone[:GONE]

    @property
    def count(self) -> int:
        return self.page.paginator.count + len(self.gone)

    @cached_property
    def version(self):
        return self.members.version()

    @property
    def before_it_was_made(self) -> bool:
        return self.as_of is not None and self.as_of < self.segment.created_at

    def export(self) -> Iterator[list]:
        """The rows of a file: everybody on the list, in the order of the page."""
        with_partner = self.segment.level == "contact"
        for records in batched(self._found().iterator(chunk_size=AT_ONCE), AT_ONCE):
            for row in self._rows(list(records)):
                more = [row.record.email, row.record.partner.name] if with_partner else []
                since = row.since.at.astimezone(self.zone).isoformat(timespec="seconds") if row.since else ""
                yield [row.record.name, *more, since, row.since.why if row.since else "", row.record.pk]
        for pk in self.gone:
            yield ["(deleted)", *([""] * (4 if with_partner else 2)), pk]

    @property
    def export_header(self) -> list[str]:
        more = ["E-mail", "Partner"] if self.segment.level == "contact" else []
        return ["Name", *more, "Since", "Why", "Id"]

    def _rows(self, records: list) -> list[Row]:
        ids = [record.pk for record in records]
        found = history.since(self.segment, ids, self._fields, until=self.as_of)
        marked = marks(self.segment, ids) if self.as_of is None and self.segment.by_rule else {}
        return [Row(record, found.get(record.pk), marked.get(record.pk, "")) for record in records]

    @cached_property
    def _fields(self):
        return fields_of(self.segment.level)

    def _found(self) -> QuerySet:
        records = self.members.records(lists.MODELS[self.segment.level].objects.all())
        if self.segment.level == "contact":
            records = records.select_related("partner")
        if self.q:
            named = Q(name__icontains=self.q)
            records = records.filter(named | Q(email__icontains=self.q) if self._by_email else named)
        return records.order_by("name", "pk")

    @property
    def _by_email(self) -> bool:
        return self.segment.level == "contact"
