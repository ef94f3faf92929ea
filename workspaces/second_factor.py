"""Settings ask for what the workspace's policy and the person's own second factor demand."""

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import redirect
from django.urls import reverse


def is_missing(request):
    """Whether this session was signed in with less than the workspace or the person asks for."""
    enrolled = Authenticator.objects.filter(
        user=request.user, type__in=[Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    ).exists()
    if not enrolled:
        return request.workspace.second_factor_required
    methods = {record.get("method") for record in get_authentication_records(request)}
    return "mfa" not in methods


def ask(request):
    """To the page where the second factor is given, or first set up."""
    if Authenticator.objects.filter(user=request.user).exists():
        return redirect_to_login(request.get_full_path(), reverse("mfa_reauthenticate"))
    return redirect("mfa_index")
