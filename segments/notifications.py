"""What people can be told about, and how far: the kinds of news, and what the workspace and its segments say.

Features register their kinds. Where several settings meet, the narrowest wins: off, then only where the person
collaborates, then everything. A person can only narrow what is left.
"""

from collections.abc import Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar
from uuid import UUID

from segments.models import Channel, Level, NotificationDefault, Segment, SegmentNotification

WIDTH = {Level.OFF: 0, Level.MINE: 1, Level.ALL: 2}
QUIET: Mapping[str, str] = MappingProxyType({Channel.PORTAL: Level.ALL, Channel.MAIL: Level.OFF})


@dataclass(frozen=True)
class Kind:
    """One kind of news. `narrowable` where it makes a difference whether the person collaborates."""

    key: str
    label: str  # for the team: "A tab opened for them"
    group: str
    own_label: str = ""  # for the person, where it differs: "A tab opened for you"
    narrowable: bool = False
    defaults: Mapping[str, str] = field(default=QUIET)

    @property
    def levels(self) -> list[str]:
        """From the widest to the narrowest."""
        return [level for level in Level.values if level != Level.MINE or self.narrowable]


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    KINDS[kind.key] = kind
    return kind


def by_group() -> dict[str, list[Kind]]:
    groups: dict[str, list[Kind]] = {}
    for kind in KINDS.values():
        groups.setdefault(kind.group, []).append(kind)
    return groups


@dataclass(frozen=True)
class Decision:
    """How much gets through, and who says so."""

    WORKSPACE: ClassVar[str] = "workspace"
    SEGMENT: ClassVar[str] = "segment"
    PERSON: ClassVar[str] = "person"

    level: str
    by: str
    segment: Segment | None = None


def merge(*, default: str, said: Iterable[tuple[Segment, str]], chosen: str | None = None) -> Decision:
    """`said` by the person's segments, `chosen` by the person. Of segments that say the same, the first by name."""
    found = sorted(said, key=lambda pair: (WIDTH[Level(pair[1])], pair[0].name, str(pair[0].pk)))
    decided = Decision(default, Decision.WORKSPACE)
    for segment, level in found[:1]:
        decided = Decision(level, Decision.SEGMENT, segment)
    if chosen is not None and WIDTH[Level(chosen)] < WIDTH[Level(decided.level)]:
        return Decision(chosen, Decision.PERSON)
    return decided


class Policy:
    """Everything that the workspace and its segments say, in two queries."""

    def __init__(self) -> None:
        self._defaults = {(row.kind, row.channel): row.level for row in NotificationDefault.objects.all()}
        self._said: dict[tuple[str, str], list[tuple[Segment, str]]] = {}
        live = SegmentNotification.objects.filter(segment__archived_at=None).exclude(segment__live_build=None)
        for row in live.select_related("segment"):
            self._said.setdefault((row.kind, row.channel), []).append((row.segment, row.level))

    def default(self, kind: Kind, channel: str) -> str:
        return self._defaults.get((kind.key, channel), kind.defaults[channel])

    def says(self, kind: Kind, channel: str) -> set[UUID]:
        """The segments that say something about it."""
        return {segment.pk for segment, _ in self._said.get((kind.key, channel), ())}

    def saying(self, segment: Segment, levels: Mapping[tuple[str, str], str | None]) -> "Policy":
        """The same as if the segment said this; what is not among the levels it says as before."""
        found = copy(self)
        found._said = dict(self._said)
        for key, level in levels.items():
            others = [pair for pair in self._said.get(key, ()) if pair[0].pk != segment.pk]
            found._said[key] = others + ([(segment, level)] if level is not None else [])
        return found

    def decide(
        self, kind: Kind, channel: str, segment_ids: Collection[UUID], *, chosen: str | None = None
    ) -> Decision:
        """For a person in these segments. Without `chosen`: what the vendor allows them."""
        said = [pair for pair in self._said.get((kind.key, channel), ()) if pair[0].pk in segment_ids]
        return merge(default=self.default(kind, channel), said=said, chosen=chosen)


def set_defaults(levels: Mapping[tuple[str, str], str]) -> None:
    """(kind, channel) → level. What equals the kind's own default needs no row."""
    for (kind, channel), level in levels.items():
        if level == KINDS[kind].defaults[channel]:
            NotificationDefault.objects.filter(kind=kind, channel=channel).delete()
        else:
            NotificationDefault.objects.update_or_create(
                kind=kind, channel=channel, defaults={"level": level}
            )


def set_levels(segment: Segment, levels: Mapping[tuple[str, str], str | None]) -> None:
    """(kind, channel) → level, or None where the segment says nothing about it."""
    for (kind, channel), level in levels.items():
        if level is None:
            segment.notifications.filter(kind=kind, channel=channel).delete()
        else:
            SegmentNotification.objects.update_or_create(
                segment=segment, kind=kind, channel=channel, defaults={"level": level}
            )


def copy_levels(segment: Segment, *, to: Segment) -> None:
    rows = segment.notifications.values_list("kind", "channel", "level")
    set_levels(to, {(kind, channel): level for kind, channel, level in rows})
