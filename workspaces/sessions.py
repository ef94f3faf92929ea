"""How long a sign-in lasts, and where.

A session belongs to the host that began it: whoever runs a workspace's own domain sees the cookies sent there,
and must not become that person at other workspaces with them.
"""

import time
from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.utils import timezone

from workspaces import people
from workspaces.tenancy import workspace_transaction

HOST = "host"
SEEN = "seen"
SETTINGS_SEEN = "settings_seen"
# A sign of life is written down this often at most, so that reading a page is not writing a row.
WRITE_EVERY = 600


def keep_to_this_host(request):
    request.session[HOST] = request.get_host()


def is_of_another_host(request):
    return request.session.get(HOST, request.get_host()) != request.get_host()


@receiver(user_logged_in)
def begin(request, **_):
    """The end is fixed now: use does not push it away."""
    request.session.set_expiry(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE))
    request.session[SEEN] = request.session[SETTINGS_SEEN] = int(time.time())
    if "HTTP_HOST" in request.META:  # a test's sign-in has no request behind it
        keep_to_this_host(request)


@receiver(user_logged_in)
def note_contacts(request, user, **_):
    """Signing in at a workspace is a visit."""
    workspace = getattr(request, "workspace", None)
    if workspace is None:
        return
    with workspace_transaction(workspace):
        contacts = list(people.contacts_of(user))
    for contact in contacts:
        people.note_visit(contact, workspace)


class OneHostMiddleware:
    """At another host the session is as unknown as if it did not exist, codes that were asked for included."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if settings.SESSION_COOKIE_NAME in request.COOKIES and is_of_another_host(request):
            request.session = type(request.session)()
        return self.get_response(request)


class IdleMiddleware:
    """Signs out who was away too long, and notes who is here."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if SESSION_KEY in request.session:
            in_settings = request.path_info.startswith("/settings/")
            if _away_too_long(request.session, in_settings):
                logout(request)
            else:
                _note(request.session, in_settings)
        return self.get_response(request)


def _away_too_long(session, in_settings):
    now = time.time()
    if now - session.get(SEEN, now) > settings.SIGN_IN_IDLE.total_seconds():
        return True
    return in_settings and now - session.get(SETTINGS_SEEN, now) > settings.SETTINGS_IDLE.total_seconds()


def _note(session, in_settings):
    now = int(time.time())
    if now - session.get(SEEN, 0) > WRITE_EVERY:
        session[SEEN] = now
        UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=timezone.now())
    if in_settings and now - session.get(SETTINGS_SEEN, 0) > WRITE_EVERY:
        session[SETTINGS_SEEN] = now
