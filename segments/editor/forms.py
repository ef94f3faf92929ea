"""The form of a segment apart from its rule, and the filters of the list."""

from django import forms
from django.db.models import Q
from django.forms.utils import ErrorDict

from segments.models import Segment

NAME_TAKEN = "Another segment is called that. Choose a name of its own."


class SegmentForm(forms.Form):
    """Tells its errors once somebody wanted to save; until then a form is just not finished."""

    name = forms.CharField(max_length=100, label="Name")
    description = forms.CharField(max_length=300, required=False, label="What it is for")
    level = forms.ChoiceField(
        choices=[("partner", "Partners"), ("contact", "Contacts")], widget=forms.RadioSelect, label="Groups"
    )
    kind = forms.ChoiceField(choices=Segment.Kind.choices, widget=forms.RadioSelect, label="Kind")

    def __init__(self, data=None, *, segment: Segment | None = None, initial: dict | None = None):
        self.segment = segment
        self.told = False
        super().__init__(data, initial=initial)
        if segment is not None:
            # Gates and other rules count on it: what a segment groups is settled when it is made.
            del self.fields["level"]

    @property
    def errors(self):
        return super().errors if self.told else ErrorDict()

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        same = Segment.objects.present().filter(Q(name__iexact=name))
        if self.segment is not None:
            same = same.exclude(pk=self.segment.pk)
        if same.exists():
            raise forms.ValidationError(NAME_TAKEN)
        return name
