"""Salesforce's sign-in for External Client Apps: PKCE, refresh tokens that rotate, client credentials."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import requests

from crm_sync.connectors.base import Tokens
from crm_sync.connectors.failures import CrmError, Failure, FailureKind
from crm_sync.connectors.salesforce import errors
from crm_sync.connectors.salesforce.ids import long_id
from crm_sync.connectors.salesforce.transport import UNREACHABLE, UNREADABLE, Timed

SCOPES = ("api", "refresh_token")
REFUSED = {
    *("invalid_grant", "invalid_client", "invalid_client_id", "inactive_user", "inactive_org"),
    *("unauthorized_client", "redirect_uri_mismatch", "invalid_app_access"),
}
LIFETIME = 3600.0  # Salesforce does not tell; a session lasts two hours unless the org says otherwise


def authorize_url(*, client_id: str, redirect_uri: str, state: str, verifier: str, host: str) -> str:
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(SCOPES),
        "state": state,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
    }
    return f"{host}/services/oauth2/authorize?{urlencode(asked)}"


def challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def exchange(
    *, host: str, client_id: str, client_secret: str, redirect_uri: str, code: str, verifier: str
) -> Tokens:
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    asked |= {"client_id": client_id, "client_secret": client_secret, "code_verifier": verifier}
    return _tokens(host, asked)


def refresh(*, host: str, client_id: str, client_secret: str, refresh_token: str) -> Tokens:
    """With rotation, the old refresh token is dead from now on."""
    asked = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return _tokens(host, asked | {"client_id": client_id, "client_secret": client_secret})


def from_secret(*, host: str, client_id: str, client_secret: str) -> Tokens:
    """Client credentials: no person signs in; the app runs as its integration user."""
    asked = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    return _tokens(host, asked)


def revoke(*, host: str, refresh_token: str) -> None:
    _posted(f"{host}/services/oauth2/revoke", {"token": refresh_token})


def _tokens(host: str, asked: Mapping[str, str]) -> Tokens:
    answer = _posted(f"{host}/services/oauth2/token", asked)
    if not answer.get("access_token"):
        raise CrmError(Failure(FailureKind.RETRYABLE, UNREADABLE))
    # https://login.salesforce.com/id/<organisation>/<user>
    organization = str(answer.get("id") or "").rstrip("/").split("/")[-2:-1]
    return Tokens(
        access=str(answer["access_token"]),
        refresh=str(answer.get("refresh_token") or ""),
        expires_in=LIFETIME,
        account=long_id(organization[0]) if organization else "",
        address=str(answer.get("instance_url") or ""),
        scopes=tuple(str(answer.get("scope") or "").split()),
    )


def _posted(address: str, asked: Mapping[str, str]) -> dict[str, Any]:
    session = requests.Session()
    session.trust_env = False
    for scheme in ("https://", "http://"):  # http: a stand-in; hosts.py has looked at the address
        session.mount(scheme, Timed())
    try:
        answer = session.post(address, data=dict(asked), allow_redirects=False)
    except requests.RequestException:
        # Without its cause: that one holds the request, and so the secrets.
        raise CrmError(Failure(FailureKind.RETRYABLE, UNREACHABLE)) from None
    try:
        told = answer.json() if answer.content else {}
    except requests.JSONDecodeError:
        told = {}
    if answer.status_code == 200:
        return told if isinstance(told, dict) else {}
    code = str(told.get("error") or "") if isinstance(told, dict) else ""
    if code in REFUSED:
        words = str(told.get("error_description") or "")
        text = f"Salesforce does not accept this sign-in: {words or code}."
        raise CrmError(Failure(FailureKind.AUTH, text, codes=(code,)))
    raise CrmError(errors.classify(answer.status_code, answer.headers, told))
