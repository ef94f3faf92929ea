"""Switching a connection's stream on and off, and to another channel."""

from django.db import connection as database
from django.utils import timezone

from crm_sync.agreement import audit
from crm_sync.models import ChangeStream, Connection

BELL = "streams"  # of PostgreSQL, heard by the listener


def switch_on(connection: Connection, *, channel: str, by: object) -> ChangeStream:
    """From now on: what changed before is for the sweeps. Another channel has places of its own."""
    stream, made = ChangeStream.objects.get_or_create(
        connection=connection, defaults={"channel": channel, "switched_by": str(by)}
    )
    if not made and stream.enabled and stream.channel == channel:
        return stream
    _begin(stream, enabled=True, channel=channel, by=by)
    audit.note(connection, "stream", f"Change Data Capture was switched on, channel {channel}.", by=by)
    return stream


def switch_off(connection: Connection, *, by: object) -> None:
    stream = ChangeStream.objects.filter(connection=connection, enabled=True).first()
    if stream is not None:
        _begin(stream, enabled=False, channel=stream.channel, by=by)
        audit.note(connection, "stream", "Change Data Capture was switched off.", by=by)


def _begin(stream: ChangeStream, *, enabled: bool, channel: str, by: object) -> None:
    """Whoever listens loses its lease with this, and stores nothing more."""
    now = timezone.now()
    ChangeStream.objects.filter(pk=stream.pk).update(
        enabled=enabled, channel=channel, switched_at=now, switched_by=str(by), next_at=now,
        place=None, from_earliest=False, listener=None, leased_until=None, listening_since=None,
        heard_at=None, event_at=None, saved_at=None, lost_at=None, told_at=None, message="", tries=0,
    )  # fmt: skip
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [BELL])
