from django import forms

from workspaces import team
from workspaces.models import TeamMember
from workspaces.property_types import NOT_AN_ADDRESS


class AccessForm(forms.Form):
    def __init__(self, *args, giver, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["access"] = forms.ChoiceField(label="Access", choices=team.accesses_to_give(giver))


class InvitationForm(AccessForm):
    email = forms.EmailField(
        label="E-mail",
        error_messages={"invalid": NOT_AN_ADDRESS},
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(label="Name", max_length=150, required=False)

    field_order = ("email", "name", "access")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["access"].initial = TeamMember.Access.MANAGER


class SecondFactorForm(forms.Form):
    required = forms.BooleanField(label="Ask everybody on the team for a second factor", required=False)
