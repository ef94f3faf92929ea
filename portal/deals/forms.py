from django import forms

from portal.deals.models import AttributedRecord


class RecordFilters(forms.Form):
    """What the address of a partner's list says. Whatever does not fit is as if it were not there."""

    q = forms.CharField(required=False, max_length=100, strip=True)
    state = forms.ChoiceField(required=False, choices=[("", "Any state"), *AttributedRecord.Outcome.choices])
    mine = forms.BooleanField(required=False)

    def __init__(self, *args, shared, **kwargs):
        """What partners are not shown they cannot look for either."""
        super().__init__(*args, **kwargs)
        stages = [(option["value"], option["label"]) for option in shared.stages]
        self.fields["stage"] = forms.ChoiceField(required=False, choices=[("", "Any stage"), *stages])
        if not stages:
            del self.fields["stage"], self.fields["state"]
        self.is_valid()

    def narrow(self, records, *, contact):
        asked = self.cleaned_data
        if asked.get("q"):
            records = records.matching(asked["q"])
        if asked.get("stage"):
            records = records.filter(stage=asked["stage"])
        if asked.get("state"):
            records = records.filter(outcome=asked["state"])
        if asked.get("mine"):
            records = records.filter(collaborators__contact=contact)
        return records

    @property
    def narrowed(self):
        return any(self.cleaned_data.values())


class ContactForm(forms.Form):
    contact = forms.UUIDField()


class AttributionForm(forms.Form):
    """A partner, and as what."""

    partner = forms.UUIDField(required=False)
    role = forms.ChoiceField(choices=[(role, role) for role in ("partner", "distributor", "none")])


class MeaningForm(forms.Form):
    """What each stage means: a field for each, called after its position."""

    def __init__(self, prop, data=None):
        super().__init__(data, prefix="stage")
        self.prop = prop
        for at, option in enumerate(prop.options):
            self.fields[str(at)] = forms.ChoiceField(
                label=option["label"],
                choices=AttributedRecord.Outcome.choices,
                initial=option.get("outcome", AttributedRecord.Outcome.OPEN),
            )

    def options(self):
        """The property's options with what they mean now."""
        return [
            {**{key: kept for key, kept in option.items() if key != "outcome"}, **self._said(at)}
            for at, option in enumerate(self.prop.options)
        ]

    def _said(self, at):
        said = self.cleaned_data[str(at)]
        return {} if said == AttributedRecord.Outcome.OPEN else {"outcome": said}


class SharingForm(forms.Form):
    """Which properties partners are shown."""

    def __init__(self, shared, data=None):
        super().__init__(data)
        self.known = {str(prop.number): prop for prop in shared.all.values() if prop.key != "name"}
        self.fields["shown"] = forms.MultipleChoiceField(
            required=False,
            widget=forms.CheckboxSelectMultiple,
            choices=[(number, prop.label) for number, prop in self.known.items()],
            initial=[str(prop.number) for prop in shared.properties],
        )

    def properties(self):
        return [prop for number, prop in self.known.items() if number in self.cleaned_data["shown"]]
