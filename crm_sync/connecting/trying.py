"""Trying keys against the CRM itself before anything is saved. No transaction may be open."""

from django.conf import settings

from crm_sync.connecting import signing
from crm_sync.connecting.accounts import HUBSPOT, SALESFORCE, ConnectError, Found
from crm_sync.connectors.base import COMPANY, CONTACT, Connector, CrmField, Tokens
from crm_sync.connectors.failures import CrmError, FailureKind
from crm_sync.connectors.hubspot import client as hubspot
from crm_sync.connectors.hubspot import oauth as hubspot_oauth
from crm_sync.connectors.salesforce import client as salesforce
from crm_sync.connectors.salesforce import oauth as salesforce_oauth
from crm_sync.models import Connection
from crm_sync.models.connection import OBJECT_TYPES, remembered

Way = Connection.Way
REFUSED_TOKEN = "HubSpot does not accept this token. Copy it again from the page in HubSpot that shows it."  # noqa: S105
NOT_OURS = {FailureKind.SCOPE, FailureKind.GONE, FailureKind.VALIDATION}
Looked = tuple[str, str, str, dict[str, list[dict]]]


def hubspot_token(*, token: str, account: str, app: str = "", secret: str = "") -> Found:
    """A project app's static token, or without an app, a service key. Raises ConnectError."""
    found, name, zone, fields = _looked(hubspot.client_for(token, settings.HUBSPOT_API_URL), "token")
    if found and account and found != account:
        raise ConnectError("account", f"This token belongs to account {found}, not {account}.")
    return Found(
        provider=HUBSPOT,
        way=Way.STATIC if app else Way.SERVICE_KEY,
        account=found or account,
        tokens=Tokens(token),
        app=app,
        secret=secret,
        account_name=name,
        time_zone=zone,
        fields_known=fields,
    )


def hubspot_code(*, code: str, redirect_uri: str, app: str, client_id: str, client_secret: str) -> Found:
    """What HubSpot's own sign-in page sent us back with. Raises ConnectError."""
    try:
        given = hubspot_oauth.exchange(
            host=settings.HUBSPOT_API_URL,
            client_id=client_id,
            client_secret=client_secret,
            redirect_uri=redirect_uri,
            code=code,
        )
    except CrmError as error:
        raise _blamed(error, "client_secret") from error
    account, name, zone, fields = _looked(hubspot.client_for(given.access, settings.HUBSPOT_API_URL), "")
    return Found(
        provider=HUBSPOT,
        way=Way.OAUTH,
        account=given.account or account,
        tokens=given,
        app=app,
        client_id=client_id,
        client_secret=client_secret,
        secret=client_secret,
        account_name=name,
        time_zone=zone,
        fields_known=fields,
    )


def salesforce_code(
    *, address: str, code: str, redirect_uri: str, verifier: str, client_id: str, client_secret: str
) -> Found:
    """Raises ConnectError."""
    app = {"client_id": client_id, "client_secret": client_secret}
    try:
        host = signing.salesforce_address(address)
        given = salesforce_oauth.exchange(
            host=host, redirect_uri=redirect_uri, code=code, verifier=verifier, **app
        )
    except CrmError as error:
        raise _blamed(error, "client_secret") from error
    return _salesforce(given, host, Way.OAUTH, **app)


def salesforce_secret(*, address: str, client_id: str, client_secret: str) -> Found:
    """Client credentials. Raises ConnectError."""
    app = {"client_id": client_id, "client_secret": client_secret}
    try:
        host = signing.salesforce_address(address)
    except CrmError as error:
        raise ConnectError("address", str(error)) from error
    try:
        given = salesforce_oauth.from_secret(host=host, **app)
    except CrmError as error:
        raise _blamed(error, "client_secret") from error
    return _salesforce(given, host, Way.CREDENTIALS, **app)


def fields_of(connector: Connector) -> dict[str, list[dict]]:
    """The CRM's fields, as a connection remembers them. Raises CrmError."""
    known = {t: _fields(connector, t) for t in OBJECT_TYPES}
    return {object_type: [remembered(f) for f in fields] for object_type, fields in known.items()}


def _fields(connector: Connector, object_type: str) -> list[CrmField]:
    """None of deals and leads where the account has none, or keeps them from us: the rest goes on without."""
    try:
        return connector.fields(object_type)
    except CrmError as error:
        if object_type in (COMPANY, CONTACT) or error.failure.kind not in NOT_OURS:
            raise
        return []


def _salesforce(given: Tokens, host: str, way: str, *, client_id: str, client_secret: str) -> Found:
    try:
        address = signing.salesforce_address(given.address) if given.address else host
    except CrmError as error:
        raise ConnectError("address", str(error)) from error
    account, name, zone, fields = _looked(salesforce.client_for(given.access, address), "")
    return Found(
        provider=SALESFORCE,
        way=way,
        account=account or given.account,
        tokens=given,
        client_id=client_id,
        client_secret=client_secret,
        address=address,
        account_name=name,
        time_zone=zone,
        fields_known=fields,
    )


def _looked(connector: Connector, blamed: str) -> Looked:
    """Account, name, time zone and fields, seen with these tokens. Raises ConnectError."""
    try:
        account = connector.account()
        fields = fields_of(connector)
    except CrmError as error:
        raise _blamed(error, blamed) from error
    return account.external_id or "", account.name, account.time_zone, fields


def _blamed(error: CrmError, name: str) -> ConnectError:
    match error.failure.kind:
        case FailureKind.AUTH:
            return ConnectError(name, REFUSED_TOKEN if name == "token" else error.failure.message)
        case FailureKind.SCOPE:
            return ConnectError(name, error.failure.message)
        case _:
            return ConnectError("", f"{error.failure.message} Nothing was saved; try again in a moment.")
