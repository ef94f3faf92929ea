"""What the wizard asks for, one form for each way."""

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator

from crm_sync.connectors.salesforce import hosts
from crm_sync.settings_views.forms import SecretInput

DIGITS = RegexValidator(r"^\d{1,20}\Z", "This is a number, as HubSpot shows it.")


class HubSpotKey(forms.Form):
    token = forms.CharField(
        label="Service key",
        widget=SecretInput,
        help_text="Settings, Integrations, Service keys. Begins with pat-.",
    )


class HubSpotToken(forms.Form):
    app = forms.CharField(
        label="App ID", validators=[DIGITS], help_text="On the app's page in HubSpot, under Auth."
    )
    token = forms.CharField(label="Access token", widget=SecretInput, help_text="Begins with pat-.")
    secret = forms.CharField(
        label="Client secret",
        widget=SecretInput,
        help_text="HubSpot signs its webhooks with it; nothing unsigned is let in.",
    )


class HubSpotApp(forms.Form):
    app = forms.CharField(
        label="App ID", validators=[DIGITS], help_text="On the app's page in HubSpot, under Auth."
    )
    client_id = forms.CharField(label="Client ID", max_length=255)
    client_secret = forms.CharField(
        label="Client secret",
        widget=SecretInput,
        help_text="HubSpot also signs its webhooks with it; nothing unsigned is let in.",
    )


class SalesforceApp(forms.Form):
    address = forms.CharField(
        label="My Domain",
        max_length=255,
        help_text="Such as acme.my.salesforce.com; Setup, My Domain shows it.",
    )
    client_id = forms.CharField(label="Consumer key", max_length=255)
    client_secret = forms.CharField(label="Consumer secret", widget=SecretInput)

    def clean_address(self):
        try:
            return hosts.my_domain(self.cleaned_data["address"], also=settings.SALESFORCE_STANDIN_URL)
        except hosts.ForeignHost as error:
            text = "This is not an address of Salesforce’s. It ends in .salesforce.com."
            raise forms.ValidationError(text) from error


FORMS: dict[str, type[forms.Form]] = {
    "hubspot-app": HubSpotApp,
    "hubspot-token": HubSpotToken,
    "hubspot-key": HubSpotKey,
    "salesforce-app": SalesforceApp,
    "salesforce-secret": SalesforceApp,
}
