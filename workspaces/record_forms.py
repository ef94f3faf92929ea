"""One form for any list of properties: typed inputs from the properties, values for set_properties out of it."""

import datetime as dt

from django import forms
from django.utils.html import format_html

from workspaces.display import Display
from workspaces.levels import LEVELS
from workspaces.models import TeamMember
from workspaces.property_types import Invalid, clean

CURRENCIES = (
    *("EUR", "USD", "GBP", "CHF", "AUD", "BRL", "CAD", "CNY", "CZK", "DKK", "HUF", "INR", "JPY", "MXN"),
    *("NOK", "NZD", "PLN", "RON", "SEK", "SGD", "TRY", "ZAR"),
)


class PropertyForm(forms.Form):
    """Fields for properties, filled from a record (None for a new one). A field that was not sent, or was sent
    as it stands, is not in `values()`: nobody overwrites what they did not touch."""

    def __init__(self, properties, record=None, data=None, prefix=""):
        super().__init__(data, prefix=prefix or None)
        self.record = record
        self.props = {prop.key: prop for prop in properties}
        self._team = None
        for prop in self.props.values():
            raw = record.value(prop) if record else None
            self.fields[prop.key] = PropertyField(prop, raw, team=self._members)
            self.initial[prop.key] = typed(prop, raw)

    def values(self):
        """Property key → value, of what was sent and differs from the record."""
        return {
            key: value
            for key, value in self.cleaned_data.items()
            if self._was_sent(key) and (self.record is None or key in self.changed_data)
        }

    def add_property_errors(self, error):
        """Puts a PropertyErrors beside the fields that it speaks of."""
        for key, message in error.errors.items():
            if key not in self.fields or not self.has_error(key):
                self.add_error(key if key in self.fields else None, message)

    def show_what_is_saved(self, zone):
        """After somebody else's change: says beside each field that differs what stands in the record now."""
        display = Display(zone)
        for key in self.changed_data:
            prop = self.props[key]
            now = display.text(prop, self.record.value(prop)) or "nothing"
            self[key].help_text = f"Saved now: {now}"

    def clean(self):
        untouched = [k for k in self.fields if not self._was_sent(k) or k not in self.changed_data]
        for key in untouched:
            # What stands there may no longer be allowed, such as an option that is gone. It may stay.
            if self.record is not None and key in self.errors:
                del self.errors[key]
        return self.cleaned_data

    def _was_sent(self, key):
        widget = self.fields[key].widget
        return not widget.value_omitted_from_data(self.data, self.files, self.add_prefix(key))

    def _members(self):
        if self._team is None:
            members = TeamMember.objects.by_name()
            self._team = [(str(member.pk), str(member)) for member in members]
        return self._team


class PropertyField(forms.Field):
    """A value of one property, validated by its type alone (workspaces.property_types)."""

    def __init__(self, prop, raw, *, team):
        self.prop = prop
        required = prop.key in LEVELS[prop.level].required
        hint = prop.help_text
        super().__init__(
            required=required, label=prop.label, help_text=hint, widget=widget_for(prop, raw, team=team)
        )
        # Said by us, in the page; a browser's own bubble would hide the other faults.
        self.widget.is_required = False

    def clean(self, value):
        try:
            raw = clean(self.prop, value)
        except Invalid as error:
            raise forms.ValidationError(str(error)) from error
        if raw is None and self.required:
            raise forms.ValidationError(f"{self.prop.label} is needed.")
        return raw

    def has_changed(self, initial, data):
        return _comparable(initial) != _comparable(data)


def typed(prop, raw):
    """A raw value as its input takes it."""
    if raw is None:
        return ""
    match prop.type:
        case "boolean":
            return "true" if raw else "false"
        case "datetime":
            moment = dt.datetime.fromisoformat(raw).astimezone(prop.workspace.zone)
            return f"{moment.year:04}-{moment:%m-%dT%H:%M}"
        case _:
            return raw


def widget_for(prop, raw, *, team):
    match prop.type:
        case "choice":
            return forms.Select(choices=[("", "–"), *_options(prop, [raw] if raw else [])])
        case "multi_choice":
            return SeveralOptions(choices=_options(prop, raw or []))
        case "boolean":
            return forms.RadioSelect(choices=[("true", "Yes"), ("false", "No"), ("", "Not set")])
        case "user":
            gone = [(raw, "Somebody who left the team")] if raw and raw not in dict(team()) else []
            return forms.Select(choices=[("", "–"), *team(), *gone])
        case "money":
            return Money(prop.workspace.currency, raw)
        case "date":
            return forms.TextInput({"type": "date"})
        case "datetime":
            return forms.TextInput({"type": "datetime-local"})
        case "long_text":
            return forms.Textarea({"rows": 4})
        case _:
            return forms.TextInput(_KEYBOARDS.get(prop.type, {}))


class SeveralOptions(forms.CheckboxSelectMultiple):
    """Checkboxes with a hidden empty value, so that none ticked differs from not sent."""

    def render(self, name, value, attrs=None, renderer=None):
        boxes = super().render(name, value, attrs, renderer)
        return format_html('<input type="hidden" name="{}" value="">{}', name, boxes)

    def value_omitted_from_data(self, data, files, name):
        return name not in data


class Money(forms.MultiWidget):
    """An amount and its currency, one control to the eye."""

    def __init__(self, currency, raw):
        own = [raw["currency"]] if raw else []
        names = list(dict.fromkeys([*own, currency, *CURRENCIES]))
        amount = forms.TextInput({"inputmode": "decimal", "aria-label": "Amount"})
        choice = forms.Select({"aria-label": "Currency"}, choices=[(name, name) for name in names])
        super().__init__({"": amount, "currency": choice})

    def render(self, name, value, attrs=None, renderer=None):
        return format_html('<div class="joined">{}</div>', super().render(name, value, attrs, renderer))

    def decompress(self, value):
        return [value["amount"], value["currency"]] if value else ["", None]

    def value_from_datadict(self, data, files, name):
        amount, currency = super().value_from_datadict(data, files, name)
        return {"amount": amount.strip(), "currency": currency} if amount and amount.strip() else None


_KEYBOARDS = {
    "number": {"inputmode": "decimal"},
    "url": {"inputmode": "url", "autocapitalize": "none"},
    "email": {"type": "email"},
    "phone": {"type": "tel"},
}


def _options(prop, held):
    """The options, and what the record holds of those that are gone."""
    known = [(option["value"], option["label"]) for option in prop.options]
    return known + [(value, f"{value} (no longer an option)") for value in held if value not in dict(known)]


def _comparable(value):
    if isinstance(value, (list, tuple, set)):
        return sorted(v for v in value if v)
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip()
    return value or ""
