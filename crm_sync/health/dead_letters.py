"""Trying again what failed or was refused."""

from django.utils import timezone

from crm_sync.models import OutboxChange
from crm_sync.models.queues import INBOX, OUTBOX
from workspaces.jobs import leave_work


def replay_events(events) -> int:
    """Tries events again that failed or were put aside."""
    again = events.filter(state__in=["dead", "skipped"])
    count = again.update(state="pending", tries=0, next_at=timezone.now(), reason="", handled_at=None)
    if count:
        leave_work(INBOX)
    return count


def resend(changes) -> int:
    """Sends values again that the CRM refused or that were given up, unless a newer one waits."""
    count = 0
    for change in changes.filter(state__in=["parked", "dead"]).select_for_update():
        newer = OutboxChange.objects.filter(link=change.link_id, mapping=change.mapping_id, state="pending")
        if newer.exists():
            continue
        change.state, change.tries, change.next_at, change.finished_at = "pending", 0, timezone.now(), None
        change.save(update_fields=["state", "tries", "next_at", "finished_at"])
        count += 1
    if count:
        leave_work(OUTBOX)
    return count
