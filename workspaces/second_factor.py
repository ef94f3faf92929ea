"""Settings ask for what the workspace's policy and the person's own second factor demand."""

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.dispatch import receiver
from django.shortcuts import redirect
from django.urls import reverse

# Recovery codes stand in for these and are none themselves.
KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
# How allauth records a second factor in the session, and how a sign-in of the demo is recorded.
GIVEN = "mfa"
DEMO = "demo"


def is_missing(request):
    """Whether this session was signed in with less than the workspace or the person asks for."""
    enrolled = _enrolled_kinds(request.user)
    if settings.DEMO and DEMO in _methods(request):
        return False
    if not enrolled:
        return request.workspace.second_factor_required
    return not is_given(request)


def is_given(request):
    return GIVEN in _methods(request) and bool(_enrolled_kinds(request.user))


def ask(request):
    """To the page where the second factor is given, or first set up."""
    kinds = _enrolled_kinds(request.user)
    if not kinds:
        messages.info(
            request, f"{request.workspace.name} asks its team for a second factor. Set one up to go on."
        )
        return redirect("mfa_index")
    page = "mfa_reauthenticate" if Authenticator.Type.TOTP in kinds else "mfa_reauthenticate_webauthn"
    return redirect_to_login(request.get_full_path(), reverse(page))


def enrolled_among(user_ids):
    """Which of these persons have a second factor."""
    found = Authenticator.objects.filter(user__in=user_ids, type__in=KINDS)
    return set(found.values_list("user_id", flat=True))


@receiver(authenticator_added)
def setting_up_is_giving(request, user, authenticator, **_):
    """Who has just shown a new second factor is not asked for it again at once."""
    if authenticator.type in KINDS:
        shown = {"id": authenticator.pk, "type": authenticator.type, "reauthenticated": True}
        record_authentication(request, user, GIVEN, **shown)


def _enrolled_kinds(user):
    return set(Authenticator.objects.filter(user=user, type__in=KINDS).values_list("type", flat=True))


def _methods(request):
    return {record.get("method") for record in get_authentication_records(request, request.user)}
