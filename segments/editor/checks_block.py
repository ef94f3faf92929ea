"""The editor's block of checks: who must be in the segment, and who must not be."""

from functools import cached_property

from django.http import QueryDict

from segments.checks import Failure, set_check
from segments.engine import lists
from segments.models import CheckOverride, Segment, SegmentCheck
from workspaces.actors import Actor

OVERRULED = 3  # that the block still tells of


class ChecksBlock:
    """Beside those that stand: boxes to take them out, and one line for somebody more."""

    def __init__(self, data, *, segment: Segment | None, level: str):
        self.segment, self.level = segment, level
        self._data = data if data is not None else QueryDict()
        self.typed = self._data.get("check-who", "").replace("\x00", "").strip()
        self.must_be_in = self._data.get("check-must", "in") == "in"
        self.fault = ""
        self.failures: list[Failure] = []

    @cached_property
    def checks(self) -> list[SegmentCheck]:
        if self.segment is None:
            return []
        found = self.segment.checks.select_related("contact__partner", "partner")
        return list(found.order_by("made_at", "pk"))

    @cached_property
    def dropped(self) -> set[str]:
        return set(self._data.getlist("check-drop"))

    @cached_property
    def overruled(self) -> list[CheckOverride]:
        if self.segment is None:
            return []
        return list(self.segment.check_overrides.order_by("-made_at")[:OVERRULED])

    @cached_property
    def _found(self) -> list:
        return lists.matching(self.level, [self.typed])[0] if self.typed else []

    def is_valid(self) -> bool:
        if self.typed and not self._found:
            called = "address or name" if self.level == "contact" else "name"
            self.fault = f"Nobody, or more than one, has this {called}."
        return not self.fault

    def save(self, segment: Segment, *, by: Actor) -> None:
        for check in self.checks:
            if str(check.pk) in self.dropped:
                check.delete()
        for record in self._found:
            set_check(segment, record, must_be_in=self.must_be_in, by=by)
