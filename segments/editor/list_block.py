"""The editor's block of a hand-picked list: who is added and who is taken off, beside those who are on it already.

The form carries the changes alone, so a list may be as long as it likes; it is searched and paged on the server.
"""

from functools import cached_property
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet

from segments.engine import lists
from segments.models import Segment
from segments.moving import members_of

FOUND = 20  # who is offered to be added
PAGE = 50
LISTING = {"pick", "drop", "back", "paste", "turn"}  # the verbs of its buttons


class ListBlock:
    def __init__(self, data, *, segment: Segment | None, level: str):
        self.segment, self.level = segment, level
        self._data = data if data is not None else {}
        self.added = self._ids("added")
        self.dropped = self._ids("dropped")
        self.notes: list[str] = []
        self.unmatched: list[str] = []
        self.page_number = self._text("page")

    def _text(self, name: str) -> str:
        return self._data.get(name, "").replace("\x00", "").strip()

    def _ids(self, name: str) -> list[UUID]:
        return list(dict.fromkeys(_uuids(self._text(name))))[: lists.MOST]

    # ── Who is on it ──

    @cached_property
    def _present(self) -> set[UUID]:
        """Of a segment that was not picked by hand so far: its members of now."""
        if self.segment is None:
            return set()
        by_rule = self.segment.kind == Segment.Kind.DYNAMIC
        return set(members_of(self.segment) if by_rule else lists.members(self.segment))

    @property
    def member_ids(self) -> set[UUID]:
        return (self._present - set(self.dropped)) | set(self.added)

    @property
    def count(self) -> int:
        return len(self.member_ids)

    @property
    def typed(self) -> str:
        return self._text("on-list")

    @cached_property
    def page(self) -> Page:
        """Those on it, those about to be added and those about to leave it."""
        found = self._records().filter(pk__in=self._present | set(self.added))
        if self.typed:
            named = Q(name__icontains=self.typed)
            found = found.filter(named | Q(email__icontains=self.typed) if self.level == "contact" else named)
        return Paginator(found.order_by("name", "pk"), PAGE).get_page(self.page_number)

    @property
    def before(self) -> str:
        return str(self.page.number - 1)

    @property
    def after(self) -> str:
        return str(self.page.number + 1)

    @cached_property
    def found(self) -> list:
        """Who is called like what was typed and is not on the list yet."""
        typed = self._text("find")
        if not typed:
            return []
        return list(lists.called_like(self.level, typed).exclude(pk__in=self.member_ids)[:FOUND])

    def _records(self) -> QuerySet:
        records = lists.MODELS[self.level].objects
        return records.select_related("partner") if self.level == "contact" else records.all()

    # ── What is pressed ──

    def press(self, verb: str, what: str) -> None:
        if verb == "paste":
            self._paste()
        elif verb == "turn":
            self.page_number = what
        else:
            for pk in _uuids(what):
                self._move(verb, pk)

    def _move(self, verb: str, pk: UUID) -> None:
        if verb == "drop" and pk in self.added:
            self.added.remove(pk)
        elif verb == "drop" and pk in self._present and pk not in self.dropped:
            self.dropped.append(pk)
        elif verb == "back" and pk in self.dropped:
            self.dropped.remove(pk)
        elif verb == "pick":
            self._add(pk)

    def _add(self, pk: UUID) -> bool:
        """False where they are on it already, or are nobody of this workspace."""
        if pk in self.dropped:
            self.dropped.remove(pk)
            return True
        if pk in self.member_ids or not self._records().filter(pk=pk).exists():
            return False
        self.added.append(pk)
        return True

    def _paste(self) -> None:
        found, self.unmatched = lists.matching(self.level, self._data.get("paste", "").splitlines())
        there = self.member_ids
        new = [record.pk for record in found if record.pk not in there]
        self.added.extend(pk for pk in new if pk not in self.dropped)
        self.dropped = [pk for pk in self.dropped if pk not in set(new)]
        self.notes.append(f"{len(new)} added" + (f", {len(found) - len(new)} already there" if found else ""))

    @property
    def leftover(self) -> str:
        """What was pasted and fits nobody stays in the box, to be put right."""
        pressed = self._data.get("do", "") == "paste"
        return "\n".join(self.unmatched) if pressed else self._data.get("paste", "")

    # ── As the form carries it ──

    @property
    def added_text(self) -> str:
        return " ".join(map(str, self.added))

    @property
    def dropped_text(self) -> str:
        return " ".join(map(str, self.dropped))


def _uuids(text: str) -> list[UUID]:
    found = []
    for word in text.replace(",", " ").split():
        try:
            found.append(UUID(word))
        except ValueError:
            continue
    return found
