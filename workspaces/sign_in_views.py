"""What django-allauth leaves to say: where its pages exist, and what they answer when something is over."""

import time
from functools import wraps

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.account.views import ConfirmLoginCodeView, LoginView
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse

from workspaces.access import person_view, public_view
from workspaces.sign_in import TOO_MANY


class SignInView(LoginView):
    def form_invalid(self, form):
        response = super().form_invalid(form)
        if any(TOO_MANY in errors for errors in form.errors.values()):
            return _asks_to_wait(response)
        response.status_code = 422
        return response


sign_in = public_view(SignInView.as_view())


class ConfirmCodeView(ConfirmLoginCodeView):
    """A new code is valid as long as the first was. How many tries and new codes there are counts on."""

    def _resend_form_valid(self, form):
        self._process.state["at"] = self.stage.login.initiated_at = time.time()
        return super()._resend_form_valid(form)


confirm_code = public_view(ConfirmCodeView.as_view())


@public_view
def code_is_over(request):
    """Where allauth sends a code that is used, too old, or was asked for elsewhere."""
    if not request.user.is_authenticated:
        messages.info(request, "That code is not valid any more. Ask for a new one.")
    return redirect("account_login")


@person_view
def no_place(request):
    """Signed in, but with an address for which there is nothing in this workspace."""
    if request.workspace is None:
        return redirect("workspaces")
    return render(request, "account/no_place.html")


def too_many_requests(request, exception=None):
    return _asks_to_wait(render(request, "429.html"))


def on_main_host(view):
    """Passwords, passkeys and second factors belong to the product's own host, not to a workspace's."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not request.on_main_host:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def freshly_signed_in(view):
    """How a person signs in is changed only by somebody who just did so."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not request.user.is_authenticated or _is_fresh(request):
            return view(request, *args, **kwargs)
        methods = get_adapter().get_reauthentication_methods(request.user)
        if methods:
            return redirect_to_login(request.get_full_path(), methods[0]["url"])
        logout(request)
        messages.info(request, "Sign in once more to change how you sign in.")
        return redirect_to_login(request.get_full_path(), reverse("account_login"))

    return guarded


def _is_fresh(request):
    latest = max((record["at"] for record in get_authentication_records(request, request.user)), default=0)
    return time.time() - latest < app_settings.REAUTHENTICATION_TIMEOUT


def _asks_to_wait(response):
    response.status_code = 429
    response["Retry-After"] = "60"
    return response
