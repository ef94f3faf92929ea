"""Every way in, spelled out. What allauth also offers (signing up, changing the address) has no route."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.usersessions import views as usersessions
from django.urls import path, re_path

from workspaces import person_views as person
from workspaces.beat import on_the_beat
from workspaces.sign_in_views import (
    code_is_over,
    confirm_code,
    freshly_signed_in,
    no_place,
    on_main_host,
    sign_in,
)


def guarded(view):
    return on_main_host(freshly_signed_in(view))


urlpatterns = [
    path("login/", on_the_beat(sign_in), name="account_login"),
    path("login/code/", code_is_over, name="account_request_login_code"),
    path("login/code/confirm/", on_the_beat(confirm_code), name="account_confirm_login_code"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("nothing-here/", no_place, name="no_place"),
    path("you/", person.you, name="you"),
    path("sessions/", usersessions.list_usersessions, name="usersessions_list"),
    path("reauthenticate/", on_main_host(account.reauthenticate), name="account_reauthenticate"),
    path("password/change/", guarded(account.password_change), name="account_change_password"),
    path("password/set/", guarded(account.password_set), name="account_set_password"),
    path(
        "password/reset/",
        on_the_beat(on_main_host(account.password_reset)),
        name="account_reset_password",
    ),
    path(
        "password/reset/done/",
        on_main_host(account.password_reset_done),
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        on_main_host(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        on_main_host(account.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    path("2fa/", on_main_host(mfa.index), name="mfa_index"),
    # Also at a workspace's own domain: whoever has a second factor is asked for it everywhere.
    path("2fa/authenticate/", mfa.authenticate, name="mfa_authenticate"),
    path("2fa/reauthenticate/", on_main_host(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("2fa/totp/activate/", guarded(totp.activate_totp), name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", guarded(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path(
        "2fa/recovery-codes/",
        on_main_host(recovery_codes.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/generate/",
        guarded(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path("2fa/passkeys/", on_main_host(webauthn.list_webauthn), name="mfa_list_webauthn"),
    path("2fa/passkeys/add/", guarded(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path("2fa/passkeys/login/", on_main_host(webauthn.login_webauthn), name="mfa_login_webauthn"),
    path(
        "2fa/passkeys/reauthenticate/",
        on_main_host(webauthn.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path("2fa/passkeys/<int:pk>/remove/", guarded(webauthn.remove_webauthn), name="mfa_remove_webauthn"),
    path("2fa/passkeys/<int:pk>/edit/", guarded(webauthn.edit_webauthn), name="mfa_edit_webauthn"),
]
