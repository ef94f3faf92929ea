from django import forms

from portal.experiences.models import Experience, Section, Tab
from portal.experiences.sections import KINDS


class ExperienceForm(forms.ModelForm):
    class Meta:
        model = Experience
        fields = ["name"]
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "off"})}

    def clean_name(self):
        name = self.cleaned_data["name"]
        if Experience.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("There is an experience with this name already.")
        return name


class TabForm(forms.ModelForm):
    class Meta:
        model = Tab
        fields = ["title"]
        widgets = {"title": forms.TextInput(attrs={"autocomplete": "off"})}


class SectionForm(forms.ModelForm):
    class Meta:
        model = Section
        fields = ["title", "body"]
        labels = {"body": "Text"}
        help_texts = {"body": "Markdown: # heading, **bold**, - list, [link](https://example.com)."}
        widgets = {
            "title": forms.TextInput(attrs={"autocomplete": "off"}),
            "body": forms.Textarea(attrs={"rows": 12}),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not KINDS[self.instance.kind].written:
            del self.fields["body"]


class NewSectionForm(forms.Form):
    kind = forms.ChoiceField(choices=[(kind.key, kind.label) for kind in KINDS.values()])


class MoveForm(forms.Form):
    """One place earlier or later by a button, or several by dragging."""

    places = forms.IntegerField(min_value=-200, max_value=200)
