from django import forms
from django.core.validators import RegexValidator

from crm_sync.connectors.salesforce.ids import is_id, long_id
from crm_sync.kinds import KINDS, kind_of_level
from crm_sync.mapping import codec, sampling
from crm_sync.mapping.schema import known_field
from crm_sync.models import ChangeStream, Connection, ExternalRecord, FieldMapping
from portal.deals.models import AttributedRecord
from workspaces.models import Contact, Partner, Property, TeamMember

DIGITS = RegexValidator(r"^\d{1,20}\Z", "This is a number, as HubSpot shows it.")
MOST_CHOICES = 1000


class SecretInput(forms.PasswordInput):
    """Never printed back into a page, and no password manager's business."""

    def __init__(self):
        super().__init__(attrs={"autocomplete": "off", "data-1p-ignore": True}, render_value=False)


class MappingForm(forms.Form):
    """One more property, and the field of the CRM that holds the same."""

    direction = forms.ChoiceField(choices=FieldMapping.Direction, initial="both")
    policy = forms.ChoiceField(
        label="Where both sides changed",
        choices=FieldMapping.Policy,
        initial="crm",
        required=False,
        help_text="Whose value is kept. Both are shown under Conflicts either way.",
    )

    def __init__(self, *args, connection, object_type, **kwargs):
        super().__init__(*args, **kwargs)
        self.connection, self.kind = connection, KINDS[object_type]
        mapped = connection.mappings.values_list("prop")
        free = Property.objects.live().filter(level=self.kind.level).exclude(pk__in=mapped)
        free = free.select_related("workspace")
        self.fields["prop"] = forms.ModelChoiceField(free, label="Property", empty_label="Choose a property")
        choices = [("", "Choose a field"), *_fields(connection, object_type)]
        self.fields["field"] = forms.ChoiceField(label=f"{connection} field", choices=choices)
        self.order_fields(["prop", "field", "direction", "policy"])

    def tried(self, looked):
        """How the values that were looked at would come in: what is wrong with the pair, and the values."""
        chosen, object_type = self.mapped(), self.kind.object_type
        made = sampling.trial(self.connection, object_type, self.cleaned_data["field"], chosen["prop"])
        records = looked.records if looked else []
        currency = self.connection.workspace.currency
        found = sampling.check(made, records, currency=currency) if made else None
        return {"reason": codec.misfit(made, chosen["field"]) if made else "", "check": found}

    def mapped(self):
        """What `map_field` is to be called with."""
        name = self.cleaned_data["field"]
        return {
            "object_type": self.kind.object_type,
            "field": known_field(self.connection, self.kind.object_type, name),
            "prop": self.cleaned_data["prop"],
            "direction": self.cleaned_data["direction"],
            "policy": self.cleaned_data["policy"],
        }


class DirectionForm(forms.Form):
    direction = forms.ChoiceField(choices=FieldMapping.Direction)
    policy = forms.ChoiceField(choices=FieldMapping.Policy, required=False)


class OptionsForm(forms.Form):
    """The CRM's options, and for each which of ours it is; "-": it is not taken over."""

    def __init__(self, *args, mapping, field, **kwargs):
        super().__init__(*args, **kwargs)
        self.mapping = mapping
        self.offered = [option for option in field.options if option.value]
        ours = [(o["value"], o["label"]) for o in mapping.prop.options]
        known = {value for value, _ in ours}
        for at, option in enumerate(self.offered):
            held = mapping.options.get(option.value, option.value)
            own = [] if option.value in known else [(option.value, f"A new option: {option.label}")]
            out = [] if mapping.prop.type == "multi_choice" else [("-", "Not taken over")]
            self.fields[str(at)] = forms.ChoiceField(
                label=option.label, choices=[*own, *ours, *out], initial=held or "-"
            )

    def rows(self):
        return [(option, self[str(at)]) for at, option in enumerate(self.offered)]

    def matched(self):
        said = {option.value: self.cleaned_data[str(at)] for at, option in enumerate(self.offered)}
        return {theirs: "" if ours == "-" else ours for theirs, ours in said.items()}


class PersonForm(forms.Form):
    """A member of the team, or nobody."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["member"] = forms.ModelChoiceField(TeamMember.objects.all(), required=False)


class LinkForm(forms.Form):
    """One record of ours, and the record of the CRM that is the same."""

    external_id = forms.CharField(
        label="Record ID", help_text="It stands last in the address of the record over there."
    )

    def __init__(self, *args, connection, **kwargs):
        super().__init__(*args, **kwargs)
        links = ExternalRecord.objects.filter(connection=connection)
        partners = Partner.objects.exclude(pk__in=links.exclude(partner=None).values("partner"))
        contacts = Contact.objects.exclude(pk__in=links.exclude(contact=None).values("contact"))
        contacts = contacts.select_related("partner").order_by("name")
        attributed = AttributedRecord.objects.live().exclude(
            pk__in=links.exclude(attributed=None).values("attributed")
        )
        attributed = attributed.select_related("partner").order_by("level", "name")[:MOST_CHOICES]
        choices = [
            ("", "Choose one"),
            ("Partners", [(f"partner:{p.pk}", p.name) for p in partners.order_by("name")[:MOST_CHOICES]]),
            ("Contacts", [(f"contact:{c.pk}", f"{c}, {c.partner}") for c in contacts[:MOST_CHOICES]]),
            ("Deals and leads", [(f"{a.level}:{a.pk}", f"{a}, {a.partner}") for a in attributed]),
        ]
        self.fields["record"] = forms.ChoiceField(label="Record of the portal", choices=choices)
        self.fields["external_id"].label = f"Record ID in {connection}"
        self.salesforce = connection.provider == connection.Provider.SALESFORCE
        self.order_fields(["record", "external_id"])

    def clean_external_id(self):
        text = self.cleaned_data["external_id"].strip()
        if not self.salesforce:
            DIGITS(text)
        elif not is_id(text):
            raise forms.ValidationError("This is 15 or 18 letters and digits, as Salesforce shows it.")
        return long_id(text) if self.salesforce else text

    def chosen(self):
        level, _, pk = self.cleaned_data["record"].partition(":")
        return kind_of_level(level).rows().get(pk=pk)


def _fields(connection, object_type):
    mapped = set(connection.mappings.filter(object_type=object_type).values_list("field", flat=True))
    known = [f for f in connection.fields_known.get(object_type, []) if f["name"] not in mapped]
    free = [f for f in known if f["type"] != "association"]
    return [(f["name"], _words(f)) for f in sorted(free, key=lambda f: f["label"].casefold())]


def _words(field):
    return f"{field['label']} (can only come in)" if field["read_only"] else field["label"]


class StreamForm(forms.ModelForm):
    """What to listen to, where a CRM streams its changes."""

    class Meta:
        model = ChangeStream
        fields = ["channel"]
        help_texts = {
            "channel": "Another one only if somebody made it for the portal, such as /data/Portal__chn."
        }

    @classmethod
    def of(cls, connection):
        """None where a CRM does not stream."""
        if connection.provider != Connection.Provider.SALESFORCE:
            return None
        stream = ChangeStream.objects.filter(connection=connection).first()
        return cls(instance=stream or ChangeStream())
