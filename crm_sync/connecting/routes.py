"""From the app id of an incoming request to the connections that may have caused it.

Kept in the process for a moment: a burst of webhooks must not ask the database for the same secret each time.
"""

import time
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from crm_sync import vault
from crm_sync.models import Connection
from workspaces.models import HookRoute
from workspaces.tenancy import workspace_transaction

KEPT_SECONDS = 5.0
MOST_KEPT = 500


@dataclass(frozen=True)
class Route:
    workspace_id: UUID
    connection_id: UUID
    account: str
    secret: str


_kept: dict[tuple[str, str], tuple[float, list[Route]]] = {}


def routes_for(provider: str, app: str) -> list[Route]:
    """The connections of an app. A changed secret is known everywhere after KEPT_SECONDS."""
    now = time.monotonic()
    until, routes = _kept.get((provider, app), (0.0, []))
    if until < now:
        routes = [route for hook in _hooks(provider, app) if (route := _route(hook))]
        if len(_kept) >= MOST_KEPT:  # strangers may send any app id
            _kept.clear()
        _kept[provider, app] = (now + KEPT_SECONDS, routes)
    return routes


def hook_name(token: str) -> str:
    """What a secret part of an address is looked up by; the part itself stands nowhere in clear."""
    return sha256(token.encode()).hexdigest()


def forget() -> None:
    """After a connection changed in this process."""
    _kept.clear()


def _hooks(provider, app):
    return list(HookRoute.objects.filter(provider=provider, app=app))


def _route(hook: HookRoute) -> Route | None:
    with workspace_transaction(hook.workspace_id):
        found = Connection.objects.filter(provider=hook.provider, account=hook.account, app=hook.app).first()
    if found is None:
        return None
    try:
        return Route(hook.workspace_id, found.pk, hook.account, found.secret)
    except vault.Unreadable:
        return None
