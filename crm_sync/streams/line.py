"""One line: signed in, kept open, and opened again when it breaks. Loads gRPC, which only the listener needs."""

import logging
import random
import threading
import time
from datetime import timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from crm_sync.connecting import tokens
from crm_sync.connectors.failures import CrmError, Failure, FailureKind
from crm_sync.connectors.salesforce.event_schemas import Schemas
from crm_sync.connectors.salesforce.stream_errors import PlaceLost
from crm_sync.connectors.salesforce.subscription import Start, Subscription
from crm_sync.models import ChangeStream
from crm_sync.streams import keeping, leases
from workspaces.tenancy import workspace_transaction

log = logging.getLogger(__name__)
SILENCE = 300.0  # seconds: Salesforce gives a sign of life within 270
OPEN_AFTER = 2.0  # seconds without a refusal; Salesforce does not say that a line is open
LONGEST_PAUSE = 300.0
PAUSES = {FailureKind.LIMIT: 3600.0, FailureKind.SCOPE: 60.0}  # until somebody may have mended it
BROKEN = Failure(FailureKind.UNKNOWN, "Something went wrong here; see the listener's log.")


class Line:
    """Runs in a thread of its own; `stop` and `check` are called from another one."""

    def __init__(self, tenure: leases.Tenure):
        self.tenure, self.schemas = tenure, Schemas()
        self.stopping = threading.Event()
        self.subscription: Subscription | None = None
        self.opened_at = self.heard_at = 0.0  # by the monotonic clock
        self.token_renewed = False
        self.thread = threading.Thread(target=self.run, name=f"line {tenure.stream_id}", daemon=True)

    def run(self) -> None:
        while not self.stopping.is_set():
            self.stopping.wait(self.attempt())

    def stop(self) -> None:
        self.stopping.set()
        if self.subscription:
            self.subscription.cancel()

    @property
    def is_open(self) -> bool:
        return bool(self.opened_at) and time.monotonic() - self.opened_at > OPEN_AFTER

    def check(self) -> None:
        """A line that has died without a word is given up."""
        if self.opened_at and time.monotonic() - max(self.opened_at, self.heard_at) > SILENCE:
            log.warning("A line of Salesforce's has been silent for too long; opening another one")
            if self.subscription:
                self.subscription.cancel()

    def attempt(self) -> float:
        """One line from its beginning to its end; in how many seconds to open the next."""
        try:
            self.listen()
            return random.uniform(0.1, 1.0)  # noqa: S311
        except leases.Lost:
            self.stopping.set()
            return 0.0
        except (OperationalError, InterfaceError) as error:
            log.warning("The database is away: %s", error)
            return 2.0
        except Exception as error:
            return self._after(error)
        finally:
            self.opened_at = 0.0
            leases.let_database_go()

    def listen(self) -> None:
        """Until the line ends. Each batch is kept before more is asked for."""
        with workspace_transaction(self.tenure.workspace_id):
            stream = leases.held(self.tenure)
        key = tokens.key_for(stream.connection)
        self.token = key.token
        self.subscription = _subscribed(stream, key, self.schemas)
        if self.stopping.is_set():  # meanwhile
            self.subscription.cancel()
        self.opened_at = time.monotonic()
        leases.let_database_go()
        for batch in self.subscription:
            keeping.keep(self.tenure, batch.changes, batch.place)
            leases.let_database_go()
            self.heard_at, self.token_renewed = time.monotonic(), False
            if batch.pending <= 0:
                self.subscription.more()

    def _after(self, error: Exception) -> float:
        try:
            if isinstance(error, PlaceLost):
                return 0.0 if keeping.lose_place(self.tenure) == 1 else LONGEST_PAUSE
            if not isinstance(error, CrmError):
                log.exception("A line of Salesforce's broke on our side")
                return self._note(BROKEN)
            if error.failure.kind == FailureKind.AUTH and not self.token_renewed:
                self._renew_token()
                return 0.0
            return self._note(error.failure)
        except CrmError as refused:  # a new token
            return self._note(refused.failure)
        except leases.Lost:
            self.stopping.set()
            return 0.0

    def _renew_token(self) -> None:
        with workspace_transaction(self.tenure.workspace_id):
            connection = leases.held(self.tenure).connection
        tokens.renewed(connection, self.token)
        self.token_renewed = True  # and if that one is refused too, it is no matter of tokens

    def _note(self, failure: Failure) -> float:
        """The pause, and why, for the people who look at it."""
        with workspace_transaction(self.tenure.workspace_id):
            stream = leases.held(self.tenure)
            stream.tries += 1
            pause = PAUSES.get(failure.kind) or min(LONGEST_PAUSE, 2.0 ** min(stream.tries, 10))
            pause = failure.retry_after or random.uniform(pause / 2, pause)  # noqa: S311
            stream.message, stream.listening_since = failure.message, None
            stream.next_at = timezone.now() + timedelta(seconds=pause)
            stream.save(update_fields=["tries", "message", "listening_since", "next_at"])
        return pause


def _subscribed(stream: ChangeStream, key: tokens.Key, schemas: Schemas) -> Subscription:
    stand_in = settings.SALESFORCE_STANDIN_EVENTS if key.address == settings.SALESFORCE_STANDIN_URL else ""
    return Subscription(
        stand_in or settings.SALESFORCE_EVENTS,
        token=key.token,
        instance_url=key.address,
        organization=stream.connection.account,
        channel=stream.channel,
        start=Start(bytes(stream.place or b""), earliest=stream.from_earliest),
        schemas=schemas,
        plain=bool(stand_in),
    )
