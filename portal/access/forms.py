from django import forms

from workspaces.property_types import NOT_AN_ADDRESS

NO_ADDRESSES = ("://", "www.")


class InviteForm(forms.Form):
    name = forms.CharField(max_length=100, widget=forms.TextInput({"autocomplete": "off"}))
    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        error_messages={"invalid": NOT_AN_ADDRESS},
        widget=forms.EmailInput({"autocomplete": "off", "autocapitalize": "none"}),
    )

    def clean_name(self):
        """It stands in a mail to a stranger, so it leads nowhere."""
        name = self.cleaned_data["name"]
        if any(mark in name.lower() for mark in NO_ADDRESSES):
            raise forms.ValidationError("Enter the person’s name alone.")
        return name


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=300,
        label="Why do you look?",
        help_text="Kept with your name and the time, for everybody who may open this page.",
        widget=forms.TextInput(
            {"autocomplete": "off", "placeholder": "Such as: says the price list is missing"}
        ),
    )
