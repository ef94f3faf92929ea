"""Where people find a record in the CRM itself."""

from django.conf import settings

from crm_sync.connecting import signing
from crm_sync.connectors.salesforce import soql
from crm_sync.models import Connection
from portal.deals.attributed import InCrm

HUBSPOT_TYPES = {"contact": "0-1", "company": "0-2", "deal": "0-3", "lead": "0-136"}


def page_of(connection: Connection, object_type: str, external_id: str) -> str:
    if connection.provider == Connection.Provider.SALESFORCE:
        host = signing.address_of(connection).rstrip("/")
        return f"{host}/lightning/r/{soql.OBJECTS[object_type]}/{external_id}/view"
    host = settings.HUBSPOT_APP_URL.rstrip("/")
    return f"{host}/contacts/{connection.account}/record/{HUBSPOT_TYPES[object_type]}/{external_id}"


def in_crm(connection: Connection, object_type: str, external_id: str) -> InCrm:
    page = page_of(connection, object_type, external_id)
    return InCrm(connection.provider, external_id, page[:500])
