"""The list of segments: filters that live in the address, sort, pages, and what each row says."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Lower
from django.utils import timezone

from segments import linting, permissions, uses
from segments.engine import counting
from segments.engine.definitions import fields_of_levels
from segments.history.trend import Trend, trends
from segments.models import Build, Hold, Segment
from segments.rules.lint import Finding
from segments.rules.sentence import condition_words, sentence_text
from workspaces.models import Contact, Partner

PAGE = 50
SORTS: dict[str, Any] = {
    "name": Lower("name"),
    "members": F("members"),
    "used": F("used"),
    "updated": F("updated_at"),
}
TREND = 30  # days of the small line
STATES = ("building", "failed", "held", "archived")


@dataclass(frozen=True)
class Row:
    segment: Segment
    words: str
    build: Build | None  # on its way or failed
    trend: Trend
    held: int = 0  # members that a sync would have taken out
    findings: Sequence[Finding] = ()  # what looks wrong with it

    @property
    def state(self) -> str:
        """What the list says about it, in the order of what needs somebody."""
        if self.segment.archived_at:
            return "archived"
        if self.build is not None:
            return self.build.state
        return "held" if self.held else "live"

    @property
    def permissions(self) -> list[str]:
        return permissions.in_words(getattr(self.segment, "permission", None))


class SegmentList:
    def __init__(self, params, *, zone: ZoneInfo):
        self.zone = zone
        self.q = params.get("q", "").replace("\x00", "").strip()
        self.level = params.get("level", "")
        self.kind = params.get("kind", "")
        self.used = params.get("used", "")
        self.state = params.get("state", "") if params.get("state", "") in STATES else ""
        self.archived = params.get("archived") == "1" or self.state == "archived"
        self.sort = params.get("sort", "name")
        self.page_number = params.get("page")

    @property
    def filtered(self) -> bool:
        return bool(self.q or self.level or self.kind or self.used or self.archived or self.state)

    @cached_property
    def any(self) -> bool:
        """Whether the team has made one; the built-in ones are there from the start."""
        shown = any(not segment.built_in for segment in self.page.object_list)
        return shown or Segment.objects.filter(built_in_key=None).exists()

    @cached_property
    def page(self) -> Page:
        return Paginator(self._ordered(), PAGE).get_page(self.page_number)

    @cached_property
    def totals(self) -> dict[str, int]:
        partners = Partner.objects.order_by().values(level=Value("partner")).annotate(count=Count("pk"))
        contacts = Contact.objects.order_by().values(level=Value("contact")).annotate(count=Count("pk"))
        found = partners.union(contacts, all=True)
        return {"partner": 0, "contact": 0} | {row["level"]: row["count"] for row in found}

    @cached_property
    def _asked(self) -> dict[UUID, int]:
        return uses.asked_by_rules()

    @cached_property
    def rows(self) -> list[Row]:
        segments = list(self.page.object_list)
        fields = fields_of_levels()
        live, waiting = self._builds(segments)
        found, held = trends(segments, days=TREND, zone=self.zone), self._held(segments)
        findings = linting.of_segments(segments, at=timezone.now(), fields=fields, asked=self._asked)
        for segment in segments:
            segment.total = self.totals[segment.level]
        return [
            Row(
                segment=s,
                words=s.description or _words(live.get(s.pk), fields[s.level]),
                build=waiting.get(s.pk),
                trend=found[s.pk],
                held=held.get(s.pk, 0),
                findings=findings[s.pk],
            )
            for s in segments
        ]

    def _held(self, segments: list[Segment]) -> dict[UUID, int]:
        holds = Hold.objects.filter(segment__in=segments, state=Hold.State.OPEN).order_by()
        return dict(holds.values_list("segment").annotate(holds=Count("pk")))

    def _builds(self, segments: list[Segment]) -> tuple[dict, dict]:
        states = [Build.State.LIVE, Build.State.BUILDING, Build.State.FAILED]
        live: dict[UUID, Build] = {}
        waiting: dict[UUID, Build] = {}
        for build in Build.objects.filter(segment__in=segments, state__in=states).order_by("number"):
            (live if build.state == Build.State.LIVE else waiting)[build.segment_id] = build
        return live, waiting

    def _ordered(self) -> QuerySet[Segment]:
        key, down = self.sort.lstrip("-"), self.sort.startswith("-")
        column = SORTS.get(key, SORTS["name"])
        order = column.desc() if down else column.asc()
        found = counting.with_members(self._filtered())
        found = found.annotate(used=Count("uses", distinct=True) + self._by_rules())
        return found.select_related("permission").order_by(order, Lower("name"), "pk")

    def _by_rules(self):
        """How many rules name it: few are named, and by few."""
        named: dict[int, list[UUID]] = {}
        for pk, count in self._asked.items():
            named.setdefault(count, []).append(pk)
        whens = [When(pk__in=ids, then=Value(count)) for count, ids in named.items()]
        return Case(*whens, default=Value(0), output_field=IntegerField())

    def _filtered(self) -> QuerySet[Segment]:
        found = Segment.objects.all() if self.archived else Segment.objects.present()
        if self.q:
            found = found.filter(Q(name__icontains=self.q) | Q(description__icontains=self.q))
        if self.level in Segment.Level.values:
            found = found.filter(level=self.level)
        if self.kind == "role":
            found = found.exclude(built_in_key=None)
        elif self.kind in Segment.Kind.values:
            found = found.filter(kind=self.kind, built_in_key=None)
        if self.used in ("yes", "no"):
            named = Q(uses__isnull=False) | Q(pk__in=list(self._asked))
            found = (found.filter(named) if self.used == "yes" else found.exclude(named)).distinct()
        return found.filter(_in_state(self.state)) if self.state else found


def _in_state(state: str) -> Q:
    if state == "archived":
        return Q(archived_at__isnull=False)
    if state == "held":
        return Q(pk__in=Hold.objects.filter(state=Hold.State.OPEN).values("segment"))
    return Q(pk__in=Build.objects.filter(state=state).values("segment"))


def _words(build: Build | None, fields) -> str:
    if build is None or build.tree is None:
        return "" if build is None else "Picked by hand"
    items = build.tree["root"]["items"]
    if len(items) == 1 and "items" not in items[0]:
        return condition_words(items[0], fields)
    return sentence_text(build.tree, fields)
