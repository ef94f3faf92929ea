"""HubSpot's wire format: what a request is, how answers and refusals look, who may ask."""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crm_sync.standins.hubspot.checks import Problem, Refused
from crm_sync.standins.hubspot.records import TYPES, Portal

BATCH = 100
DEFAULTS = {
    "companies": ["name", "domain"],
    "contacts": ["firstname", "lastname", "email"],
    "deals": ["dealname", "amount", "dealstage", "pipeline", "closedate"],
    "leads": ["hs_lead_name"],
}
LIMIT_HEADERS = {
    "X-HubSpot-RateLimit-Max": "190",
    "X-HubSpot-RateLimit-Remaining": "189",
    "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
}
DATED = re.compile(r"^/(crm|oauth|account-info|appinstalls)/(?:([a-z]+)/)?(\d{4}-\d{2})(/|$)")


@dataclass
class Call:
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Wrong(400, "Invalid input JSON", "VALIDATION_ERROR")
        return found

    def first(self, name: str, default: str = "") -> str:
        return (self.query.get(name) or [default])[0]

    def names(self) -> list[str]:
        return [name for part in self.query.get("properties", []) for name in part.split(",") if name]

    @property
    def archived(self) -> bool:
        return self.first("archived") == "true"

    @property
    def parts(self) -> list[str]:
        """The address in the form of version 3, whichever version was asked for."""
        dated = DATED.match(self.path)
        path = self.path
        if dated and dated[1] == "crm":
            path = f"/crm/{'v4' if dated[2] == 'associations' else 'v3'}/{dated[2]}/{path[dated.end() :]}"
        elif dated:
            path = f"/{dated[1]}/v3/{path[dated.end() :]}"
        return path.strip("/").split("/")


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


class Wrong(Exception):
    def __init__(self, status: int, message: str, category: str, **more: Any):
        super().__init__(message)
        self.answer = Answer(status, refusal(message, category, **more))


@dataclass
class Access:
    """Whom the API lets in: one static token, those that OAuth gave out, and what none of them may do."""

    token: str
    given: dict[str, list[str]] = field(default_factory=dict)  # access tokens → scopes
    withheld: list[str] = field(default_factory=list)  # scopes that are missing

    def check(self, call: Call) -> None:
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        if token != self.token and token not in self.given:
            text = "Authentication credentials not found. This API supports OAuth 2.0 authentication."
            raise Wrong(401, text, "INVALID_AUTHENTICATION")
        needed = scope_for(call)
        if needed in self.withheld or (token in self.given and needed not in ["", *self.given[token]]):
            raise Wrong(
                403,
                "This app hasn't been granted all required scopes to make this call.",
                "MISSING_SCOPES",
                errors=[
                    {
                        "message": "One or more of the following scopes are required.",
                        "context": {"requiredGranularScopes": [needed]},
                    }
                ],
                links={"scopes": "https://developers.hubspot.com/scopes"},
            )


def scope_for(call: Call) -> str:
    match call.parts:
        case ["crm", _, "objects", kind, *rest] if kind in TYPES:
            reading = call.method == "GET" or rest[-1:] in (["search"], ["read"])
            return f"crm.objects.{TYPES[kind]}.{'read' if reading else 'write'}"
        case ["crm", _, "properties" | "pipelines", kind, *_] if kind in TYPES:
            return f"crm.schemas.{TYPES[kind]}.read"
        case ["crm", _, "owners", *_]:
            return "crm.objects.owners.read"
        case ["crm", _, "associations", kind, *_] if kind in TYPES:
            return f"crm.objects.{TYPES[kind]}.read"
    return ""


def refusal(message: str, category: str, **more: Any) -> dict[str, Any]:
    trace = str(uuid.uuid4())
    return {"status": "error", "message": message, "correlationId": trace, **more, "category": category}


def too_many(retry_after: str = "", policy: str = "TEN_SECONDLY_ROLLING") -> Answer:
    text = f"You have reached your {policy.lower()} limit."
    body = refusal(text, "RATE_LIMITS", errorType="RATE_LIMIT", policyName=policy)
    headers = LIMIT_HEADERS | {"X-HubSpot-RateLimit-Remaining": "0"}
    return Answer(429, body, headers | ({"Retry-After": retry_after} if retry_after else {}))


def validation_answer(refused: Refused) -> Answer:
    problems: list[Problem] = refused.problems
    listed = [{"isValid": False, "message": p.message, "error": p.code, "name": p.name} for p in problems]
    errors = [{"message": p.message, "code": p.code, "context": {"propertyName": [p.name]}} for p in problems]
    text = f"Property values were not valid: {json.dumps(listed)}"
    return Answer(400, refusal(text, "VALIDATION_ERROR", errors=errors), dict(LIMIT_HEADERS))


def not_found(name: str) -> Answer:
    text = "Object not found.  objectId are usually numeric."
    return Answer(404, refusal(text, "OBJECT_NOT_FOUND", context={"id": [name]}))


def kind_of(name: str) -> str:
    if name not in TYPES:
        raise Wrong(400, f"Unable to infer object type from: {name}", "VALIDATION_ERROR")
    return TYPES[name]


def inputs_of(body: Mapping[str, Any], most: int = BATCH) -> list[Mapping[str, Any]]:
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(item, dict) for item in inputs):
        raise Wrong(400, "Invalid input JSON: inputs is required", "VALIDATION_ERROR")
    if len(inputs) > most:
        raise Wrong(400, f"The maximum batch size is {most}.", "VALIDATION_ERROR")
    return inputs


def account(portal: Portal) -> dict[str, Any]:
    return {
        "portalId": portal.id,
        "accountType": "STANDARD",
        "timeZone": "Europe/Brussels",
        "companyCurrency": "EUR",
        "additionalCurrencies": [],
        "utcOffset": "+01:00",
        "utcOffsetMilliseconds": 3600000,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "eu1",
    }
