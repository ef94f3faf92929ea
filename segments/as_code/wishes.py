"""What the documents of a file ask for, understood as far as it is, with every fault at its line."""

from collections import ChainMap
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from segments.as_code import rules
from segments.as_code.documents import KEYS, Exported, written_down
from segments.as_code.reading import Document, Place
from segments.as_code.rules import Names
from segments.engine import lists
from segments.engine.matching import WHY, Entry, match
from segments.models import Channel, Permission, Segment
from segments.notifications import KINDS
from segments.rules.fields import SEGMENTS, Fields, Referenced
from segments.rules.validate import check, segments_asked
from workspaces.keys import uuid7


@dataclass(frozen=True, order=True)
class Fault:
    """Something that is not understood, or cannot be."""

    line: int
    where: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.where}: {self.message}"


@dataclass
class Wish:
    """One segment as a file has it. `id` is the segment's own, or made up where it is not there yet."""

    document: Document
    name: str
    level: str
    kind: str
    existing: Segment | None
    id: str
    description: str = ""
    tree: dict | None = None
    permissions: dict = field(default_factory=dict)
    notifications: dict = field(default_factory=dict)
    checks: dict[UUID, bool] = field(default_factory=dict)


class Understanding:
    """Reads all documents together: they may name each other in any order."""

    def __init__(self, documents: list[Document]):
        self.exported = Exported.begin()
        self.faults: list[Fault] = []
        self._present = {segment.name.casefold(): segment for segment in written_down()}
        self.wishes = [wish for document in documents if (wish := self._begun(document))]
        self._read: dict[str, rules.Read] = {}
        self._understand()
        self.faults.sort()

    @property
    def missing(self) -> list[Segment]:
        """Present, and in no document."""
        named = {wish.existing.pk for wish in self.wishes if wish.existing}
        return [segment for segment in self._present.values() if segment.pk not in named]

    def _fault(self, document: Document, place: Place, message: str) -> None:
        name = document.value.get("segment", "?") if isinstance(document.value, dict) else "?"
        where = ".".join(str(part + 1) if isinstance(part, int) else part for part in place)
        where = f"{name}: {where}" if where else str(name)
        self.faults.append(Fault(document.line(place), where, message))

    def _begun(self, document: Document) -> Wish | None:
        value = document.value
        if not isinstance(value, dict) or not isinstance(value.get("segment"), str) or not value["segment"]:
            self._fault(document, (), "A document begins with “segment” and its name.")
            return None
        for key in value.keys() - set(KEYS):
            self._fault(document, (key,), f"“{key}” is not known. Known: {', '.join(KEYS)}.")
        existing = self._present.get(value["segment"].casefold())
        wish = Wish(
            document, value["segment"], str(value.get("level")), str(value.get("kind", Segment.Kind.DYNAMIC)),
            existing, str(existing.pk) if existing else str(uuid7()), str(value.get("description") or ""),
        )  # fmt: skip
        return wish if self._is_sound(wish) else None

    def _is_sound(self, wish: Wish) -> bool:
        before = len(self.faults)
        document = wish.document
        if wish.level not in Segment.Level.values:
            self._fault(document, ("level",), "The level is partner or contact.")
        elif wish.existing and wish.existing.level != wish.level:
            self._fault(document, ("level",), f"It groups {wish.existing.level}s; that never changes.")
        if wish.kind not in Segment.Kind.values:
            self._fault(document, ("kind",), f"The kind is one of {', '.join(Segment.Kind.values)}.")
        if (wish.kind == Segment.Kind.STATIC) == ("rule" in document.value):
            needs = "A static segment has no rule." if "rule" in document.value else "It needs a rule."
            self._fault(document, ("rule",), needs)
        if len(wish.name) > 100 or len(wish.description) > 300:
            self._fault(document, (), "A name has at most 100 characters, a description 300.")
        return len(self.faults) == before

    def _understand(self) -> None:
        by_name: dict[str, Wish] = {}
        for wish in self.wishes:
            if by_name.setdefault(wish.name.casefold(), wish) is not wish:
                self._fault(wish.document, ("segment",), "Another document has this name.")
        names, fields = self.names, {level: self.fields(level) for level in Segment.Level.values}
        for wish in self.wishes:
            if "rule" in wish.document.value:
                self._read_rule(wish, fields[wish.level], names)
        for level in fields:
            fields[level] = fields[level].seeing(ChainMap(self._referenced(), fields[level].segments))  # type: ignore[arg-type]
        for wish in self.wishes:
            self._validate(wish, fields[wish.level])
            self._read_parts(wish)

    @property
    def names(self) -> Names:
        """With those that are not there yet."""
        return Names(dict(self.exported.names.of_segment) | {wish.id: wish.name for wish in self.wishes})

    def fields(self, level: str) -> Fields:
        """With what is to be made among the segments to choose from."""
        there = self.exported.fields[level]
        new = [wish for wish in self.wishes if wish.existing is None]

        def offered(found: Any) -> Any:
            if found.type != SEGMENTS:
                return found
            wanted = "partner" if found.of == "partner" else level
            more = tuple((wish.id, wish.name) for wish in new if wish.level == wanted)
            return replace(found, options=(*found.options, *more))

        wider = Fields(
            map(offered, there), level=level, currency=there.currency, calendar=there.calendar,
            segments=there.segments, records=there.records,
        )  # fmt: skip
        return wider.seeing(ChainMap(self._referenced(), there.segments))  # type: ignore[arg-type]

    def _referenced(self) -> dict[str, Referenced]:
        return {
            wish.id: Referenced(
                wish.id, wish.existing.number if wish.existing else 0, wish.name, wish.level, 0, wish.tree
            )
            for wish in self.wishes
        }

    def _read_rule(self, wish: Wish, fields: Fields, names: Names) -> None:
        found = self._read[wish.id] = rules.read(wish.document.value["rule"], fields, names, ("rule",))
        for fault in found.faults:
            self._fault(wish.document, fault.place, fault.message)
        wish.tree = found.tree if not found.faults else None

    def _validate(self, wish: Wish, fields: Fields) -> None:
        if wish.tree is None:
            return
        checked = check(wish.tree, fields, of_segment=wish.id)
        for error in checked.errors:
            place = self._read[wish.id].places.get(error.path, ("rule",))
            self._fault(wish.document, place, error.message)
        wish.tree = checked.tree

    def _read_parts(self, wish: Wish) -> None:
        value = wish.document.value
        wish.permissions = self._permissions(wish, value.get("permissions") or {})
        wish.notifications = self._notifications(wish, value.get("notifications") or {})
        wish.checks = dict(self._checks(wish, value.get("checks") or {}))

    def _permissions(self, wish: Wish, value: Any) -> dict:
        invite = value.get("invite", Permission.Invite.INHERIT) if isinstance(value, dict) else None
        restricted = value.get("restricted", False) if isinstance(value, dict) else None
        known = isinstance(value, dict) and value.keys() <= {"invite", "restricted"}
        if not known or invite not in Permission.Invite.values or not isinstance(restricted, bool):
            self._fault(
                wish.document,
                ("permissions",),
                "Known: invite (inherit, allow, deny) and restricted (true, false).",
            )
            return {}
        said = {} if invite == Permission.Invite.INHERIT else {"invite": invite}
        return said | ({"restricted": True} if restricted else {})

    def _notifications(self, wish: Wish, value: Any) -> dict:
        found: dict[str, dict[str, str]] = {}
        for key, said in value.items() if isinstance(value, dict) else [("", value)]:
            kind = KINDS.get(key)
            if kind is None or not isinstance(said, dict):
                self._fault(wish.document, ("notifications", key), f"“{key}” is no kind of news.")
                continue
            for channel, level in said.items():
                if channel not in Channel.values or level not in kind.levels:
                    text = f"Known: {', '.join(Channel.values)}, each one of {', '.join(kind.levels)}."
                    self._fault(wish.document, ("notifications", key, channel), text)
                else:
                    found.setdefault(key, {})[channel] = level
        return found

    def _checks(self, wish: Wish, value: Any) -> Iterator[tuple[UUID, bool]]:
        if not isinstance(value, dict) or not value.keys() <= {"in", "out"}:
            self._fault(wish.document, ("checks",), "Checks are two lists: in and out.")
            return
        for side, who in value.items():
            lines = [str(one) for one in who] if isinstance(who, list) else []
            by_id = _by_id(wish.level, lines)
            yield from ((pk, side == "in") for pk in by_id.values())
            entries = [Entry(at, text) for at, text in enumerate(lines) if text not in by_id]
            matched = match(wish.level, entries)
            for missed in matched.unmatched:
                text = f"“{missed.text}”: {WHY[missed.why][wish.level]}"
                self._fault(wish.document, ("checks", side, missed.line), text)
            for pk in matched.found:
                yield pk, side == "in"


def _by_id(level: str, lines: list[str]) -> dict[str, UUID]:
    """Those that are named by id, because their name is not theirs alone."""
    wanted = {}
    for text in lines:
        try:
            wanted[text] = UUID(text)
        except ValueError:
            continue
    there = set(lists.MODELS[level].objects.filter(pk__in=wanted.values()).values_list("pk", flat=True))
    return {text: pk for text, pk in wanted.items() if pk in there}


def in_order(wishes: list[Wish]) -> list[Wish]:
    """Each after those that its rule asks for. There is no circle: the validator refuses one."""
    by_id = {wish.id: wish for wish in wishes}
    found: dict[str, Wish] = {}

    def put(wish: Wish) -> None:
        for asked in segments_asked(wish.tree) if wish.tree else ():
            if asked in by_id and asked not in found and asked != wish.id:
                put(by_id[asked])
        found.setdefault(wish.id, wish)

    for wish in wishes:
        put(wish)
    return list(found.values())
