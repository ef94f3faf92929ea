"""HubSpot's sign-in for apps: the page that asks, and the addresses that give tokens."""

import secrets
import time
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlencode

from crm_sync.standins.hubspot.records import Portal
from crm_sync.standins.hubspot.wire import Access, Answer, Call

LIFETIME = 1800  # seconds that an access token works
OPTIONAL = "optional_scope"


@dataclass
class Grant:
    """What the account's admin allowed an app."""

    scopes: list[str]
    refresh_token: str
    revoked: bool = False


@dataclass
class OAuth:
    """The state of one app's installation."""

    client_id: str = "standin-client"
    client_secret: str = "standin-secret"  # noqa: S105  known to everybody
    lifetime: int = LIFETIME
    rotate: bool = True  # every refresh answers with a new refresh token and voids the one before
    refreshes: int = 0
    codes: dict[str, tuple[str, list[str], float]] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    expires: dict[str, float] = field(default_factory=dict)

    def give_code(self, redirect_uri: str, scopes: list[str]) -> str:
        code = secrets.token_urlsafe(24)
        self.codes[code] = (redirect_uri, scopes, time.monotonic() + 60)
        return code

    def is_live(self, token: str) -> bool:
        return time.monotonic() < self.expires.get(token, float("inf"))


def token_answer(oauth: OAuth, portal: Portal, access: Access, call: Call) -> Answer:
    """POST /oauth/v3/token, /introspect, /revoke; the body is a form."""
    form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
    given = (form.get("client_id"), form.get("client_secret"))
    if given != (oauth.client_id, oauth.client_secret):
        return _error("invalid_client", "missing or unknown client id or secret")
    match call.parts[2:]:
        case ["token"]:
            return _tokens(oauth, portal, access, form)
        case ["token", "introspect"]:
            return _introspected(oauth, portal, access, form.get("token", ""))
        case ["token", "revoke"]:
            _revoke(oauth, access, form.get("token", ""))
            return Answer(200, {})
    return _error("invalid_request", "unknown address")


def uninstall(oauth: OAuth, access: Access, token: str) -> Answer:
    for grant in oauth.grants.values():
        grant.revoked = True
    access.given.clear()
    return Answer(204, None)


def consent_page(portal: Portal, call: Call, oauth: OAuth) -> str:
    asked = {name: call.first(name) for name in ("client_id", "redirect_uri", "scope", "state", OPTIONAL)}
    if asked["client_id"] != oauth.client_id:
        return "<h1>This app does not exist</h1><p>The client ID in the address belongs to no app.</p>"
    scopes = "".join(f"<li><code>{escape(s)}</code>" for s in asked["scope"].split())
    hidden = "".join(f'<input type=hidden name="{n}" value="{escape(v)}">' for n, v in asked.items())
    return (
        "<h1>Connect Partner portal to this account</h1>"
        f"<p>Account {portal.id}. The app asks for:</p><ul class=scopes>{scopes}</ul>"
        f"<form method=post action=/oauth/authorize>{hidden}"
        "<p class=actions><button class=main name=decision value=allow>Connect app</button> "
        "<button name=decision value=deny>Cancel</button></p></form>"
    )


def decided(oauth: OAuth, call: Call) -> str:
    """The address to send the browser back to."""
    form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
    back, state = form.get("redirect_uri", ""), form.get("state", "")
    if form.get("decision") != "allow":
        return f"{back}?{urlencode({'error': 'access_denied', 'state': state})}"
    code = oauth.give_code(back, form.get("scope", "").split() + form.get(OPTIONAL, "").split())
    return f"{back}?{urlencode({'code': code, 'state': state})}"


def _tokens(oauth: OAuth, portal: Portal, access: Access, form: dict[str, str]) -> Answer:
    if form.get("grant_type") == "authorization_code":
        found = oauth.codes.pop(form.get("code", ""), None)  # a code works once
        if found is None or found[0] != form.get("redirect_uri") or found[2] < time.monotonic():
            return _error("invalid_grant", "missing or invalid authorization code")
        refresh_token = secrets.token_urlsafe(24)
        grant = oauth.grants[refresh_token] = Grant(found[1], refresh_token)
    elif form.get("grant_type") == "refresh_token":
        oauth.refreshes += 1
        held = oauth.grants.get(form.get("refresh_token", ""))
        if held is None or held.revoked:
            return _error("invalid_grant", "missing or invalid refresh token")
        grant = _rotated(oauth, held) if oauth.rotate else held
    else:
        return _error("unsupported_grant_type", "unsupported grant type")
    token = secrets.token_urlsafe(24)
    access.given[token] = grant.scopes
    oauth.expires[token] = time.monotonic() + oauth.lifetime
    return Answer(
        200,
        {
            "access_token": token,
            "refresh_token": grant.refresh_token,
            "expires_in": oauth.lifetime,
            "token_type": "bearer",
            "hub_id": portal.id,
            "scopes": grant.scopes,
        },
    )


def _rotated(oauth: OAuth, grant: Grant) -> Grant:
    del oauth.grants[grant.refresh_token]
    grant.refresh_token = secrets.token_urlsafe(24)
    oauth.grants[grant.refresh_token] = grant
    return grant


def _introspected(oauth: OAuth, portal: Portal, access: Access, token: str) -> Answer:
    active = token in access.given and oauth.is_live(token)
    told: dict[str, Any] = {"active": active, "token_type": "access_token", "hub_id": portal.id}
    return Answer(200, told | {"scopes": access.given.get(token, []), "client_id": oauth.client_id})


def _revoke(oauth: OAuth, access: Access, token: str) -> None:
    grant = oauth.grants.pop(token, None)
    if grant:
        grant.revoked = True
        access.given.clear()
    access.given.pop(token, None)


def _error(error: str, text: str) -> Answer:
    body = {"status": error.upper(), "error": error, "error_description": text, "message": text}
    return Answer(400, body)
