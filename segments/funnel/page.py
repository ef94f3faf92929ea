"""What the funnel's page shows, as its address says: `?by=partner.phase`, or `?segment=…&segment=…` in order."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.urls import reverse

from segments.engine import lists
from segments.funnel import stages
from segments.models import Segment
from workspaces.models import Property

MOST = 8  # segments in one funnel
USUAL = "partner.phase"


@dataclass(frozen=True)
class Stuck:
    record: Any
    url: str
    since: Any  # None: longer than the history knows
    days: int | None


@dataclass(frozen=True)
class Stage:
    name: str
    url: str
    numbers: stages.Numbers
    stuck: list[Stuck]


class Funnel:
    def __init__(self, params):
        self.by = params.get("by", "")
        self.asked = [key for text in params.getlist("segment") if (key := _uuid(text))][:MOST]
        self.asked = list(dict.fromkeys(self.asked))

    @cached_property
    def properties(self) -> list[Property]:
        """Those whose options can be stages."""
        return list(Property.objects.live().filter(type="choice", level__in=Segment.Level.values))

    @cached_property
    def choices(self) -> list[Segment]:
        return list(Segment.objects.present().order_by("level", "name", "pk"))

    @cached_property
    def segments(self) -> list[Segment]:
        known = {segment.pk: segment for segment in self.choices}
        return [known[key] for key in self.asked if key in known]

    @property
    def slots(self) -> list[UUID | None]:
        """The chosen ones, and as many empty places as invite to choose more."""
        chosen: list[UUID | None] = [segment.pk for segment in self.segments]
        return (chosen + [None] * max(2, 4 - len(chosen)))[:MOST]

    @cached_property
    def prop(self) -> Property | None:
        """None where segments are asked for, or no property fits."""
        if self.segments:
            return None
        named = {f"{prop.level}.{prop.key}": prop for prop in self.properties}
        usual = named.get(USUAL) or next(iter(named.values()), None)
        return named.get(self.by) if self.by else usual

    @property
    def fault(self) -> str:
        if len({segment.level for segment in self.segments}) > 1:
            return "These segments group partners and contacts. Choose segments of one level."
        return "There is no such property." if self.by and not self.segments and self.prop is None else ""

    @property
    def level(self) -> str:
        return self.prop.level if self.prop else self.segments[0].level

    @cached_property
    def counted(self) -> stages.Counted | None:
        if self.fault or not (self.segments or self.prop):
            return None
        return stages.of_property(self.prop) if self.prop else stages.of_segments(self.segments)

    @cached_property
    def stages(self) -> list[Stage]:
        if self.counted is None:
            return []
        records = self._records()
        return [
            Stage(name, url, self.counted.numbers.get(key, stages.Numbers()), self._stuck(key, records))
            for key, name, url in self._names()
        ]

    @property
    def largest(self) -> int:
        return max((stage.numbers.ever for stage in self.stages), default=0)

    @property
    def anybody(self) -> bool:
        return self.largest > 0

    def _names(self) -> list[tuple[str, str, str]]:
        if self.prop is None:
            return [
                (str(s.pk), s.name, reverse("settings:segment-members", args=[s.pk])) for s in self.segments
            ]
        prop = self.prop
        lists_url = reverse(f"settings:{prop.level}s")
        return [
            (one["value"], one["label"], f"{lists_url}?p.{prop.key}={one['value']}") for one in prop.options
        ]

    def _records(self) -> dict:
        waiting = self.counted.waiting.values() if self.counted else ()
        ids = {one.subject_id for those in waiting for one in those}
        return lists.MODELS[self.level].objects.in_bulk(ids) if ids else {}

    def _stuck(self, key: str, records: dict) -> list[Stuck]:
        those = self.counted.waiting.get(key, []) if self.counted else []
        return [
            Stuck(
                record=records[one.subject_id],
                url=reverse(f"settings:{self.level}", args=[one.subject_id]),
                since=one.since,
                days=int(stages.days_since(one.since)) if one.since else None,
            )
            for one in those
            if one.subject_id in records
        ]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
