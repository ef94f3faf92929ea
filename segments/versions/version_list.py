"""The versions of a segment, newest first: who made them, what changed, and how many members they had."""

from dataclasses import dataclass
from functools import cached_property

from django.core.paginator import Page, Paginator
from django.db.models import Q, Sum

from segments import consequences, moving
from segments.effects import Consequences
from segments.engine.definitions import fields_of
from segments.models import Build, BuildChange, ScheduledChange, Segment
from segments.rules.validate import check
from segments.versions.diff import Row, compare, in_words

PAGE = 30


@dataclass(frozen=True)
class Version:
    build: Build
    words: list[str]
    joined: int = 0
    left: int = 0

    @property
    def after(self) -> int | None:
        return self.build.members

    @property
    def before(self) -> int | None:
        return None if self.after is None else self.after - self.joined + self.left


@dataclass(frozen=True)
class Scheduled:
    """`done` is what it would do to people if it took effect now; None where it could not."""

    change: ScheduledChange
    words: list[str]
    done: Consequences | None = None


class VersionList:
    def __init__(self, segment: Segment, params):
        self.segment = segment
        self.page_number = params.get("page")

    @cached_property
    def page(self) -> Page:
        return Paginator(self.segment.builds.order_by("-version"), PAGE).get_page(self.page_number)

    @cached_property
    def rows(self) -> list[Version]:
        builds = list(self.page.object_list)
        if not builds:
            return []
        before = {build.version: build for build in self.segment.builds.filter(version__in=_earlier(builds))}
        moved = moves(builds)
        return [
            Version(b, what_changed(before.get(b.version - 1), b, self._fields), *moved.get(b.pk, (0, 0)))
            for b in builds
        ]

    @cached_property
    def scheduled(self) -> list[Scheduled]:
        """What waits, and what could not take effect since the last version."""
        latest = self._live
        tree = latest.tree if latest else None
        found = self.segment.scheduled.filter(state__in=["waiting", "failed"]).order_by("take_effect_at")
        return [
            Scheduled(change, in_words(compare(tree, change.tree, self._fields)), self._would_do(change))
            for change in found
            if change.state == "waiting" or latest is None or change.take_effect_at > latest.made_at
        ]

    def _would_do(self, change: ScheduledChange) -> Consequences | None:
        possible = change.state == "waiting" and self.segment.archived_at is None
        if not possible or check(change.tree, self._fields).errors:
            return None
        return consequences.of(moving.by_rule(self.segment, change.tree))

    @cached_property
    def _live(self) -> Build | None:
        return self.segment.builds.filter(number=self.segment.live_build or 0).first()

    @cached_property
    def _fields(self):
        return fields_of(self.segment.level)


def _earlier(builds: list[Build]) -> list[int]:
    return [build.version - 1 for build in builds]


def moves(builds: list[Build]) -> dict:
    """How many joined and left when each went live."""
    # Archiving is written down under the build that it ended; excluding it would drop the rows without a cause.
    its_own = Q(cause={}) | Q(cause__why="restored")
    changes = BuildChange.objects.filter(its_own, build__in=builds)
    sums = changes.order_by().values("build").annotate(joined=Sum("joined_count"), left=Sum("left_count"))
    return {row["build"]: (row["joined"], row["left"]) for row in sums}


def what_changed(before: Build | None, build: Build, fields) -> list[str]:
    if before is None:
        return ["The first version"]
    kinds = []
    if before.kind != build.kind:
        kinds = [f"From {before.get_kind_display().lower()} to {build.get_kind_display().lower()}"]
    if build.kind == Segment.Kind.STATIC:
        return kinds or ["The list was counted anew"]
    words = kinds + in_words(rows_between(before, build, fields))
    return words or ["Counted anew; the rule is the same"]


def rows_between(before: Build | None, build: Build, fields) -> list[Row]:
    return compare(before.tree if before else None, build.tree, fields)
