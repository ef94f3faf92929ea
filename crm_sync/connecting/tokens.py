"""Tokens: kept sealed, renewed before they end, by one worker at a time.

Whoever finds a token that ends soon takes a lease in a short transaction, asks the CRM without one, and saves what
it gave where the generation is still the one it started from. The others go on with the old token while it lasts, and
come back in a second when it does not. A worker that dies in between leaves a lease that runs out; if the CRM had
voided the old refresh token by then, the next attempt is refused, and a person is asked to sign in again.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from crm_sync import vault
from crm_sync.connecting import signing
from crm_sync.connecting.signing import Lease
from crm_sync.connectors.base import Tokens
from crm_sync.connectors.failures import CrmError, Failure, FailureKind
from crm_sync.limits import trouble
from crm_sync.models import Connection, Credential
from workspaces.tenancy import workspace_transaction

LEASE = timedelta(seconds=60)  # longer than the question can take
SIGNING_IN = Failure(FailureKind.RETRYABLE, "Another worker is signing in just now.", retry_after=1.0)


@dataclass(frozen=True)
class Key:
    """What a request is made with."""

    token: str = field(repr=False)
    address: str


def key_for(connection: Connection) -> Key:
    """A token that is good for a while. Speaks HTTP when it must be renewed: no transaction may be open."""
    return _key(connection.workspace_id, connection.pk, rejected="")


def renewed(connection: Connection, rejected: str) -> str:
    """Another token than the one that was refused. Raises CrmError where there is none to be had."""
    return _key(connection.workspace_id, connection.pk, rejected=rejected).token


def _key(workspace_id: UUID, connection_id: UUID, *, rejected: str) -> Key:
    with workspace_transaction(workspace_id):
        found = _current_or_lease(connection_id, rejected)
    if isinstance(found, Key):
        return found
    try:
        given = signing.renewed_tokens(found)
    except CrmError as error:
        with workspace_transaction(workspace_id):
            current = _after_failure(found, error.failure)
        if current:
            return current
        raise
    with workspace_transaction(workspace_id):
        return _saved(found, given)


def _current_or_lease(connection_id: UUID, rejected: str) -> Key | Lease:
    connection = Connection.objects.get(pk=connection_id)
    held = Credential.objects.select_for_update(no_key=True).filter(connection=connection).first()
    if held is None:
        raise CrmError(Failure(FailureKind.AUTH, f"{connection} is not connected any more."))
    try:
        return _chosen(connection, held, rejected)
    except vault.Unreadable as error:
        raise CrmError(Failure(FailureKind.AUTH, str(error))) from error


def _chosen(connection: Connection, held: Credential, rejected: str) -> Key | Lease:
    now = timezone.now()
    refused = bool(rejected) and held.access == rejected
    if held.is_fresh(at=now) and not refused:
        return Key(held.access, signing.address_of(connection))
    if not signing.is_renewable(connection, held):
        if refused or not held.access_sealed:
            raise CrmError(Failure(FailureKind.AUTH, f"{connection} no longer accepts our token."))
        return Key(held.access, signing.address_of(connection))
    if held.refreshing_until and held.refreshing_until > now:
        if held.is_usable(at=now) and not refused:
            return Key(held.access, signing.address_of(connection))
        raise CrmError(SIGNING_IN)
    held.refreshing_until = now + LEASE
    held.save(update_fields=["refreshing_until"])
    return Lease(connection, held.generation, held.refresh, held.client_secret)


def _saved(lease: Lease, given: Tokens) -> Key:
    """Only over the generation that was renewed: whoever signed in meanwhile has newer tokens than these."""
    address = signing.checked_address(lease.connection, given)
    held = Credential.objects.select_for_update(no_key=True).get(connection=lease.connection)
    if held.generation != lease.generation:
        return _key_of(held, lease)
    keep(held, given)
    if address != lease.connection.address:
        Connection.objects.filter(pk=lease.connection.pk).update(address=address)
    return Key(given.access, address)


def keep(held: Credential, given: Tokens) -> None:
    """The CRM's answer, as a new generation."""
    held.access = given.access
    if given.refresh:  # it may be another one now, and the old one dead
        held.refresh = given.refresh
    lifetime = given.expires_in
    held.expires_at = timezone.now() + timedelta(seconds=lifetime) if lifetime else None
    held.scopes = list(given.scopes) or held.scopes
    held.refreshing_until = None
    held.generation += 1
    held.save()


def _key_of(held: Credential, lease: Lease) -> Key:
    """Somebody else's newer one."""
    return Key(held.access, signing.address_of(Connection.objects.get(pk=lease.connection.pk)))


def _after_failure(lease: Lease, failure: Failure) -> Key | None:
    """Somebody else's newer token, where there is one; else what the failure means for the connection."""
    held = Credential.objects.select_for_update(no_key=True).get(connection=lease.connection)
    if held.generation != lease.generation:
        return _key_of(held, lease)
    held.refreshing_until = None
    held.save(update_fields=["refreshing_until"])
    if failure.kind == FailureKind.AUTH:
        trouble.needs_sign_in(lease.connection, failure.message)
    return None
