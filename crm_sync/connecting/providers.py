"""Which code speaks for a connection. A new CRM is one more entry here and one more folder of connectors."""

from django.conf import settings

from crm_sync.connectors.base import Connector
from crm_sync.connectors.hubspot.client import client_for
from crm_sync.models import Connection


def connector_for(connection: Connection) -> Connector:
    return client_for(connection.token, settings.HUBSPOT_API_URL)
