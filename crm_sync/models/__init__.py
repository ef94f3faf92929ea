from crm_sync.models.allowance import Allowance
from crm_sync.models.change_streams import ChangeStream
from crm_sync.models.conflicts import Conflict
from crm_sync.models.connection import Connection, FieldMapping
from crm_sync.models.credential import Credential
from crm_sync.models.jobs import AuditEntry, ImportRule, ScanPosition, SyncJob
from crm_sync.models.mass_changes import CountedChange, MassChange
from crm_sync.models.queues import InboxEvent, OutboxChange
from crm_sync.models.records import ExternalRecord, FormerId, Tombstone

__all__ = [
    "Allowance",
    "AuditEntry",
    "ChangeStream",
    "Conflict",
    "Connection",
    "CountedChange",
    "Credential",
    "ExternalRecord",
    "FieldMapping",
    "FormerId",
    "ImportRule",
    "InboxEvent",
    "MassChange",
    "OutboxChange",
    "ScanPosition",
    "SyncJob",
    "Tombstone",
]
