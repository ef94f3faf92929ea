"""Which code speaks for a connection. A new CRM is one more entry here and one more folder of connectors."""

from functools import partial

from django.conf import settings

from crm_sync.connecting import tokens
from crm_sync.connectors.base import Connector
from crm_sync.connectors.hubspot import client as hubspot
from crm_sync.connectors.salesforce import client as salesforce
from crm_sync.connectors.throttling import Priority
from crm_sync.limits.budgets import Budget
from crm_sync.models import Connection


def connector_for(connection: Connection, priority: Priority = Priority.EVENT) -> Connector:
    """Ready to be asked. Raises CrmError where nobody is signed in; no transaction may be open."""
    key = tokens.key_for(connection)
    budget = Budget(connection, priority)
    renew = partial(tokens.renewed, connection)
    if connection.provider == Connection.Provider.SALESFORCE:
        return salesforce.client_for(key.token, key.address, budget, renew)
    return hubspot.client_for(key.token, settings.HUBSPOT_API_URL, budget, renew)
