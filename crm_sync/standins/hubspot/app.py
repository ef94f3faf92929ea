"""The stand-in as one ASGI application: HubSpot's API, a page for people, and controls for tests."""

import asyncio
import json
import time
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from crm_sync.standins.hubspot import pages
from crm_sync.standins.hubspot.records import Portal
from crm_sync.standins.hubspot.webhooks import Sender
from crm_sync.standins.hubspot.wire import Answer, Call, answer, refusal, too_many

BODY_LIMIT = 5_000_000


@dataclass
class Trouble:
    """How the next calls of the API fail."""

    count: int = 0
    status: int = 500
    retry_after: str = ""
    policy: str = "TEN_SECONDLY_ROLLING"
    only: str = ""  # a part of the address
    after_writing: bool = False  # do it, then fail: the caller cannot know


class StandIn:
    """All of one account. `app` is what uvicorn serves."""

    def __init__(
        self, *, token: str, secret: str, app_id: str, portal_url: str = "", state: Path | None = None
    ):
        self.token = token
        self.portal = Portal(state_file=state)
        self.sender = Sender(self.portal, url=portal_url, secret=secret, app_id=app_id)
        self.trouble = Trouble()
        self.delay = 0.0
        self.calls: deque[dict[str, Any]] = deque(maxlen=1000)

    async def app(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            return await self._lifespan(receive, send)
        body = await _body(receive)
        call = Call(
            scope["method"],
            scope["path"],
            parse_qs(scope["query_string"].decode(), keep_blank_values=True),
            {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]},
            body,
        )
        # A thread, so that a delay asked for by a test holds up that one call only.
        status, headers, content = await asyncio.to_thread(self.respond, call)
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": content})
        return None

    def respond(self, call: Call) -> tuple[int, dict[str, str], bytes]:
        if call.path.startswith("/standin/"):
            return _json(self.control(call))
        if call.path.startswith(("/crm/", "/account-info/")):
            return _json(self.api(call))
        return pages.respond(self, call)

    def api(self, call: Call) -> Answer:
        if self.delay:
            time.sleep(self.delay)
        failure = self._next_failure(call)
        result = failure if failure and not self.trouble.after_writing else None
        result = result or answer(self.portal, self.token, call)
        if failure:
            result = failure
        self.calls.append({"method": call.method, "path": call.path, "status": result.status})
        return result

    def control(self, call: Call) -> Answer:
        match [call.method, call.path.removeprefix("/standin/")]:
            case ["POST", "seed"]:
                self.portal.load(call.json())
            case ["POST", "reset"]:
                self.portal.reset()
                self.trouble, self.delay = Trouble(), 0.0
                self.calls.clear()
                self.sender.deliveries.clear()
            case ["POST", "knobs"]:
                self._turn(call.json())
            case ["GET", "state"]:
                return Answer(200, self._state())
            case _:
                return Answer(404, {"message": "Try seed, reset, knobs or state."})
        return Answer(200, {"ok": True})

    def _turn(self, knobs: dict[str, Any]) -> None:
        """{"fail": {…Trouble}, "delay": seconds, "webhooks": {…Knobs}}"""
        self.delay = float(knobs.get("delay", self.delay))
        if "fail" in knobs:
            self.trouble = Trouble(**knobs["fail"])
        for name, value in (knobs.get("webhooks") or {}).items():
            setattr(self.sender.knobs, name, value)

    def _state(self) -> dict[str, Any]:
        deliveries = [asdict(d) | {"at": d.at.isoformat()} for d in list(self.sender.deliveries)]
        counts = {kind: len(records) for kind, records in self.portal.records.items()}
        return {
            "portalId": self.portal.id,
            "records": counts,
            "writes": self.portal.writes,
            "waiting": self.sender.waiting(),
            "calls": list(self.calls),
            "deliveries": deliveries,
        }

    def _next_failure(self, call: Call) -> Answer | None:
        trouble = self.trouble
        if trouble.count < 1 or trouble.only not in call.path:
            return None
        trouble.count -= 1
        if trouble.status == 429:
            return too_many(trouble.retry_after, trouble.policy)
        headers = {"Retry-After": trouble.retry_after} if trouble.retry_after else {}
        return Answer(trouble.status, refusal("internal error", "INTERNAL_ERROR"), headers)

    async def _lifespan(self, receive, send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.sender.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                self.sender.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _json(result: Answer) -> tuple[int, dict[str, str], bytes]:
    headers = {"Content-Type": "application/json;charset=utf-8"} | result.headers
    return result.status, headers, json.dumps(result.body).encode()


async def _body(receive) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if not message.get("more_body") or size > BODY_LIMIT:
            return b"".join(parts)
