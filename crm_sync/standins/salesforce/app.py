"""The stand-in as one ASGI application: Salesforce's API, a page for people, and controls for tests."""

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crm_sync.standins.salesforce import api, oauth, pages
from crm_sync.standins.salesforce.event_bus import Bus
from crm_sync.standins.salesforce.messages import Sender
from crm_sync.standins.salesforce.records import Organization, Rule
from crm_sync.standins.salesforce.wire import Answer, Call, error
from crm_sync.standins.serving import BROKEN, Response, lifespan, serve
from crm_sync.standins.trouble import Burst, Trouble

DAILY = 15_000


class StandIn:
    """All of one organisation. `app` is what uvicorn serves."""

    def __init__(self, *, portal_url: str = "", state: Path | None = None, events_port: int | None = None):
        self.org = Organization(state_file=state)
        self.bus, self.events_port, self.events_server = Bus(self.org), events_port, None
        if events_port is not None:
            self.org.listeners.append(self.bus.changed)
        self.oauth = oauth.OAuth()
        plain = portal_url if state is None else ""  # with a state, it names the hook or there is none
        hook = portal_url.rstrip("/") + self.org.hook if self.org.hook else plain
        self.sender = Sender(self.org, url=hook)
        self.trouble, self.burst, self.delay = Trouble(), Burst(), 0.0
        self.used, self.daily = 0, DAILY  # calls of the last 24 hours, and how many there may be
        self.calls: deque[dict[str, Any]] = deque(maxlen=20_000)

    async def app(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            return await lifespan(receive, send, start=self._start, stop=self._stop)
        return await serve(scope, receive, send, lambda *given: self.respond(Call(*given)))

    def respond(self, call: Call) -> Response:
        if call.path.startswith("/standin/"):
            return _json(self.control(call))
        if call.path in ("/services/oauth2/token", "/services/oauth2/revoke"):
            return _json(self._counted(call, lambda: oauth.answer(self.oauth, self.org, call, _origin(call))))
        if call.path.startswith("/services/data/"):
            return _json(self._counted(call, lambda: self._data(call)))
        return pages.respond(self, call)

    def _counted(self, call: Call, answer: Callable[[], Answer]) -> Answer:
        if self.delay:
            time.sleep(self.delay)
        strikes = self.trouble.strikes(call.path)
        result = self._failure() if strikes else answer()
        if strikes and self.trouble.after_writing:
            answer()
        told = {
            n: call.headers[n] for n in ("if-unmodified-since", "sforce-call-options") if n in call.headers
        }
        made = {"method": call.method, "path": call.path, "status": result.status, "headers": told}
        self.calls.append(made | {"q": call.first("q")})
        return result

    def _data(self, call: Call) -> Answer:
        if not self.oauth.allows(call.headers.get("authorization", "").removeprefix("Bearer ")):
            return error(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if self.used >= self.daily:
            return error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        if not self.burst.allows():
            return error(503, "SERVER_UNAVAILABLE", "Too many requests at once.")
        self.used += 1
        result = api.answer(self.org, call)
        result.headers["Sforce-Limit-Info"] = f"api-usage={self.used}/{self.daily}"
        return result

    def _failure(self) -> Answer:
        trouble = self.trouble
        if trouble.status == 0:
            return Answer(BROKEN)
        headers = {"Retry-After": trouble.retry_after} if trouble.retry_after else {}
        body: Any = trouble.body or [{"errorCode": "SERVER_UNAVAILABLE", "message": "Salesforce is busy."}]
        return Answer(trouble.status, body, headers)

    def control(self, call: Call) -> Answer:
        """For tests and the demo; Salesforce has nothing of the kind."""
        match [call.method, call.path.removeprefix("/standin/")]:
            case ["POST", "seed"]:
                self.org.load(call.json())
            case ["POST", "reset"]:
                self.reset()
            case ["POST", "knobs"]:
                self._turn(call.json())
            case ["POST", "acts"]:
                return self._act(call.json())
            case ["GET", "state"]:
                return Answer(200, self._state())
            case _:
                return Answer(404, {"message": "Try seed, reset, knobs, acts or state."})
        return Answer(200, {"ok": True})

    def reset(self) -> None:
        self.org.reset()
        self.oauth = oauth.OAuth()
        self.trouble, self.burst, self.delay, self.used, self.daily = Trouble(), Burst(), 0.0, 0, DAILY
        self.calls.clear()
        self.sender.deliveries.clear()
        self.bus.reset()

    def _turn(self, knobs: dict[str, Any]) -> None:
        """{"fail": {…Trouble}, "delay": seconds, "messages": {…}, "burst": {…}, "used": n, "daily": n, "oauth": {…},
        "hidden": [[object, field]], "locked": [ids], "rules": [{…Rule}], "portal_url": address, "events": {…}}"""
        self.delay = float(knobs.get("delay", self.delay))
        self.used, self.daily = knobs.get("used", self.used), knobs.get("daily", self.daily)
        self.sender.url = knobs.get("portal_url", self.sender.url)
        if "fail" in knobs:
            self.trouble = Trouble(**knobs["fail"])
        if "burst" in knobs:
            self.burst = Burst(**knobs["burst"])
        if "hidden" in knobs:
            self.org.hidden = {(name, field) for name, field in knobs["hidden"]}
        if "locked" in knobs:
            self.org.locked = set(knobs["locked"])
        if "rules" in knobs:
            self.org.rules = [Rule(**rule) for rule in knobs["rules"]]
        targets = (("messages", self.sender.knobs), ("oauth", self.oauth), ("events", self.bus.knobs))
        for part, target in targets:
            for name, value in (knobs.get(part) or {}).items():
                setattr(target, name, value)
        self.bus.wake()

    def _act(self, act: dict[str, Any]) -> Answer:
        """What the vendor's people do in Salesforce."""
        name, record_id = str(act.get("object", "Account")), str(act.get("id", ""))
        match act.get("do"):
            case "edit":
                self.org.change(name, record_id, act["values"], by_app=False)
            case "create":
                record_id = self.org.create(name, act["values"], by_app=False)["Id"]
            case "delete":
                self.org.delete(name, record_id)
            case "undelete":
                self.org.undelete(name, record_id)
            case "merge":
                self.org.merge(name, record_id, act["others"])
            case "publish":  # an event of its own, such as a gap
                self.bus.publish(name, act.get("ids", []), act["happening"], act.get("fields", []))
            case "forget places":
                self.bus.forget_places()
            case _:
                return Answer(404, {"message": "This stand-in does not know how to do that."})
        return Answer(200, {"ok": True, "id": record_id})

    def _state(self) -> dict[str, Any]:
        deliveries = [asdict(d) | {"at": d.at.isoformat()} for d in list(self.sender.deliveries)]
        return {
            "organizationId": self.org.id,
            "records": {name: len(rows) for name, rows in self.org.records.items()},
            "writes": self.org.writes,
            "refreshes": self.oauth.refreshes,
            "used": self.used,
            "waiting": self.sender.waiting(),
            "events": {"port": self.events_port, "published": self.bus.number, "lines": len(self.bus.lines)},
            "calls": list(self.calls)[-1000:],
            "deliveries": deliveries,
        }

    def _start(self) -> None:
        self.sender.start()
        if self.events_port is not None:
            from crm_sync.standins.salesforce import pubsub  # gRPC only where it is asked for

            self.events_server, self.events_port = pubsub.serve(
                self.bus, self.events_port, allows=lambda token: self.oauth.allows(token)
            )

    def _stop(self) -> None:
        self.sender.stop()
        if self.events_server:
            self.events_server.stop(grace=0)
        self.org.flush()


def _origin(call: Call) -> str:
    return f"http://{call.headers.get('host', '127.0.0.1')}"


def _json(result: Answer) -> Response:
    if result.status in (204, BROKEN) or result.body is None:
        return result.status, result.headers, b""
    headers = {"Content-Type": "application/json;charset=UTF-8"} | result.headers
    content = result.body if isinstance(result.body, str) else json.dumps(result.body)
    return result.status, headers, content.encode()
