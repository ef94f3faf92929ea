"""Asking for records to be read again."""

from collections.abc import Iterable

from crm_sync.models import ExternalRecord, InboxEvent
from crm_sync.models.queues import INBOX, REFRESH
from workspaces.jobs import leave_work
from workspaces.keys import uuid7


def refresh(links: Iterable[ExternalRecord]) -> None:
    """Asks for records to be read again, as if the CRM had told us of a change."""
    rows = [
        InboxEvent(
            connection_id=link.connection_id,
            fingerprint=uuid7().hex,
            kind=REFRESH,
            object_type=link.object_type,
            external_id=link.external_id,
        )
        for link in links
    ]
    if rows:
        InboxEvent.objects.bulk_create(rows, batch_size=1000)
        leave_work(INBOX)
