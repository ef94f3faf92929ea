"""Admins hear of a line that has been silent for long: once, and again only after it was heard."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from crm_sync.agreement import audit
from crm_sync.connecting.stream_state import NOBODY
from crm_sync.limits.trouble import tell_admins
from crm_sync.models import ChangeStream

SILENT = timedelta(minutes=20)  # a line that is open gives a sign of life every five
TOLD = "Change Data Capture has been silent since {since:%H:%M} UTC. Changes are found by asking until it is back."


def tell() -> None:
    """In a transaction of the workspace, now and then."""
    since = timezone.now() - SILENT
    quiet = ChangeStream.objects.listenable().filter(
        Q(heard_at=None) | Q(heard_at__lt=since), switched_at__lt=since, told_at=None
    )
    for stream in quiet.select_related("connection").select_for_update(of=("self",), skip_locked=True):
        stream.told_at = timezone.now()
        stream.save(update_fields=["told_at"])
        begun = stream.heard_at or stream.switched_at
        audit.note(stream.connection, "stream", TOLD.format(since=begun))
        tell_admins(stream.connection, "emails/crm_stream", {"since": begun, "why": stream.message or NOBODY})
