"""What the features say about their kinds: who may see an event, in which words, and who collaborates on it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from portal.notifications.models import Event
from segments.notifications import Kind
from segments.notifications import register as register_kind
from segments.viewer import Viewer


@dataclass(frozen=True)
class Shown:
    """An event in words, for somebody who may see it."""

    text: str
    url: str
    detail: str = ""


@dataclass(frozen=True)
class Source:
    kind: Kind
    icon: str
    # Asks the gates: only the events that the viewer may see now, each in words.
    shown: Callable[[Viewer, Collection[Event]], Mapping[UUID, Shown]]
    # For the team: what each event is about, where that is still there.
    names: Callable[[Collection[Event]], Mapping[UUID, str]]
    # Ids of the contacts who collaborate on what the event is about.
    collaborators: Callable[[Event], Collection[UUID]] = lambda event: ()


SOURCES: dict[str, Source] = {}


def register(source: Source) -> None:
    register_kind(source.kind)
    SOURCES[source.kind.key] = source


def shown_to(viewer: Viewer, events: Collection[Event]) -> dict[UUID, Shown]:
    """Of these events those that the viewer may see now. A kind that is gone shows nothing."""
    found: dict[UUID, Shown] = {}
    for kind, same in _by_kind(events).items():
        if kind in SOURCES:
            found.update(SOURCES[kind].shown(viewer, same))
    return found


def names_of(events: Collection[Event]) -> dict[UUID, str]:
    """For the team, whom no gate keeps from anything."""
    found: dict[UUID, str] = {}
    for kind, same in _by_kind(events).items():
        if kind in SOURCES:
            found.update(SOURCES[kind].names(same))
    return found


def _by_kind(events: Collection[Event]) -> dict[str, list[Event]]:
    by_kind: dict[str, list[Event]] = {}
    for event in events:
        by_kind.setdefault(event.kind, []).append(event)
    return by_kind


def who(event: Event) -> str:
    """Who did it, as partners may know it: members of the vendor's team are not named to them."""
    if event.actor.get("kind") == "contact":
        return event.actor.get("label") or "Somebody"
    return event.facts.get("team") or "The team"
