"""The banners about what is held. A context processor hands them to the templates that ask for them."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from segments.engine import holding
from segments.models import Hold

NAMES = 5


@dataclass(frozen=True)
class Banner:
    hold: Hold
    count: int
    names: tuple[str, ...]
    may_decide: bool

    @property
    def others(self) -> int:
        return self.count - len(self.names)

    @property
    def wanted(self) -> int:
        """How many the sync takes out in all: those who had left already, and those who are held."""
        return self.hold.left + self.count

    @property
    def dialog(self) -> str:
        return f"release-{self.hold.pk}"

    @property
    def question(self) -> str:
        return f"Release {self.count} from “{self.hold.segment}”?"

    @property
    def release_url(self) -> str:
        return reverse("settings:hold-release", args=[self.hold.segment_id, self.hold.pk])


def banners(request) -> dict:
    return {"holds": SimpleLazyObject(lambda: shown_to(request))}


def shown_to(request) -> list[Banner]:
    member = getattr(request, "member", None)
    if member is None or not member.may("segments.view"):
        return []
    may_decide = member.may("segments.manage")
    return [banner for hold in holding.open_holds() if (banner := _banner(hold, may_decide)).count]


def _banner(hold: Hold, may_decide: bool) -> Banner:
    level = hold.segment.level
    held = holding.held_in(hold.segment).select_related(level).order_by(f"{level}__name", "pk")
    names = tuple(str(getattr(state, level)) for state in held[:NAMES])
    return Banner(hold, held.count(), names, may_decide)
