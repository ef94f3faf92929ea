"""A line to Salesforce's Pub/Sub API: one channel of one organisation, taken in portions and signed in by a token."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue

import grpc

from crm_sync.connectors.salesforce import stream_errors
from crm_sync.connectors.salesforce.changes import Change, change_from, unreadable
from crm_sync.connectors.salesforce.event_schemas import Schemas, Unreadable
from crm_sync.connectors.salesforce.pubsub import pubsub_api_pb2 as wire
from crm_sync.connectors.salesforce.pubsub.pubsub_api_pb2_grpc import PubSubStub

PORTION = 100  # events; Salesforce sends no more at once
ANSWERS_WITHIN = 30.0  # seconds, to the question for a schema
OPTIONS = (
    ("grpc.max_receive_message_length", 128 * 1024 * 1024),  # a hundred events of a megabyte each, and more
    ("grpc.enable_retries", 0),  # trying again is ours
    ("grpc.enable_http_proxy", 0),  # no proxy that nobody configured
)


@dataclass(frozen=True)
class Batch:
    """What came in one piece, and the place behind it. Without changes it says that the line is alive."""

    changes: Sequence[Change]
    place: bytes
    pending: int  # how much of our portion is still to come


@dataclass(frozen=True)
class Start:
    """Where in the stream to begin: behind a place that was kept, else at its end or at its beginning."""

    place: bytes = b""
    earliest: bool = False

    def as_request(self, channel: str) -> wire.FetchRequest:
        preset = wire.CUSTOM if self.place else wire.EARLIEST if self.earliest else wire.LATEST
        return wire.FetchRequest(
            topic_name=channel, replay_preset=preset, replay_id=self.place, num_requested=PORTION
        )


class Subscription:
    """Iterate over it for batches; `more()` once what came is kept; `cancel()` from any thread.

    Raises CrmError, or stream_errors.PlaceLost where Salesforce no longer knows the place.
    """

    def __init__(
        self,
        address: str,
        *,
        token: str,
        instance_url: str,
        organization: str,
        channel: str,
        start: Start,
        schemas: Schemas,
        plain: bool = False,
    ):
        self._line = _line(address, plain=plain)
        self._stub = PubSubStub(self._line)
        self._signed = (("accesstoken", token), ("instanceurl", instance_url), ("tenantid", organization))
        self._schemas, self.cancelled = schemas, False
        self._requests: SimpleQueue[wire.FetchRequest | None] = SimpleQueue()
        self._requests.put(start.as_request(channel))
        self._call = self._stub.Subscribe(iter(self._requests.get, None), metadata=self._signed)

    def __iter__(self) -> Iterator[Batch]:
        try:
            for response in self._call:
                yield self._batch(response)
        except grpc.RpcError as error:
            if not self.cancelled:
                raise stream_errors.raised_for(error) from error
        finally:
            self.close()

    def more(self) -> None:
        self._requests.put(wire.FetchRequest(num_requested=PORTION))

    def cancel(self) -> None:
        self.cancelled = True
        self._call.cancel()

    def close(self) -> None:
        self._requests.put(None)  # ends the thread that sends our requests
        with suppress(grpc.RpcError):
            self._call.cancel()
        self._line.close()

    def _batch(self, response: wire.FetchResponse) -> Batch:
        changes = [self._change(event) for event in response.events]
        place = response.events[-1].replay_id if response.events else response.latest_replay_id
        return Batch(changes, place, response.pending_num_requested)

    def _change(self, found: wire.ConsumerEvent) -> Change:
        event, place = found.event, found.replay_id
        try:
            schema = self._schemas.get(event.schema_id, self._schema)
            return change_from(schema, event.payload, event_id=event.id or place.hex(), place=place)
        except Unreadable:
            return unreadable(event.id or place.hex(), place)

    def _schema(self, schema_id: str) -> str:
        request = wire.SchemaRequest(schema_id=schema_id)
        return self._stub.GetSchema(request, metadata=self._signed, timeout=ANSWERS_WITHIN).schema_json


def _line(address: str, *, plain: bool) -> grpc.Channel:
    """`plain`: to a stand-in on this machine."""
    if plain:
        return grpc.insecure_channel(address, options=OPTIONS)
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(), options=OPTIONS)
