from crm_sync.models.connection import Connection, FieldMapping
from crm_sync.models.queues import InboxEvent, OutboxChange
from crm_sync.models.records import ExternalRecord

__all__ = ["Connection", "ExternalRecord", "FieldMapping", "InboxEvent", "OutboxChange"]
