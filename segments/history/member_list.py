"""The members of a segment, now or at any moment, a page at a time: who, since when, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import batched
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from segments.engine import dependents, history, lists
from segments.engine.backfill import moment_of_workspace
from segments.engine.definitions import fields_of
from segments.exceptions.marks import ALWAYS, HELD, marks
from segments.history import member_pages
from segments.history.as_of import Asked, AsOf
from segments.history.member_pages import Page, Place
from segments.insiders import Among
from segments.models import Segment
from segments.why import Node, Reader, Reading, overruled
from workspaces.models import TeamMember

AT_ONCE = 500  # rows of an export for which the history is asked together
GONE = 20  # ids of deleted records that the page names
OUTSIDE = 5  # people who are no members and called like what was typed
TOLD = 2  # conditions that a row tells; "why" tells all
JOINED = {"1": "In the last day", "7": "In the last 7 days", "30": "In the last 30 days"}
HOW = {ALWAYS: "Always in", HELD: "Held"}


@dataclass(frozen=True)
class Row:
    record: Any
    since: history.Since | None
    mark: str = ""  # "always" by an exception, or "held" after a sync
    reading: Reading | None = None  # what the rule says about them now

    @property
    def found(self) -> list[Node]:
        """The conditions that have them in, with what was found."""
        leaves = self.reading.tree.leaves() if self.reading else []
        return [leaf for leaf in leaves if leaf.holds] or leaves

    @property
    def told(self) -> list[Node]:
        return self.found[:TOLD]

    @property
    def untold(self) -> int:
        return len(self.found) - len(self.told)


@dataclass(frozen=True)
class Outsider:
    """Somebody who is no member, what decides that, and what would have to turn."""

    record: Any
    reading: Reading | None
    note: str


class MemberList:
    def __init__(self, segment: Segment, params, *, zone: ZoneInfo, member: TeamMember | None):
        self.segment, self.zone, self.member = segment, zone, member
        self.q = params.get("q", "").replace("\x00", "").strip()
        self.asked = Asked.read(params.get("as_of", "").replace("\x00", ""), zone)
        self.members = AsOf(segment, self.asked.at)
        self.joined = params.get("joined", "") if params.get("joined", "") in JOINED else ""
        self.how = params.get("how", "") if params.get("how", "") in HOW else ""
        self.place = Place.read(segment.level, params)

    @property
    def as_of(self):
        """The moment that the page is about; None is now."""
        return self.members.at

    @cached_property
    def page(self) -> Page:
        if self._everybody:
            return member_pages.of_members(self.segment, self._size, self.place)
        return member_pages.of_queryset(self._found(), self.place)

    @property
    def _everybody(self) -> bool:
        """All who are in now, as the segment's own count has them: nobody is counted for it."""
        decides = self.segment.live_build is not None and self.segment.archived_at is None
        return decides and not (self.as_of or self.q or self.how or self.joined)

    @cached_property
    def _size(self) -> member_pages.Size:
        return member_pages.Size.of(self.segment)

    @cached_property
    def rows(self) -> list[Row]:
        return self._rows(self.page.records)

    @cached_property
    def gone(self) -> list:
        """Members at the moment whose record has been deleted since: only their ids are left."""
        return [] if self.q else self.members.gone()

    @property
    def shown_gone(self) -> list:
        return self.gone[:GONE]

    @cached_property
    def count(self) -> int:
        return self._size.members if self._everybody else self._found().count() + len(self.gone)

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
                why = row.since.why if row.since else ""
                found = "; ".join(_in_a_file(leaf) for leaf in row.found)
                yield [row.record.name, *more, since, why, found, row.record.pk]
        for pk in self.gone:
            yield ["(deleted)", *([""] * (5 if with_partner else 3)), pk]

    @property
    def export_header(self) -> list[str]:
        more = ["E-mail", "Partner"] if self.segment.level == "contact" else []
        return ["Name", *more, "Since", "Why", "Found", "Id"]

    def _rows(self, records: list) -> list[Row]:
        ids = [record.pk for record in records]
        found = history.since(self.segment, ids, self._fields, until=self.as_of)
        marked = marks(self.segment, ids) if self.as_of is None and self.segment.by_rule else {}
        read = self._read(records)
        return [
            Row(record, found.get(record.pk), marked.get(record.pk, ""), read.get(record.pk))
            for record in records
        ]

    @cached_property
    def rule(self):
        """What decides now; of a moment that has passed the values are not known any more."""
        return dependents.rule_of(self.segment) if self.segment.by_rule and self.as_of is None else None

    def _read(self, records: list) -> dict[UUID, Reading]:
        if self.rule is None or not records:
            return {}
        known = {"fields": self._fields, "moment": self._moment, "member": self.member}
        return Reader(self.rule, records, **known).readings

    @cached_property
    def _moment(self):
        return moment_of_workspace()

    @cached_property
    def outside(self) -> list[Outsider]:
        """Those who are called like what was typed and are no members, and why not."""
        if not self.q or self.as_of is not None or self.segment.archived_at is not None:
            return []
        called = lists.called_like(self.segment.level, self.q)
        inside = self.members.records(lists.MODELS[self.segment.level].objects.all())
        records = list(called.exclude(pk__in=inside.values("pk"))[:OUTSIDE])
        read = self._read(records)
        return [self._outsider(record, read.get(record.pk)) for record in records]

    def _outsider(self, record: Any, reading: Reading | None) -> Outsider:
        if reading is None:
            return Outsider(record, None, "Nobody put them on the list." if not self.segment.by_rule else "")
        note = overruled(self.segment, reading.subject, reading.verdict, self._moment.at)
        return Outsider(record, reading, note or reading.nearest)

    @cached_property
    def _fields(self):
        return fields_of(self.segment.level)

    def _found(self) -> QuerySet:
        records = self.members.records(lists.MODELS[self.segment.level].objects.all())
        if self.segment.level == "contact":
            records = records.select_related("partner")
        if self.q:
            named = Q(name__icontains=self.q)
            by_more = Q(email__icontains=self.q) | Q(partner__name__icontains=self.q)
            records = records.filter(named | by_more if self._by_email else named)
        if self.how and self.as_of is None:
            records = records.filter(self._marked())
        if self.joined and self.as_of is None:
            records = records.filter(self._lately())
        return records.order_by("name", "pk")

    def _marked(self) -> Q:
        number = self.segment.number
        if self.how == HELD:
            return Q(segment_state__held__contains=[number])
        return Q(segment_state__exceptions__contains={str(number): {"in": True}})

    def _lately(self) -> Q:
        """Those who joined one by one, or with everybody whom a new rule fitted."""
        since = timezone.now() - timedelta(days=int(self.joined))
        singly = self.segment.changes.filter(joined=True, at__gt=since, subject_id=OuterRef("pk"))
        together = self.segment.build_changes.filter(at__gt=since)
        return Q(Exists(singly)) | Q(Exists(together.filter(Among(OuterRef("pk"), F("joined")))))

    @property
    def _by_email(self) -> bool:
        return self.segment.level == "contact"


def _in_a_file(leaf: Node) -> str:
    known = [leaf.words, leaf.told and f"({leaf.told})", leaf.source and f"from {leaf.source}"]
    return " ".join(part for part in known if part)
