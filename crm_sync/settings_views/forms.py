from django import forms
from django.core.validators import RegexValidator

from crm_sync.connectors.salesforce.ids import is_id, long_id
from crm_sync.kinds import KINDS
from crm_sync.mapping.schema import known_field
from crm_sync.models import ChangeStream, Connection, ExternalRecord, FieldMapping
from workspaces.models import Contact, Partner, Property

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

    def __init__(self, *args, connection, **kwargs):
        super().__init__(*args, **kwargs)
        self.connection = connection
        mapped = connection.mappings.values_list("prop")
        free = Property.objects.live().exclude(pk__in=mapped).exclude(type="user")
        self.fields["prop"] = forms.ModelChoiceField(free, label="Property", empty_label="Choose a property")
        choices = [("", "Choose a field"), *_field_groups(connection)]
        self.fields["field"] = forms.ChoiceField(label=f"{connection} field", choices=choices)
        self.order_fields(["prop", "field", "direction", "policy"])

    def clean(self):
        cleaned = super().clean() or {}
        prop, field = cleaned.get("prop"), cleaned.get("field")
        if prop and field and KINDS[field.partition(":")[0]].level != prop.level:
            self.add_error("field", f"{prop.label} belongs to {prop.get_level_display().lower()}s.")
        return cleaned

    def mapped(self):
        """What `map_field` is to be called with."""
        object_type, _, name = self.cleaned_data["field"].partition(":")
        return {
            "object_type": object_type,
            "field": known_field(self.connection, object_type, name),
            "prop": self.cleaned_data["prop"],
            "direction": self.cleaned_data["direction"],
            "policy": self.cleaned_data["policy"],
        }


class DirectionForm(forms.Form):
    direction = forms.ChoiceField(choices=FieldMapping.Direction)
    policy = forms.ChoiceField(choices=FieldMapping.Policy, required=False)


class LinkForm(forms.Form):
    """One partner or contact, and the record of the CRM that is the same."""

    external_id = forms.CharField(
        label="Record ID", help_text="It stands last in the address of the company or contact."
    )

    def __init__(self, *args, connection, **kwargs):
        super().__init__(*args, **kwargs)
        links = ExternalRecord.objects.filter(connection=connection)
        partners = Partner.objects.exclude(pk__in=links.exclude(partner=None).values("partner"))
        contacts = Contact.objects.exclude(pk__in=links.exclude(contact=None).values("contact"))
        contacts = contacts.select_related("partner").order_by("name")
        choices = [
            ("", "Choose one"),
            ("Partners", [(f"partner:{p.pk}", p.name) for p in partners.order_by("name")[:MOST_CHOICES]]),
            ("Contacts", [(f"contact:{c.pk}", f"{c}, {c.partner}") for c in contacts[:MOST_CHOICES]]),
        ]
        self.fields["record"] = forms.ChoiceField(label="Partner or contact", choices=choices)
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
        return {"partner": Partner, "contact": Contact}[level].objects.get(pk=pk)


def _field_groups(connection):
    mapped = set(connection.mappings.values_list("object_type", "field"))
    for object_type, known in connection.fields_known.items():
        if object_type not in KINDS:
            continue
        items = [f for f in known if (object_type, f["name"]) not in mapped]
        ordered = sorted(items, key=lambda f: f["label"].casefold())
        yield KINDS[object_type].plural, [(f"{object_type}:{f['name']}", _words(f)) for f in ordered]


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
