from crm_sync.models.allowance import Allowance
from crm_sync.models.connection import Connection, FieldMapping
from crm_sync.models.credential import Credential
from crm_sync.models.queues import InboxEvent, OutboxChange
from crm_sync.models.records import ExternalRecord

__all__ = [
    "Allowance",
    "Connection",
    "Credential",
    "ExternalRecord",
    "FieldMapping",
    "InboxEvent",
    "OutboxChange",
]
