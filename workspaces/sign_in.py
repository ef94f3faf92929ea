"""Signing in, as django-allauth's adapters and form: by a mailed code, or by password and passkey on the main host.

Nobody signs up. Whoever asks learns nothing about an address: known, unknown and suspended ones get the same
page. On a workspace's page a contact becomes a person when a code is asked for, and is bound when it comes back.
"""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm, ResetPasswordForm
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpResponseRedirect
from django.urls import get_script_prefix, reverse

from workspaces import mailing, people, sessions, vault
from workspaces.property_types import NOT_AN_ADDRESS
from workspaces.tenancy import workspace_transaction

WAYS = {
    "reauthenticate": "Use your password",
    "mfa_reauthenticate": "Use a code from your app, or a recovery code",
    "mfa_reauthenticate:webauthn": "Use a passkey or security key",
}
TOO_MANY = "Too many tries. Wait a minute, then try again."
CODE_SENT = (
    "account/messages/login_code_sent.txt"  # where it was asked for once more: the page looks as before
)
# What the page itself says already.
UNSAID = {
    "account/messages/logged_in.txt",
    "account/messages/email_confirmed.txt",
    "account/messages/logged_out.txt",
    "mfa/messages/recovery_codes_generated.txt",
}


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "The e-mail and the password do not belong together. Check both, or leave the "
        "password empty to get a code.",
        "too_many_login_attempts": TOO_MANY,
        "rate_limited": TOO_MANY,
        "incorrect_code": "This is not the code. Check the newest e-mail.",
        "incorrect_password": "This is not your password.",
    }

    def is_open_for_signup(self, request):
        return False

    def add_message(self, request, level, message_template=None, *args, **kwargs):
        is_first_code = message_template == CODE_SENT and request.POST.get("action") != "resend"
        if message_template not in UNSAID and not is_first_code:
            super().add_message(request, level, message_template, *args, **kwargs)

    def send_mail(self, template_prefix, email, context):
        mailing.send(template_prefix, email, context, workspace=self.request.workspace)

    def post_login(self, request, user, **kwargs):
        if request.workspace is None:
            return super().post_login(request, user, **kwargs)
        with workspace_transaction(request.workspace):
            people.bind_contacts(user, request.workspace)
            place = people.place_of(user)
        response = super().post_login(request, user, **kwargs)
        return response if place else HttpResponseRedirect(reverse("no_place"))

    def get_reauthentication_methods(self, user):
        """The page for codes is no help to who has only passkeys; recovery codes are for emergencies."""
        ways = super().get_reauthentication_methods(user)
        if user.is_authenticated and not is_mfa_enabled(user, [Authenticator.Type.TOTP]):
            ways.sort(key=lambda way: way["id"] == "mfa_reauthenticate")
        return [{**way, "description": WAYS[way["id"]]} for way in ways]

    def get_login_redirect_url(self, request):
        if request.workspace is None:
            return reverse("workspaces")
        with workspace_transaction(request.workspace, snapshot=True):
            place = people.place_of(request.user)
        if place == "team" and request.on_main_host:
            return reverse("settings:home")
        return get_script_prefix() if place == "partner" else reverse("no_place")

    def get_password_change_redirect_url(self, request):
        return reverse("you")

    def get_logout_redirect_url(self, request):
        return reverse("account_login")


class SignInForm(LoginForm):
    """An address is enough: without a password a code is mailed."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        address = self.fields["login"]
        address.label = "E-mail"
        address.error_messages["invalid"] = NOT_AN_ADDRESS
        address.widget.attrs = {"type": "email", "autocomplete": "username", "autofocus": True}
        if self.request.on_main_host:
            self.fields["password"].required = False
            self.fields["password"].help_text = ""
            self.fields["password"].widget.attrs = {"autocomplete": "current-password"}
        else:
            # Whoever runs the domain could read what is typed there: a code is worth nothing elsewhere.
            del self.fields["password"]

    def _setup_password_field(self):
        """allauth would take the field away, since nobody signs up with a password."""

    def _clean_without_password(self, email, phone):
        sessions.keep_to_this_host(self.request)
        if email and self.request.workspace:
            with workspace_transaction(self.request.workspace):
                people.expect_contact(email)
        return super()._clean_without_password(email, phone)

    def _login_with_password(self, request, redirect_url, credentials):
        response = super()._login_with_password(request, redirect_url, credentials)
        if request.user.is_authenticated:
            sessions.begin(request)  # allauth would let use push the end away
        return response


class NewPasswordForm(ResetPasswordForm):
    """Asks for a link to set a new password; what is wrong is said as at the sign-in."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["email"].error_messages["invalid"] = NOT_AN_ADDRESS


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This is not the code that belongs here. Wait for the next one and try again.",
        "unverified_email": "Sign in by a mailed code once; then you can set up a second factor.",
    }

    def encrypt(self, text):
        return vault.sealed(text, purpose="second factor")

    def decrypt(self, encrypted_text):
        return vault.opened(encrypted_text, purpose="second factor")

    def _get_site_name(self):
        return "Partner portal"

    def generate_authenticator_name(self, user, type):
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return f"Passkey {count + 1}"
