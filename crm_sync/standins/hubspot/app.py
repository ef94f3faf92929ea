"""The stand-in as one ASGI application: HubSpot's API, a page for people, and controls for tests."""

import json
import time
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crm_sync.standins.hubspot import api, lives, oauth, pages
from crm_sync.standins.hubspot.records import TYPES, Portal, Rule
from crm_sync.standins.hubspot.search import Knobs
from crm_sync.standins.hubspot.webhooks import Sender
from crm_sync.standins.hubspot.wire import Access, Answer, Call, refusal, too_many
from crm_sync.standins.serving import BROKEN, Response, lifespan, serve
from crm_sync.standins.trouble import Burst, Trouble

API = ("/crm/", "/account-info/", "/oauth/v", "/oauth/2", "/appinstalls/")


class StandIn:
    """All of one account. `app` is what uvicorn serves."""

    def __init__(
        self, *, token: str, secret: str, app_id: str, portal_url: str = "", state: Path | None = None
    ):
        self.access = Access(token)
        self.oauth = oauth.OAuth(client_secret=secret)
        self.portal = Portal(state_file=state)
        self.sender = Sender(self.portal, url=portal_url, secret=secret, app_id=app_id)
        self.trouble, self.burst, self.knobs = Trouble(), Burst(), Knobs()
        self.delay = 0.0
        self.calls: deque[dict[str, Any]] = deque(maxlen=20_000)

    @property
    def token(self) -> str:
        return self.access.token

    @token.setter
    def token(self, value: str) -> None:
        self.access.token = value

    async def app(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            return await lifespan(receive, send, start=self.sender.start, stop=self._stop)
        return await serve(scope, receive, send, lambda *given: self.respond(Call(*given)))

    def respond(self, call: Call) -> Response:
        if call.path.startswith("/standin/"):
            return _json(self.control(call))
        if call.path.startswith(API):
            return _json(self.api(call))
        return pages.respond(self, call)

    def api(self, call: Call) -> Answer:
        if self.delay:
            time.sleep(self.delay)
        failure = self._next_failure(call)
        done = None if failure and not self.trouble.after_writing else self._answer(call)
        result = failure or done or Answer(500, None)
        self.calls.append({"method": call.method, "path": call.path, "status": result.status})
        return result

    def _answer(self, call: Call) -> Answer:
        for token in [t for t in self.access.given if not self.oauth.is_live(t)]:
            self.access.given.pop(token, None)
        if call.parts[0] == "oauth":
            return oauth.token_answer(self.oauth, self.portal, self.access, call)
        if call.parts[0] == "appinstalls":
            return oauth.uninstall(self.oauth, self.access, call.headers.get("authorization", ""))
        return api.answer(self.portal, self.access, call, self.knobs)

    def control(self, call: Call) -> Answer:
        """For tests and the demo; HubSpot has nothing of the kind."""
        match [call.method, call.path.removeprefix("/standin/")]:
            case ["POST", "seed"]:
                self.portal.load(call.json())
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
        self.portal.reset()
        self.trouble, self.burst, self.knobs, self.delay = Trouble(), Burst(), Knobs(), 0.0
        self.access.given.clear()
        self.access.withheld = []
        self.oauth = oauth.OAuth(client_secret=self.oauth.client_secret)
        self.calls.clear()
        self.sender.deliveries.clear()

    def _turn(self, knobs: dict[str, Any]) -> None:
        """{"fail": {…Trouble}, "delay": seconds, "webhooks": {…}, "lag": {…Knobs}, "burst": {…}, "withheld": […],
        "rules": [{…Rule}], "needs": [{"property", "is", "needs"}], "oauth": {…}}"""
        self.delay = float(knobs.get("delay", self.delay))
        if "fail" in knobs:
            self.trouble = Trouble(**knobs["fail"])
        if "burst" in knobs:
            self.burst = Burst(**knobs["burst"])
        if "lag" in knobs:
            self.knobs = Knobs(**knobs["lag"])
        self.access.withheld = knobs.get("withheld", self.access.withheld)
        if "rules" in knobs:
            self.portal.rules = [Rule(**rule) for rule in knobs["rules"]]
        self.portal.needs = knobs.get("needs", self.portal.needs)
        for part, target in (("webhooks", self.sender.knobs), ("oauth", self.oauth)):
            for name, value in (knobs.get(part) or {}).items():
                setattr(target, name, value)

    def _act(self, act: dict[str, Any]) -> Answer:
        """What the vendor's people do on HubSpot's own pages."""
        portal, kind = self.portal, TYPES[str(act.get("kind", "companies"))]
        object_id = str(act.get("id", ""))
        match act.get("do"):
            case "edit":
                portal.change(kind, object_id, act["values"], by_app=False)
            case "create":
                object_id = portal.create(kind, act["values"], by_app=False).id
            case "archive":
                lives.archive(portal, kind, object_id, by_app=False)
            case "restore":
                lives.restore(portal, kind, object_id)
            case "erase":
                lives.erase(portal, kind, object_id)
            case "merge":
                new = bool(act.get("into_new"))
                merged = lives.merge(portal, kind, object_id, act["others"], into_new=new, by_app=False)
                object_id = merged.id
            case "associate":
                other = (TYPES[act["other_kind"]], str(act["other"]))
                lives.associate(portal, kind, object_id, *other, primary=bool(act.get("primary")))
            case "dissociate":
                lives.dissociate(portal, kind, object_id, TYPES[act["other_kind"]], str(act["other"]))
            case _:
                return Answer(404, {"message": "This stand-in does not know how to do that."})
        return Answer(200, {"ok": True, "id": object_id})

    def _state(self) -> dict[str, Any]:
        deliveries = [asdict(d) | {"at": d.at.isoformat()} for d in list(self.sender.deliveries)]
        counts = {kind: len(self.portal.living(kind)) for kind in self.portal.records}
        return {
            "portalId": self.portal.id,
            "records": counts,
            "writes": self.portal.writes,
            "refreshes": self.oauth.refreshes,
            "waiting": self.sender.waiting(),
            "calls": list(self.calls)[-1000:],
            "deliveries": deliveries,
        }

    def _next_failure(self, call: Call) -> Answer | None:
        trouble = self.trouble
        if not self.burst.allows():
            return too_many("", "TEN_SECONDLY_ROLLING")
        if not trouble.strikes(call.path):
            return None
        if trouble.status == 0:
            return Answer(BROKEN, None)
        if trouble.status == 429:
            return too_many(trouble.retry_after, trouble.policy)
        headers = {"Retry-After": trouble.retry_after} if trouble.retry_after else {}
        body: Any = trouble.body or refusal("internal error", "INTERNAL_ERROR")
        return Answer(trouble.status, body, headers)

    def _stop(self) -> None:
        self.sender.stop()
        self.portal.flush()


def _json(result: Answer) -> Response:
    headers = {"Content-Type": "application/json;charset=utf-8"} | result.headers
    if result.status in (204, BROKEN):
        return result.status, result.headers, b""
    content = result.body if isinstance(result.body, str) else json.dumps(result.body)
    return result.status, headers, content.encode()
