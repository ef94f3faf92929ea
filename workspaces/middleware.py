"""Finds the workspace by its own domain, else by the first segment of the path, which then leaves the path.

URL names carry no workspace: the same routes serve partners.example.com/quotes/ and /acme/quotes/.
"""

import codecs
import logging
import sys

from django.conf import settings
from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import get_script_prefix, set_script_prefix
from django.views import defaults

from workspaces.models import Workspace
from workspaces.models.workspace import RESERVED_SLUGS

NUL = "\x00"
AWAY = (OperationalError, InterfaceError)
log = logging.getLogger(__name__)


class WorkspaceMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        host = request.META.get("HTTP_HOST", "").lower()
        request.on_main_host = host in settings.MAIN_HOSTS or _is_local(host)
        request.workspace = None
        if not request.on_main_host:
            request.workspace = _workspace(domain=host)
            if request.workspace is None and request.path_info not in {"/healthz", "/readyz"}:
                return render(request, "421.html", status=421)
            return self.get_response(request)
        outer = get_script_prefix()
        try:
            self._mount(request)
            return self.get_response(request)
        finally:
            set_script_prefix(outer)

    def _mount(self, request):
        slug, _, rest = request.path_info.lstrip("/").partition("/")
        if not slug or slug in RESERVED_SLUGS:
            return
        request.workspace = _workspace(slug=slug)
        if request.workspace:
            prefix = f"{request.META.get('SCRIPT_NAME', '')}/{slug}"
            request.META["SCRIPT_NAME"] = prefix
            request.path_info = request.META["PATH_INFO"] = f"/{rest}"
            set_script_prefix(f"{prefix}/")


def _workspace(**name):
    """Every request asks this: not `first()`, which would sort the one there is."""
    return next(iter(Workspace.objects.filter(**name)), None)


def _is_local(host):
    """In development and the demo the product also answers on the loopback names."""
    name = host.rpartition(":")[0] or host
    return (settings.DEBUG or settings.DEMO) and name in {"localhost", "127.0.0.1", "[::1]"}


class UnstorableMiddleware:
    """What no column can hold is refused before anybody asks the database for it, and where it was asked, too."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if NUL in request.path_info or not _is_utf8(request):
            return _unstorable(request)
        _drop_unstorable_cookies(request)
        return self.get_response(request)

    def process_exception(self, request, exception):
        if isinstance(exception, (DataError, UnicodeError)):
            log.warning("Values that cannot be stored came in", exc_info=exception)
            return _unstorable(request)
        return None


def _drop_unstorable_cookies(request):
    """A quoted cookie can spell any byte. Such a session is nobody's."""
    request.COOKIES = {name: value for name, value in request.COOKIES.items() if NUL not in value}


def _is_utf8(request):
    """Forms are. Other encodings can spell what cannot be stored, and some cannot be read at all."""
    try:
        return codecs.lookup(request.encoding or "utf-8").name == "utf-8"
    except LookupError:
        return False


def _unstorable(request):
    if request.path_info.startswith("/hooks/"):
        return HttpResponse("This cannot be stored.", status=400, content_type="text/plain; charset=utf-8")
    return render(None, "400.html", status=400)


class DatabaseAwayMiddleware:
    """A database that cannot be reached is said so: 503, and when to come back."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if isinstance(exception, AWAY):
            return _database_is_away(request, exception)
        return None


def server_error(request):
    """For what a middleware raises, such as while it asks for the session: Django makes a 500 of that at once."""
    error = sys.exception()
    return _database_is_away(request, error) if isinstance(error, AWAY) else defaults.server_error(request)


def _database_is_away(request, error):
    log.error("The database did not answer: %s", error)
    if request.path_info.startswith("/hooks/"):
        response = HttpResponse("Try again later.", status=503, content_type="text/plain; charset=utf-8")
    else:
        response = render(None, "503.html", status=503)
    response["Retry-After"] = "5"
    return response
