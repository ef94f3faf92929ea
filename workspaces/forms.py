"""Forms of partners, contacts, properties and the portal; values of properties have workspaces.record_forms."""

import re
import zoneinfo

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from workspaces.models import Property, TeamMember, Workspace
from workspaces.options import key_from
from workspaces.record_forms import CURRENCIES

# Names of forms that hold properties' values (portal/profile), and what money's currency is called in them.
RESERVED_KEYS = {"confirmed", "csrfmiddlewaretoken", "next"}
CURRENCY_OF = "_currency"
DEFAULTS = ("contacts_invite", "collaboration_restricted")
HOST = re.compile(r"(?!-)(?:[a-z0-9-]{1,63}(?<!-)\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\Z")


class OwnerForm(forms.Form):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        team = TeamMember.objects.by_name()
        wrong = {"invalid_choice": "Choose a member of the team."}
        self.fields["owner"] = forms.ModelChoiceField(
            team, required=False, empty_label="Nobody", error_messages=wrong
        )


class PropertyDetailsForm(forms.ModelForm):
    """What a property is called and who edits it. Its key is for good; so is its type once values exist."""

    class Meta:
        model = Property
        fields = ["label", "type", "help_text", "read_only"]
        labels = {"label": "Name", "help_text": "Help", "read_only": "Partners can never edit it"}
        help_texts = {
            "help_text": "Stands under the field, for the team and for partners.",
            "read_only": "It stays visible where you show it. Only your team and the CRM change it.",
        }

    def __init__(self, *args, fixed_type=False, **kwargs):
        super().__init__(*args, **kwargs)
        if fixed_type:
            del self.fields["type"]
        else:
            self.fields["type"] = forms.ChoiceField(choices=Property.Type.choices)  # one of them, never none


class NewPropertyForm(PropertyDetailsForm):
    key = forms.CharField(
        max_length=60,
        required=False,
        help_text="For imports and the API. Left blank, it is made from the name; it cannot change later.",
        widget=forms.TextInput({"autocapitalize": "none", "spellcheck": "false", "class": "mono"}),
    )

    class Meta(PropertyDetailsForm.Meta):
        fields = ["label", "key", "type", "help_text", "read_only"]

    def __init__(self, *args, level, **kwargs):
        super().__init__(*args, **kwargs)
        self.instance.level = level

    def clean(self):
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        taken = set(Property.objects.filter(level=self.instance.level).values_list("key", flat=True))
        reserved = RESERVED_KEYS | _clashing_with(taken)
        key = cleaned.get("key") or key_from(cleaned["label"], taken=taken | reserved)
        if key in reserved - taken:
            self.add_error("key", "The portal's forms use this key themselves. Choose another.")
        if key in taken:
            self.add_error("key", "Another property has this key, maybe an archived one. Choose another.")
        try:
            Property._meta.get_field("key").run_validators(key)
        except ValidationError as error:
            self.add_error("key", error)
        return {**cleaned, "key": key}


def _clashing_with(keys):
    """Beside an amount stands its currency: "fee" and "fee_currency" would be one field of a form."""
    stems = {key.removesuffix(CURRENCY_OF) for key in keys if key.endswith(CURRENCY_OF)}
    return stems | {key + CURRENCY_OF for key in keys}


class PortalForm(forms.ModelForm):
    """How the portal looks and where it is found."""

    class Meta:
        model = Workspace
        fields = [
            *("name", "brand_color", "time_zone", "week_starts", "fiscal_year_starts", "currency", "domain"),
            *DEFAULTS,
        ]
        labels = {
            "brand_color": "Brand colour",
            "domain": "Own address",
            "week_starts": "Weeks begin on",
            "fiscal_year_starts": "Fiscal years begin in",
            "contacts_invite": "Contacts may invite colleagues",
            "collaboration_restricted": "Contacts see only what they collaborate on",
        }
        help_texts = {
            "name": "Partners read it in the portal’s header and in mails.",
            "brand_color": "Any colour works: its lightness is adjusted until text on it can be read.",
            "time_zone": "Days begin and end by it: in conditions, reminders and reports.",
            "currency": "What new amounts start with.",
            "contacts_invite": "Where no segment or role of theirs allows or denies it.",
            "collaboration_restricted": "Quotes they made or were added to, not all of their company’s. "
            "Off, only the segments and roles that say so restrict their people.",
            "domain": "Such as partners.example.com. Let it point here first; the portal then answers to it.",
        }
        widgets = {"brand_color": forms.TextInput({"type": "color"})}
        error_messages = {"domain": {"unique": "Another workspace uses this address."}}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        zones = sorted({self.instance.time_zone, *zoneinfo.available_timezones()})
        shown = [(zone, zone.replace("_", " ")) for zone in zones if "/" in zone or zone == "UTC"]
        self.fields["time_zone"].widget = forms.Select(choices=shown)
        names = dict.fromkeys([self.instance.currency, *sorted(CURRENCIES)])
        self.fields["currency"].widget = forms.Select(choices=[(name, name) for name in names])

    def clean_currency(self):
        currency = self.cleaned_data["currency"]
        if currency not in {self.instance.currency, *CURRENCIES}:
            raise ValidationError("Choose one of the currencies.")
        return currency

    def clean_domain(self):
        domain = (self.cleaned_data["domain"] or "").strip().lower().removeprefix("https://").rstrip("/.")
        if not domain:
            return None
        if not HOST.match(domain):
            raise ValidationError("Enter a host name alone, such as partners.example.com.")
        if domain in {host.partition(":")[0] for host in settings.MAIN_HOSTS}:
            raise ValidationError("This is the product’s own address. Choose one of yours.")
        return domain
