"""One HubSpot account, as the portal asks for it (connectors/base.py)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from crm_sync.connectors.base import (
    COMPANY,
    CONTACT,
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
from crm_sync.connectors.failures import CrmError, FailureKind
from crm_sync.connectors.hubspot import paths, reading, relations, scan, writes
from crm_sync.connectors.hubspot.fields import field_from_definition, labelled, with_pipelines
from crm_sync.connectors.hubspot.transport import DEFAULT_HOST, Transport
from crm_sync.connectors.throttling import Renew, Throttle

PIPELINES = {DEAL: ("pipeline", "dealstage"), LEAD: ("hs_pipeline", "hs_pipeline_stage")}


def client_for(
    token: str,
    host: str = DEFAULT_HOST,
    throttle: Throttle | None = None,
    renew: Renew | None = None,
) -> "HubSpot":
    return HubSpot(token, host, throttle, renew)


class HubSpot:
    """The account behind one token."""

    def __init__(
        self,
        token: str,
        host: str = DEFAULT_HOST,
        throttle: Throttle | None = None,
        renew: Renew | None = None,
    ):
        self._api = Transport(token, host, throttle, renew)

    def account(self) -> Account:
        """The account that the token belongs to."""
        answer = self._api.get(paths.account())
        portal = answer.get("portalId")
        return Account(
            str(portal) if portal is not None else None,
            time_zone=str(answer.get("timeZone") or ""),
        )

    def fields(self, object_type: str) -> list[CrmField]:
        found = self._defined(object_type, "non_sensitive") + self._sensitive(object_type)
        if object_type == CONTACT:  # whose address is unique, though nothing says so
            found = [replace(f, unique=True) if f.name == "email" else f for f in found]
        if names := PIPELINES.get(object_type):
            pipelines = self._api.get(paths.pipelines(object_type)).get("results") or []
            found = with_pipelines(found, pipelines, names=names)
            found += [labelled(label) for label in relations.labels(self._api, object_type, COMPANY)]
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
        made = writes.create(self._api, object_type, creates, unique)
        return relations.belonging(self._api, object_type, creates, made)

    def associations(
        self, from_type: str, external_ids: Iterable[str], to_type: str, *, by: str = ""
    ) -> dict[str, list[Association]]:
        return relations.associations(self._api, from_type, external_ids, to_type, by)

    def owners(self) -> list[Owner]:
        return relations.owners(self._api)

    def _defined(self, object_type: str, sensitivity: str) -> list[CrmField]:
        answer = self._api.get(paths.properties(object_type), [("dataSensitivity", sensitivity)])
        definitions = answer.get("results") or []
        return [field_from_definition(item) for item in definitions if not item.get("archived")]

    def _sensitive(self, object_type: str) -> list[CrmField]:
        """Only an app with the scopes for them is told of these."""
        try:
            return self._defined(object_type, "sensitive")
        except CrmError as error:
            if error.failure.kind in (FailureKind.SCOPE, FailureKind.VALIDATION):
                return []
            raise
