"""Salesforce's sign-in for External Client Apps: PKCE, refresh tokens that rotate, client credentials."""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import urlencode

from crm_sync.standins.salesforce.records import INTEGRATION_USER, Organization
from crm_sync.standins.salesforce.wire import Answer, Call

LIFETIME = 7200.0


@dataclass
class Code:
    redirect_uri: str
    challenge: str
    until: float


@dataclass
class OAuth:
    """One app and what it was given. The tokens of the stand-in alone never expire by themselves."""

    client_id: str = "3MVG9standin"
    client_secret: str = "standin-secret"  # noqa: S105  known to everybody
    lifetime: float = LIFETIME
    rotate: bool = True
    credentials_flow: bool = True
    refreshes: int = 0
    codes: dict[str, Code] = field(default_factory=dict)
    refresh_tokens: set[str] = field(default_factory=set)
    access: dict[str, float] = field(default_factory=dict)  # access token → until when

    def allows(self, token: str) -> bool:
        return time.monotonic() < self.access.get(token, 0.0)

    def give_access(self) -> str:
        token = f"00D5f!{secrets.token_urlsafe(24)}"
        self.access[token] = time.monotonic() + self.lifetime
        return token


def consent_page(oauth: OAuth, call: Call) -> str:
    names = ("client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method", "scope")
    asked = {name: call.first(name) for name in names}
    if asked["client_id"] != oauth.client_id or call.first("response_type") != "code":
        return "<h1>This app does not exist</h1><p>error=invalid_client_id</p>"
    if asked["code_challenge_method"] != "S256" or not asked["code_challenge"]:
        return (
            "<h1>This app asks without PKCE</h1><p>error=invalid_request: missing required code challenge</p>"
        )
    hidden = "".join(f'<input type=hidden name="{n}" value="{escape(v)}">' for n, v in asked.items())
    scopes = "".join(f"<li><code>{escape(s)}</code>" for s in asked["scope"].split())
    return (
        "<h1>Allow access?</h1><p>Partner portal is asking to:</p>"
        f"<ul class=scopes>{scopes}</ul><form method=post action=/services/oauth2/authorize>{hidden}"
        "<p class=actions><button class=main name=decision value=allow>Allow</button> "
        "<button name=decision value=deny>Deny</button></p></form>"
    )


def decided(oauth: OAuth, call: Call) -> str:
    """The address to send the browser back to."""
    form = call.form()
    back, state = form.get("redirect_uri", ""), form.get("state", "")
    if form.get("decision") != "allow":
        told = {
            "error": "access_denied",
            "error_description": "end-user denied authorization",
            "state": state,
        }
        return f"{back}?{urlencode(told)}"
    code = secrets.token_urlsafe(24)
    oauth.codes[code] = Code(back, form.get("code_challenge", ""), time.monotonic() + 60)
    return f"{back}?{urlencode({'code': code, 'state': state})}"


def answer(oauth: OAuth, org: Organization, call: Call, origin: str) -> Answer:
    """POST /services/oauth2/token and /revoke."""
    form = call.form()
    if call.path.endswith("/revoke"):
        oauth.refresh_tokens.discard(form.get("token", ""))
        oauth.access.clear()
        return Answer(200)
    if form.get("client_id") != oauth.client_id:
        return _error("invalid_client_id", "client identifier invalid")
    if form.get("client_secret") != oauth.client_secret:
        return _error("invalid_client", "invalid client credentials")
    match form.get("grant_type"):
        case "authorization_code":
            return _from_code(oauth, org, form, origin)
        case "refresh_token":
            return _refreshed(oauth, org, form, origin)
        case "client_credentials" if oauth.credentials_flow:
            return Answer(200, _given(oauth, org, origin))
        case "client_credentials":
            return _error("invalid_grant", "no client credentials user enabled")
    return _error("unsupported_grant_type", "grant type not supported")


def _from_code(oauth: OAuth, org: Organization, form: dict[str, str], origin: str) -> Answer:
    code = oauth.codes.pop(form.get("code", ""), None)  # works once
    if code is None or code.until < time.monotonic():
        return _error("invalid_grant", "expired authorization code")
    if code.redirect_uri != form.get("redirect_uri"):
        return _error("redirect_uri_mismatch", "redirect_uri must match configuration")
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != code.challenge:
        return _error("invalid_grant", "invalid code verifier")
    return Answer(200, _given(oauth, org, origin) | {"refresh_token": _new_refresh_token(oauth)})


def _refreshed(oauth: OAuth, org: Organization, form: dict[str, str], origin: str) -> Answer:
    oauth.refreshes += 1
    held = form.get("refresh_token", "")
    if held not in oauth.refresh_tokens:
        return _error("invalid_grant", "expired access/refresh token")
    given = _given(oauth, org, origin)
    if oauth.rotate:  # the old one is dead from this moment
        oauth.refresh_tokens.discard(held)
        given["refresh_token"] = _new_refresh_token(oauth)
    return Answer(200, given)


def _given(oauth: OAuth, org: Organization, origin: str) -> dict[str, Any]:
    return {
        "access_token": oauth.give_access(),
        "instance_url": origin,
        "id": f"https://login.salesforce.com/id/{org.id}/{INTEGRATION_USER}",
        "token_type": "Bearer",
        "issued_at": str(int(time.time() * 1000)),
        "scope": "refresh_token api",
        "signature": "stand-in",
    }


def _new_refresh_token(oauth: OAuth) -> str:
    token = f"5Aep{secrets.token_urlsafe(32)}"
    oauth.refresh_tokens.add(token)
    return token


def _error(code: str, text: str) -> Answer:
    return Answer(400, {"error": code, "error_description": text})
