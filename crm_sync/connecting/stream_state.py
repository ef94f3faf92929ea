"""How a connection's stream of changes stands, in words, and what a person does next."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from crm_sync.models import ChangeStream, Connection
from crm_sync.models.change_streams import NOBODY_LISTENS

STARTS_WITHIN = timedelta(seconds=30)  # after it was switched on, or its listener died
BEHIND = timedelta(minutes=2)
TOLD_FOR = timedelta(days=7)
COMMAND = "docker compose --profile salesforce up --detach listener"
LATE = "Older events are still coming in; every change gets here in its order."
STOPPED = "Events wait in Salesforce for up to three days until the connection works again."


@dataclass(frozen=True)
class StreamState:
    stream: ChangeStream
    word: str
    tone: str  # positive, warning, critical, neutral
    icon: str
    text: str = ""
    command: str = ""  # for whoever runs the server

    @property
    def is_bad(self) -> bool:
        return self.tone in ("warning", "critical")

    @property
    def delay(self) -> float | None:
        """Seconds from the last change's being saved in the CRM to its being stored here."""
        if self.stream.event_at is None or self.stream.saved_at is None:
            return None
        ahead = self.stream.connection.clock_ahead
        return max(0.0, (self.stream.event_at - self.stream.saved_at).total_seconds() + ahead)

    @property
    def tries_again(self) -> bool:
        return bool(self.stream.message) and self.stream.next_at > timezone.now()

    @property
    def lost_lately(self) -> bool:
        lost = self.stream.lost_at
        return lost is not None and lost > timezone.now() - TOLD_FOR


def state_of(connection: Connection) -> StreamState | None:
    """None where it is switched off, or there is none."""
    if connection.provider != Connection.Provider.SALESFORCE:
        return None
    stream = ChangeStream.objects.filter(connection=connection, enabled=True).first()
    if stream is None:
        return None
    stream.connection = connection
    return _of(stream)


def _of(stream: ChangeStream) -> StreamState:
    now = timezone.now()
    if stream.connection.status not in (Connection.Status.ACTIVE, Connection.Status.PAUSED):
        return StreamState(stream, "Not listening", "neutral", "plug", STOPPED)
    if stream.leased_until is None or stream.leased_until < now:
        if max(stream.switched_at, stream.leased_until or stream.switched_at) > now - STARTS_WITHIN:
            return StreamState(stream, "Starting", "neutral", "clock", "This takes some seconds.")
        return StreamState(stream, "Nobody is listening", "critical", "warn", NOBODY_LISTENS, COMMAND)
    if stream.message:
        return StreamState(stream, "Not listening", "warning", "warn", stream.message)
    if stream.listening_since is None:
        return StreamState(stream, "Starting", "neutral", "clock", "The line is being opened.")
    state = StreamState(stream, "Catching up", "neutral", "sync", LATE)
    if stream.event_at and stream.event_at > now - BEHIND and (state.delay or 0) > BEHIND.total_seconds():
        return state
    return StreamState(stream, "Listening", "positive", "check")
