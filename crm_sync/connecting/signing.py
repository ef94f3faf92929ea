"""Signing in to a CRM: which way each connection goes, and whom its answers may send us to."""

from dataclasses import dataclass, field

from django.conf import settings

from crm_sync.connectors.base import Tokens
from crm_sync.connectors.failures import CrmError, Failure, FailureKind
from crm_sync.connectors.hubspot import oauth as hubspot
from crm_sync.connectors.salesforce import hosts
from crm_sync.connectors.salesforce import oauth as salesforce
from crm_sync.models import Connection, Credential

Way = Connection.Way


@dataclass(frozen=True)
class Lease:
    """What one worker alone may renew now."""

    connection: Connection
    generation: int
    refresh: str = field(repr=False)
    client_secret: str = field(repr=False)


def is_renewable(connection: Connection, held: Credential) -> bool:
    """Whether a new token can be had without a person."""
    if connection.way == Way.CREDENTIALS:
        return bool(held.client_secret_sealed)
    return connection.way == Way.OAUTH and bool(held.refresh_sealed)


def renewed_tokens(lease: Lease) -> Tokens:
    """Asks the CRM; no transaction may be open."""
    connection = lease.connection
    app = {"client_id": connection.client_id, "client_secret": lease.client_secret}
    if connection.provider == Connection.Provider.HUBSPOT:
        return hubspot.refresh(host=settings.HUBSPOT_API_URL, refresh_token=lease.refresh, **app)
    if connection.way == Way.CREDENTIALS:
        return salesforce.from_secret(host=address_of(connection), **app)
    return salesforce.refresh(host=address_of(connection), refresh_token=lease.refresh, **app)


def checked_address(connection: Connection, given: Tokens) -> str:
    """Where the API is from now on: an organisation may move, but only to Salesforce's own addresses."""
    if connection.provider != Connection.Provider.SALESFORCE or not given.address:
        return connection.address
    return salesforce_address(given.address)


def address_of(connection: Connection) -> str:
    """A plain address can only be a stand-in's, and that is wherever it is today."""
    if connection.address.startswith("http://"):
        return settings.SALESFORCE_STANDIN_URL
    return connection.address


def salesforce_address(text: str) -> str:
    """Raises CrmError."""
    try:
        return hosts.my_domain(text, also=settings.SALESFORCE_STANDIN_URL)
    except hosts.ForeignHost as error:
        raise CrmError(Failure(FailureKind.AUTH, str(error))) from error


def revoke(connection: Connection, *, refresh: str, client_secret: str) -> bool:
    """Whether the CRM was told that the tokens are not used any more. It need not be there to listen."""
    if not refresh:
        return False
    try:
        if connection.provider == Connection.Provider.HUBSPOT:
            app = {"client_id": connection.client_id, "client_secret": client_secret}
            hubspot.revoke(host=settings.HUBSPOT_API_URL, refresh_token=refresh, **app)
        else:
            salesforce.revoke(host=address_of(connection), refresh_token=refresh)
    except CrmError:
        return False
    return True
