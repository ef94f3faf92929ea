"""Grids of kinds and channels: what the workspace says, and what a person chooses within that."""

from dataclasses import dataclass
from typing import Any

from django import forms

from portal.notifications.models import Preference
from segments.models import Channel, Level
from segments.notifications import KINDS, WIDTH, Kind, Policy, by_group

LEVELS = {Level.ALL: "Everything", Level.MINE: "Where they collaborate", Level.OFF: "Off"}
OWN_LEVELS = {Level.ALL: "Everything", Level.MINE: "Only where I collaborate", Level.OFF: "Off"}


@dataclass(frozen=True)
class Row:
    kind: Kind
    cells: list[Any]

    @property
    def label(self):
        """For the person themselves."""
        return self.kind.own_label or self.kind.label


class GridForm(forms.Form):
    """A choice for every kind and channel."""

    def add(self, kind, channel, field):
        field.widget.attrs["aria-label"] = f"{kind.own_label or kind.label}, {channel.label.lower()}"
        self.fields[f"{kind.key}:{channel}"] = field

    @property
    def channels(self):
        return Channel.choices

    @property
    def groups(self):
        return [(group, [self._row(kind) for kind in kinds]) for group, kinds in by_group().items()]

    def _row(self, kind):
        return Row(kind, [self._cell(kind, channel) for channel in Channel])

    def _cell(self, kind, channel):
        return self[f"{kind.key}:{channel}"]

    def levels(self):
        """(kind, channel) → the chosen level."""
        return {
            (kind.key, channel.value): self.cleaned_data[f"{kind.key}:{channel}"]
            for kind in KINDS.values()
            for channel in Channel
            if self.cleaned_data.get(f"{kind.key}:{channel}")
        }


class DefaultsForm(GridForm):
    """What holds where no segment of a person says anything."""

    def __init__(self, data=None):
        super().__init__(data)
        policy = Policy()
        for kind in KINDS.values():
            for channel in Channel:
                choices = [(level, LEVELS[Level(level)]) for level in kind.levels]
                field = forms.ChoiceField(choices=choices, initial=policy.default(kind, channel))
                self.add(kind, channel, field)


class Narrowing(forms.Select):
    """Shows what is wider than allowed, and keeps it from being chosen."""

    def __init__(self, *, allowed):
        super().__init__()
        self.allowed = allowed

    def create_option(self, name, value, *args, **kwargs):
        option = super().create_option(name, value, *args, **kwargs)
        if WIDTH[Level(value)] > WIDTH[Level(self.allowed)]:
            option["attrs"]["disabled"] = True
        return option


@dataclass(frozen=True)
class OwnCell:
    """One choice of a person, and what the vendor leaves of it."""

    bound: Any
    allowed: str

    @property
    def withheld(self):
        return self.allowed == Level.OFF

    @property
    def narrowed(self):
        return self.allowed == Level.MINE


class ChoicesForm(GridForm):
    """A person's own choices. A forged value that is wider than allowed is refused."""

    mail_mode = forms.ChoiceField(
        label="Mails", choices=Preference.MailMode.choices, widget=forms.RadioSelect, required=False
    )
    mails = forms.BooleanField(label="Send me mails", required=False)

    def __init__(self, data=None, *, preference, effective):
        mails = preference.mails_stopped_at is None
        super().__init__(data, initial={"mail_mode": preference.mail_mode, "mails": mails})
        self.preference = preference
        self.allowed = {(e.kind.key, e.channel): e.allowed.level for e in effective}
        for one in effective:
            self.add(one.kind, Channel(one.channel), self._field(one))

    def _field(self, one):
        allowed = one.allowed.level
        wide = {level: label for level, label in OWN_LEVELS.items() if level in one.kind.levels}
        within = {level for level in wide if WIDTH[level] <= WIDTH[Level(allowed)]} | {Level(allowed)}
        field = forms.ChoiceField(
            choices=[
                (level, label) for level, label in OWN_LEVELS.items() if level in wide or level in within
            ],
            initial=one.decision.level,
            required=False,
            disabled=allowed == Level.OFF,
            widget=Narrowing(allowed=allowed),
        )
        field.validators = [_within({level.value for level in within})]
        return field

    def _cell(self, kind, channel):
        return OwnCell(super()._cell(kind, channel), self.allowed[kind.key, channel.value])

    def levels(self):
        """As much as is allowed is no choice of their own and widens with it, unless they chose it before."""
        return {
            (kind, channel): self._own(kind, channel, level)
            for (kind, channel), level in super().levels().items()
            if self.allowed[kind, channel] != Level.OFF
        }

    def _own(self, kind, channel, level):
        widest = level == self.allowed[kind, channel] and level != self.preference.chosen(kind, channel)
        return Level.ALL.value if widest else level


def _within(levels):
    def validate(value):
        if value not in levels:
            raise forms.ValidationError("That is more than you can receive here.")

    return validate


class DeliveryFilters(forms.Form):
    """What the address of the ledger says. Whatever does not fit is as if it were not there."""

    q = forms.CharField(required=False, max_length=100, strip=True)
    contact = forms.UUIDField(required=False)
    kind = forms.ChoiceField(required=False)
    outcome = forms.ChoiceField(
        required=False,
        choices=[
            ("", "Any outcome"),
            ("portal", "Told in the portal"),
            ("mailed", "Mailed"),
            ("waiting", "Mail waits"),
            ("failed", "Mail failed"),
            ("not_told", "Not told"),
        ],
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        kinds = [(kind.key, kind.label) for kind in KINDS.values()]
        self.fields["kind"] = forms.ChoiceField(required=False, choices=[("", "Any news"), *kinds])
        self.is_valid()

    @property
    def narrowed(self):
        return any(self.cleaned_data.values())
