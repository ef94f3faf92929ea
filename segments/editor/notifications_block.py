"""The editor's block of notifications: which news members receive, and how."""

from dataclasses import dataclass
from typing import Any

from django import forms

from segments.models import Channel, Level, Segment
from segments.notifications import KINDS, Kind, Policy, by_group, set_levels

INHERIT = "inherit"
# In a word or three: the whole sentence does not fit beside another one.
INHERITED = {Level.ALL: "everything", Level.MINE: "if they collaborate", Level.OFF: "off"}


def name_of(kind: Kind, channel: str) -> str:
    return f"{kind.key}:{channel}"


class NotificationsForm(forms.Form):
    """A choice for every kind and channel. What was not sent stays as it is."""

    def __init__(self, data, *, stored: dict, policy: Policy):
        super().__init__(data, prefix="notifications")
        for kind in KINDS.values():
            for channel in Channel:
                default = INHERITED[Level(policy.default(kind, channel))]
                choices = [(INHERIT, f"Inherit: {default}")]
                choices += [(level, Level(level).label) for level in kind.levels]
                self.fields[name_of(kind, channel)] = forms.ChoiceField(
                    required=False,
                    choices=choices,
                    initial=stored.get((kind.key, channel.value), INHERIT),
                    widget=forms.Select({"aria-label": f"{kind.label}, {channel.label.lower()}"}),
                )

    def levels(self) -> dict[tuple[str, str], str | None]:
        """(kind, channel) → level, or None where the segment is to say nothing."""
        found: dict[tuple[str, str], str | None] = {}
        for kind in KINDS.values():
            for channel in Channel:
                if chosen := self.cleaned_data.get(name_of(kind, channel)):
                    found[kind.key, channel.value] = None if chosen == INHERIT else chosen
        return found


@dataclass(frozen=True)
class Row:
    kind: Kind
    cells: list[Any]


class NotificationsBlock:
    template = "segments/settings/_notifications.html"
    channels = Channel.choices

    def __init__(self, data, *, segment: Segment | None):
        rows = segment.notifications.all() if segment else ()
        stored = {(row.kind, row.channel): row.level for row in rows}
        self._stored: dict[tuple[str, str], str | None] = {
            (kind, ch): level for (kind, ch), level in stored.items()
        }
        self.form = NotificationsForm(data, stored=stored, policy=Policy())

    @property
    def groups(self) -> list[tuple[str, list[Row]]]:
        return [(group, [self._row(kind) for kind in kinds]) for group, kinds in by_group().items()]

    def _row(self, kind: Kind) -> Row:
        return Row(kind, [self.form[name_of(kind, channel)] for channel in Channel])

    def is_valid(self) -> bool:
        return self.form.is_valid()

    def said(self) -> dict[tuple[str, str], str | None] | None:
        """What its members would hear; None where that is what they hear already."""
        levels = self.form.levels() if self.is_valid() else {}
        return levels if any(self._stored.get(key) != level for key, level in levels.items()) else None

    def save(self, segment: Segment) -> bool:
        levels = self.form.levels()
        set_levels(segment, levels)
        return bool(levels)
