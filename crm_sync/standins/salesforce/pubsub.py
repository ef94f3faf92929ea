"""The stand-in's Pub/Sub API: gRPC, with Salesforce's flow control, signs of life and refusals."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import grpc

from crm_sync.connectors.salesforce.pubsub import pubsub_api_pb2 as wire
from crm_sync.connectors.salesforce.pubsub import pubsub_api_pb2_grpc as service
from crm_sync.standins.salesforce.event_bus import Bus, Stored

PREFIX = "sfdc.platform.eventbus.grpc."
MOST_REQUESTED = 100
STATUS = grpc.StatusCode


class Line:
    """One subscriber: where it stands, and how many more events it takes."""

    def __init__(self, bus: Bus, objects: tuple[str, ...], number: int, wanted: int):
        self.bus, self.objects, self.number, self.wanted = bus, objects, number, wanted
        self.answers, self.heard_at = 0, time.monotonic()

    def listen_for_more(self, requests: Iterator[wire.FetchRequest], context: Any) -> None:
        try:
            for request in requests:
                self.wanted += request.num_requested
                self.bus.wake()
        except grpc.RpcError:
            pass  # the subscriber has gone
        finally:
            self.bus.wake()

    def answer(self) -> wire.FetchResponse | None:
        """What there is to say now, if anything is."""
        knobs = self.bus.knobs
        if not self.wanted:
            return None
        events = self.bus.after(self.number, self.objects, min(self.wanted, knobs.together))
        if not events and not knobs.end_when_idle and time.monotonic() - self.heard_at < knobs.keepalive:
            return None
        self.wanted -= len(events)
        self.number = events[-1].number if events else max(self.number, self.bus.number)
        self.answers, self.heard_at = self.answers + 1, time.monotonic()
        return wire.FetchResponse(
            events=[_event(stored) for stored in events],
            latest_replay_id=self.bus.place_of(self.number),
            pending_num_requested=self.wanted,
        )


class PubSub(service.PubSubServicer):
    def __init__(self, bus: Bus, allows: Callable[[str], bool]):
        self.bus, self.allows = bus, allows

    def Subscribe(self, request_iterator: Any, context: Any) -> Iterator[wire.FetchResponse]:
        signed = self._signed_in(context)
        requests = iter(request_iterator)
        first = next(requests)
        self._noted(first, signed)
        line = self._line(first, context)
        threading.Thread(target=line.listen_for_more, args=(requests, context), daemon=True).start()
        context.add_callback(self.bus.wake)
        while context.is_active():
            with self.bus.moved:
                response = line.answer()
                if response is None:
                    self.bus.moved.wait(timeout=min(0.5, self.bus.knobs.keepalive))
                    continue
            yield response
            if self.bus.knobs.break_after and line.answers >= self.bus.knobs.break_after:
                _abort(context, STATUS.UNAVAILABLE, "service.unavailable", "The line broke.")
            if self.bus.knobs.end_when_idle and not response.events:
                return

    def GetSchema(self, request: Any, context: Any) -> wire.SchemaInfo:
        self._signed_in(context)
        self.bus.schemas_asked += 1
        form = self.bus.forms.get(request.schema_id)
        if form is None:
            _abort(context, STATUS.INVALID_ARGUMENT, "schema.validation.failed", "No such schema.")
        return wire.SchemaInfo(schema_json=form.schema_json, schema_id=request.schema_id)

    def _signed_in(self, context: Any) -> dict[str, str]:
        signed = dict(context.invocation_metadata())
        if not self.allows(str(signed.get("accesstoken", ""))):
            _abort(
                context, STATUS.UNAUTHENTICATED, "service.auth.error", "An authentication exception occurred."
            )
        if signed.get("tenantid") != self.bus.org.id or not signed.get("instanceurl"):
            _abort(context, STATUS.INVALID_ARGUMENT, "service.auth.headers.invalid", "The headers are wrong.")
        return {name: str(value) for name, value in signed.items()}

    def _line(self, first: wire.FetchRequest, context: Any) -> Line:
        objects = self.bus.objects_of(first.topic_name)
        if code := self.bus.knobs.refuse:
            _abort(context, STATUS.RESOURCE_EXHAUSTED, code, "Not now.")
        if objects is None:
            _abort(
                context, STATUS.NOT_FOUND, "topic.not.found", f"The topic {first.topic_name} was not found."
            )
        if not 0 < first.num_requested <= MOST_REQUESTED:
            text = "num_requested must be between 1 and 100."
            _abort(context, STATUS.INVALID_ARGUMENT, "subscription.fetch.requested.events.invalid", text)
        return Line(self.bus, objects, self._start(first, context), first.num_requested)

    def _start(self, first: wire.FetchRequest, context: Any) -> int:
        if first.replay_preset == wire.EARLIEST:
            return 0
        if first.replay_preset == wire.LATEST:
            return self.bus.number
        number = self.bus.number_at(first.replay_id)
        if number is None:
            text = "The Replay ID validation failed."
            _abort(context, STATUS.INVALID_ARGUMENT, "subscription.fetch.replayid.corrupted", text)
        return number

    def _noted(self, first: wire.FetchRequest, signed: dict[str, str]) -> None:
        preset = wire.ReplayPreset.Name(first.replay_preset)
        line = {"channel": first.topic_name, "preset": preset, "place": bytes(first.replay_id).hex()}
        self.bus.lines.append(line | {"token": signed["accesstoken"]})


def serve(bus: Bus, port: int, *, allows: Callable[[str], bool]) -> tuple[grpc.Server, int]:
    """Started, and the port where it listens. `allows`: whether an access token is good."""
    server = grpc.server(ThreadPoolExecutor(max_workers=16, thread_name_prefix="event bus"))
    service.add_PubSubServicer_to_server(PubSub(bus, allows), server)
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, bound


def _event(stored: Stored) -> wire.ConsumerEvent:
    event = wire.ProducerEvent(id=stored.id, schema_id=stored.schema_id, payload=stored.payload)
    return wire.ConsumerEvent(event=event, replay_id=stored.place)


def _abort(context: Any, status: grpc.StatusCode, code: str, text: str) -> NoReturn:
    context.set_trailing_metadata((("error-code", PREFIX + code),))
    context.abort(status, f"{text} rpcId: {id(context):x}")
    raise AssertionError  # abort has raised by now
