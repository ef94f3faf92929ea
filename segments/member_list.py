"""The members of a segment, a page at a time: who, since when, and why."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet

from segments.engine import history, lists
from segments.engine.definitions import fields_of
from segments.models import Segment

PAGE = 50


@dataclass(frozen=True)
class Row:
    record: Any
    since: history.Since | None


class MemberList:
    def __init__(self, segment: Segment, params):
        self.segment = segment
        self.q = params.get("q", "").replace("\x00", "").strip()
        self.page_number = params.get("page")

    @cached_property
    def page(self) -> Page:
        return Paginator(self._found(), PAGE).get_page(self.page_number)

    @cached_property
    def rows(self) -> list[Row]:
        records = list(self.page.object_list)
        fields = fields_of(self.segment.level)
        found = history.since(self.segment, [record.pk for record in records], fields)
        return [Row(record, found.get(record.pk)) for record in records]

    def _found(self) -> QuerySet:
        records = lists.MODELS[self.segment.level].objects.all()
        if self.segment.live_build is None or self.segment.archived_at:
            return records.none()
        records = records.filter(segment_state__builds__contains=[self.segment.live_build])
        if self.segment.level == "contact":
            records = records.select_related("partner")
        if self.q:
            named = Q(name__icontains=self.q)
            records = records.filter(named | Q(email__icontains=self.q) if self._by_email else named)
        return records.order_by("name", "pk")

    @property
    def _by_email(self) -> bool:
        return self.segment.level == "contact"
