"""Becoming one of the demo's people by a link. These routes exist only where PORTAL_DEMO is set."""

from functools import wraps

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from workspaces import second_factor
from workspaces.access import public_view
from workspaces.demo import BY_KEY, DEMO_PEOPLE
from workspaces.models import User

HERE = {"localhost", "127.0.0.1"}


def only_here(view):
    """On this machine, with the secret of this start; else there is nothing."""

    @wraps(view)
    def guarded(request, secret, **kwargs):
        name = request.get_host().rpartition(":")[0] or request.get_host()
        known = settings.DEMO_SECRET and constant_time_compare(secret, settings.DEMO_SECRET)
        if not (settings.DEMO and known and name in HERE):
            raise Http404
        return view(request, secret, **kwargs)

    return guarded


@public_view
@never_cache
@only_here
def people(request, secret):
    return render(request, "workspaces/person/demo_people.html", {"people": DEMO_PEOPLE, "secret": secret})


@public_view
@never_cache
@only_here
@require_http_methods(["GET", "HEAD", "POST"])
def become(request, secret, key):
    """A button on GET, so that nothing happens by following a link; the sign-in on POST."""
    person = BY_KEY.get(key)
    user = User.objects.filter(email=person.email).first() if person else None
    if person is None or user is None:
        raise Http404
    if request.method == "POST":
        get_adapter().login(request, user)
        record_authentication(request, user, second_factor.DEMO)
        UserSession.objects.create_from_request(
            request
        )  # allauth lists only those that went through its own pages
        return redirect(person.starts_at)
    return render(request, "workspaces/person/demo_become.html", {"person": person, "secret": secret})


urlpatterns = [
    path("<str:secret>/", people, name="demo_people"),
    path("<str:secret>/<slug:key>/", become, name="demo_become"),
]
