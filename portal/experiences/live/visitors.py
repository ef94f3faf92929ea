"""Who an open stream is for. One look-up in a thread, which gives its database connection back at once."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from django.http import HttpRequest, parse_cookie

from workspaces import people
from workspaces.middleware import UnstorableMiddleware, WorkspaceMiddleware
from workspaces.sessions import is_of_another_host
from workspaces.tenancy import workspace_transaction

PATH = "/events/"  # below the workspace's root
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="live")


@dataclass(frozen=True)
class Visitor:
    session: str
    workspace: UUID
    contact: UUID
    partner: UUID

    @property
    def topics(self):
        ours = (self.contact, self.partner, "*")
        return (self.session, *(f"{self.workspace}:{name}" for name in ours))


async def find(scope):
    """The contact that the request comes from, or None."""
    headers = {name.decode("latin1"): value.decode("latin1") for name, value in scope["headers"]}
    if not comes_from_our_page(headers):
        return None
    return await asyncio.get_running_loop().run_in_executor(_threads, _find, scope["path"], headers)


def comes_from_our_page(headers):
    """Browsers say where a request comes from. Another site's page learns nothing, not even that there is news."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == headers.get("host")


def session_topic(session_key):
    """The notices of the database can be read by every role of it, so they carry no session's key."""
    return "session:" + sha256(session_key.encode()).hexdigest()[:32]


def _find(path, headers):
    request = HttpRequest()
    request.META = {"HTTP_HOST": headers.get("host", ""), "SCRIPT_NAME": ""}
    request.path = request.path_info = path
    request.COOKIES = parse_cookie(headers.get("cookie", ""))
    try:
        found = UnstorableMiddleware(WorkspaceMiddleware(_visitor))(request)
        return found if isinstance(found, Visitor) else None
    finally:
        connections.close_all()


def _visitor(request):
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if request.workspace is None or request.path_info != PATH or not key:
        return None
    request.session = SessionStore(key)
    user = get_user(request)
    if not user.is_authenticated or is_of_another_host(request):
        return None
    with workspace_transaction(request.workspace, snapshot=True):
        contact = people.chosen_contact(user, request.session, request.workspace)
    if contact is None:
        return None
    people.note_visit(contact, request.workspace)  # a page is open: pages themselves cannot write
    return Visitor(session_topic(key), request.workspace.pk, contact.pk, contact.partner_id)
