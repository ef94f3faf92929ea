"""Every view says who may open it; tests/test_architecture.py finds the one that forgot.

The decorators look, open the workspace's transaction around the view, and leave `request.member` or
`request.contact` behind. Reading requests see one moment and cannot write. What is not yours is 404, what is
yours but not allowed is 403, and who is signed out is asked to sign in. Times are told on the workspace's clock.
"""

from functools import wraps

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.cache import patch_cache_control

from workspaces import people, second_factor
from workspaces.permissions import PERMISSIONS
from workspaces.tenancy import workspace_transaction

READING = {"GET", "HEAD", "OPTIONS"}


def public_view(view):
    """Open to everyone; opens no workspace."""
    return _stamped(view, view, "public")


def person_view(view):
    """For whoever is signed in; opens no workspace."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return _private(view(request, *args, **kwargs))

    return _stamped(guarded, view, "person")


def settings_view(permission, *, calls_out=False):
    """For members of the workspace's team who have the permission.

    With `calls_out` the view speaks to another system, which no transaction may wait for: the look is over
    when the view begins, and the view opens its own transactions.
    """
    if permission not in PERMISSIONS:
        raise ValueError(f"Unknown permission: {permission}")

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if (answer := _before(request)) is not None:
                return answer
            # Settings live on the main host alone, where passkeys and second factors belong to.
            if not request.on_main_host:
                raise Http404
            with _transaction(request):
                request.member = people.team_member(request.user)
                if request.member is None:
                    raise Http404
                if second_factor.is_missing(request):
                    return second_factor.ask(request)
                if not request.member.may(permission):
                    raise PermissionDenied
                if request.member.joined_at and not calls_out:
                    return _answer(view, request, *args, **kwargs)
            if request.member.joined_at is None:
                people.join_team(request.member, request.workspace)
                return guarded(request, *args, **kwargs)
            return _answer(view, request, *args, **kwargs)

        return _stamped(guarded, view, f"settings:{permission}")

    return decorate


def partner_view(view):
    """For the contacts of the workspace's partners."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        if (answer := _before(request)) is not None:
            return answer
        for _ in range(2):
            with _transaction(request):
                request.contacts = list(_contacts_of(request.user))
                request.contact = people.chosen_among(request.contacts, request.session, request.workspace)
                if request.contact is not None:
                    return _answer(view, request, *args, **kwargs)
            # The first visit of a person whose proved address stands among this workspace's contacts.
            with workspace_transaction(request.workspace):
                if not people.bind_contacts(request.user, request.workspace):
                    return _not_a_contact(request)
        raise Http404

    return _stamped(guarded, view, "partner")


def _before(request):
    if request.workspace is None:
        if request.path_info == "/" and request.on_main_host:
            return redirect("workspaces")
        raise Http404
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
    return None


def _contacts_of(user):
    """With what the portal's frame says about the person, so that no page asks again."""
    return people.contacts_of(user).annotate(places=people.PlacesOf("user_id"))


def _transaction(request):
    return workspace_transaction(request.workspace, snapshot=request.method in READING)


def _answer(view, request, *args, **kwargs):
    with timezone.override(request.workspace.zone):
        return _private(view(request, *args, **kwargs))


def _not_a_contact(request):
    """The team has no portal of its own; it goes where it works. Strangers learn nothing."""
    if request.method in READING and people.team_member(request.user) and request.path_info == "/":
        return redirect("settings:home")
    raise Http404


def _private(response):
    patch_cache_control(response, private=True, no_store=True)
    return response


def _stamped(guarded, view, access):
    guarded.access = access
    guarded.guards = f"{view.__module__}.{view.__qualname__}"
    return guarded
