"""One Salesforce organisation, as the portal asks for it (connectors/base.py)."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from crm_sync.connectors.base import (
    DEAL,
    LEAD,
    Account,
    Association,
    Create,
    CreateResult,
    CrmField,
    CrmRecord,
    DeletedPage,
    Owner,
    Page,
    Write,
    WriteResult,
)
from crm_sync.connectors.salesforce import describing, reading, relations, scan, writes
from crm_sync.connectors.salesforce.fields import field_from_describe, with_outcomes
from crm_sync.connectors.salesforce.ids import long_id
from crm_sync.connectors.salesforce.transport import Transport
from crm_sync.connectors.throttling import Renew, Throttle


def client_for(
    token: str, instance_url: str, throttle: Throttle | None = None, renew: Renew | None = None
) -> "Salesforce":
    """The address must have been checked (hosts.py)."""
    return Salesforce(token, instance_url, throttle, renew)


class Salesforce:
    """The organisation behind one access token."""

    def __init__(
        self, token: str, instance_url: str, throttle: Throttle | None = None, renew: Renew | None = None
    ):
        self._api = Transport(token, instance_url, throttle, renew)

    def account(self) -> Account:
        rows = self._api.query("SELECT Id, Name, TimeZoneSidKey FROM Organization LIMIT 1")
        row = rows[0] if rows else {}
        found = long_id(str(row["Id"])) if row.get("Id") else None
        return Account(found, str(row.get("Name") or ""), str(row.get("TimeZoneSidKey") or ""))

    def fields(self, object_type: str) -> list[CrmField]:
        found = [field_from_describe(item) for item in describing.describe(self._api, object_type)]
        if object_type == DEAL:
            found = with_outcomes(found, "StageName", describing.stages(self._api), closed=True)
        elif object_type == LEAD:
            found = with_outcomes(found, "Status", describing.statuses(self._api), closed=True)
        return found

    def read(
        self, object_type: str, external_ids: Sequence[str], properties: Sequence[str]
    ) -> dict[str, CrmRecord]:
        return reading.read(self._api, object_type, external_ids, properties)

    def scan(
        self,
        object_type: str,
        cursor: str,
        properties: Sequence[str],
        *,
        until: datetime | None = None,
    ) -> Page:
        return scan.scan(self._api, object_type, cursor, properties, until)

    def list_all(self, object_type: str, cursor: str, properties: Sequence[str]) -> Page:
        return scan.list_all(self._api, object_type, cursor, properties)

    def deleted(self, object_type: str, since: datetime, cursor: str = "") -> DeletedPage:
        return scan.deleted(self._api, object_type, since, cursor)

    def write(self, object_type: str, wanted: Sequence[Write]) -> list[WriteResult]:
        return writes.write(self._api, object_type, wanted)

    def find(
        self, object_type: str, unique: str, keys: Sequence[str], properties: Sequence[str]
    ) -> dict[str, CrmRecord]:
        return reading.find(self._api, object_type, unique, keys, properties)

    def create(self, object_type: str, creates: Sequence[Create], *, unique: str) -> list[CreateResult]:
        return writes.create(self._api, object_type, creates, unique)

    def associations(
        self, from_type: str, external_ids: Iterable[str], to_type: str, *, by: str = ""
    ) -> dict[str, list[Association]]:
        return relations.associations(self._api, from_type, external_ids, to_type, by)

    def owners(self) -> list[Owner]:
        return relations.owners(self._api)
