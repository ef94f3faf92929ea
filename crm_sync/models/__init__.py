from crm_sync.models.allowance import Allowance
from crm_sync.models.change_streams import ChangeStream
from crm_sync.models.conflicts import Conflict
from crm_sync.models.connection import Connection, FieldMapping
from crm_sync.models.credential import Credential
from crm_sync.models.jobs import AuditEntry, ImportRule, ScanPosition, SyncJob
from crm_sync.models.making import OutboxRecord
from crm_sync.models.mass_changes import CountedChange, MassChange
from crm_sync.models.people import CrmUser
from crm_sync.models.queues import InboxEvent, OutboxChange
from crm_sync.models.records import ExternalRecord, FormerId, Tombstone
from crm_sync.models.sampling import Sampling

__all__ = [
    "Allowance",
    "AuditEntry",
    "ChangeStream",
    "Conflict",
    "Connection",
    "CountedChange",
    "Credential",
    "CrmUser",
    "ExternalRecord",
    "FieldMapping",
    "FormerId",
    "ImportRule",
    "InboxEvent",
    "MassChange",
    "OutboxChange",
    "OutboxRecord",
    "Sampling",
    "ScanPosition",
    "SyncJob",
    "Tombstone",
]
