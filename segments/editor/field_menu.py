"""What a condition can ask about, to choose from: a grouped list, which a script makes searchable.

The list is the same in every row, so it is written once for a page; a row only marks what it has chosen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from segments.rules.fields import ACTIVITY, Field, Fields
from workspaces.models import Property

ICONS = {
    "text": "text", "long_text": "text", "number": "hash", "money": "money", "boolean": "toggle",
    "date": "calendar", "datetime": "clock", "choice": "tag", "multi_choice": "tag", "url": "globe",
    "email": "mail", "phone": "phone", "user": "person", "segments": "segment", "activity": "bolt",
    "records": "table", "chance": "chart", "constant": "people",
}  # fmt: skip
UNKNOWN = "question"
DRAWN = sorted({*ICONS.values(), UNKNOWN})  # what the script draws its list with


@dataclass(frozen=True)
class Entry:
    name: str
    label: str
    icon: str
    source: str = ""

    def option(self, *, chosen: bool = False) -> SafeString:
        return format_html(
            '<option value="{}" data-icon="{}" data-source="{}"{}>{}</option>',
            self.name,
            self.icon,
            self.source,
            SafeString(" selected") if chosen else "",
            self.label,
        )


class FieldMenu:
    def __init__(self, fields: Fields):
        self._fields = fields

    @cached_property
    def _sources(self) -> dict[tuple[str, int | str], str]:
        """Where the values of a property come from, where that is not the portal itself."""
        rows = Property.objects.exclude(source=Property.Source.PORTAL).values_list(
            "level", "number", "source"
        )
        return {(level, number): Property.Source(source).label for level, number, source in rows}

    def entry(self, field: Field) -> Entry:
        level = "partner" if "partner" in (self._fields.level, field.of) else "contact"
        label = side(field, self._fields) + field.label + (" (archived)" if field.archived else "")
        source = self._sources.get((level, field.number), "")
        return Entry(field.name, label, ICONS.get(field.type, UNKNOWN), source)

    @cached_property
    def _groups(self) -> dict[str, list[Entry]]:
        groups: dict[str, list[Entry]] = {}
        for field in self._fields.asked():
            groups.setdefault(self._heading(field), []).append(self.entry(field))
        return groups

    def _heading(self, field: Field) -> str:
        return field.group or ("Partner" if "partner" in (self._fields.level, field.of) else "Contact")

    @cached_property
    def _written(self) -> str:
        return "".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for heading, entries in self._groups.items():
            yield f'<optgroup label="{escape(heading)}">'
            yield from (entry.option() for entry in entries)
            yield "</optgroup>"

    def options(self, chosen: Field | None) -> SafeString:
        """One that is archived is offered only where it is chosen already."""
        if chosen is None:
            return mark_safe(self._written)  # noqa: S308 - escaped piece by piece
        entry = self.entry(chosen)
        if chosen.archived:
            return mark_safe(self._written + entry.option(chosen=True))  # noqa: S308
        return mark_safe(self._written.replace(entry.option(), entry.option(chosen=True), 1))  # noqa: S308


def side(field: Field, fields: Fields) -> str:
    """What people did has a heading of its own for each side."""
    of_partner = field.of == "partner" and fields.level == "contact" and field.type != ACTIVITY
    return "Partner’s " if of_partner else ""
