"""HubSpot's sign-in for apps (OAuth, version 3: nothing secret stands in an address)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from crm_sync.connectors.base import Tokens
from crm_sync.connectors.failures import CrmError, Failure, FailureKind
from crm_sync.connectors.hubspot import paths
from crm_sync.connectors.hubspot.transport import Transport

AUTHORIZE = "https://app.hubspot.com"
SCOPES = (
    "oauth",
    *(
        f"crm.objects.{kind}.{way}"
        for kind in ("companies", "contacts", "deals")
        for way in ("read", "write")
    ),
    *(f"crm.schemas.{kind}.read" for kind in ("companies", "contacts", "deals")),
    "crm.objects.owners.read",
)
# Leads are part of some subscriptions of HubSpot's only: an account without them can be connected all the same.
OPTIONAL_SCOPES = ("crm.objects.leads.read", "crm.objects.leads.write")
REFUSED = {
    *("invalid_grant", "invalid_client", "unauthorized_client", "invalid_client_id"),
    *("BAD_REFRESH_TOKEN", "BAD_AUTH_CODE", "BAD_CLIENT_ID", "BAD_CLIENT_SECRET", "BAD_REDIRECT_URI"),
}


def authorize_url(*, client_id: str, redirect_uri: str, state: str, host: str = AUTHORIZE) -> str:
    asked = {"client_id": client_id, "redirect_uri": redirect_uri, "scope": " ".join(SCOPES), "state": state}
    asked["optional_scope"] = " ".join(OPTIONAL_SCOPES)
    return f"{host.rstrip('/')}/oauth/authorize?{urlencode(asked)}"


def exchange(*, host: str, client_id: str, client_secret: str, redirect_uri: str, code: str) -> Tokens:
    """A code works once."""
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    return _tokens(host, asked | {"client_id": client_id, "client_secret": client_secret})


def refresh(*, host: str, client_id: str, client_secret: str, refresh_token: str) -> Tokens:
    asked = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return _tokens(host, asked | {"client_id": client_id, "client_secret": client_secret})


def revoke(*, host: str, client_id: str, client_secret: str, refresh_token: str) -> None:
    asked = {"token": refresh_token, "token_type_hint": "refresh_token"}
    asked |= {"client_id": client_id, "client_secret": client_secret}
    Transport("", host).form(paths.revocation(), list(asked.items()))


def _tokens(host: str, asked: Mapping[str, str]) -> Tokens:
    try:
        answer = Transport("", host).form(paths.token(), list(asked.items()))
    except CrmError as error:
        if REFUSED & set(error.failure.codes):
            text = "HubSpot no longer accepts this sign-in."
            raise CrmError(Failure(FailureKind.AUTH, text, codes=error.failure.codes)) from None
        raise CrmError(error.failure) from None  # what was asked holds secrets: no cause, no traceback of it
    return _read(answer)


def _read(answer: Mapping[str, Any]) -> Tokens:
    if not answer.get("access_token"):
        raise CrmError(Failure(FailureKind.RETRYABLE, "HubSpot's answer could not be read."))
    lifetime = answer.get("expires_in")
    return Tokens(
        access=str(answer["access_token"]),
        refresh=str(answer.get("refresh_token") or ""),
        expires_in=float(lifetime) if isinstance(lifetime, (int, float)) else None,
        account=str(answer.get("hub_id") or ""),
        scopes=tuple(str(scope) for scope in answer.get("scopes") or []),
    )
