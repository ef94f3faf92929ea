"""The page of one version: what changed with it, and what would happen if it were restored."""

from functools import cached_property

from segments import consequences, moving
from segments.effects import Consequences
from segments.models import Build
from segments.rules.fields import Fields
from segments.rules.validate import check
from segments.versions.diff import Row, compare
from segments.versions.version_list import Version, moves, rows_between, what_changed


class OneVersion:
    def __init__(self, build: Build, fields: Fields):
        self.build, self.fields = build, fields

    @property
    def label(self) -> str:
        return f"Version {self.build.version}"

    @cached_property
    def before(self) -> Build | None:
        return self.build.segment.builds.filter(version=self.build.version - 1).first()

    @cached_property
    def summary(self) -> Version:
        words = what_changed(self.before, self.build, self.fields)
        return Version(self.build, words, *moves([self.build]).get(self.build.pk, (0, 0)))

    @cached_property
    def rows(self) -> list[Row]:
        return rows_between(self.before, self.build, self.fields)

    @property
    def is_live(self) -> bool:
        return self.build.number == self.build.segment.live_build

    @cached_property
    def live(self) -> Build | None:
        segment = self.build.segment
        return segment.builds.filter(number=segment.live_build or 0).first()

    # ── If it were restored ──

    @property
    def restorable(self) -> bool:
        """Lists are not kept with their versions; a rule is."""
        return self.build.by_rule and not self.is_live and self.build.segment.archived_at is None

    @cached_property
    def faults(self) -> list[str]:
        """Why the rule of then is none today."""
        return list(dict.fromkeys(error.message for error in check(self.build.tree, self.fields).errors))

    @cached_property
    def restoring(self) -> list[Row]:
        return compare(self.live.tree if self.live else None, self.build.tree, self.fields)

    @cached_property
    def consequences(self) -> Consequences | None:
        if not self.restorable or self.faults:
            return None
        return consequences.of(moving.by_rule(self.build.segment, self.build.tree or {}))
