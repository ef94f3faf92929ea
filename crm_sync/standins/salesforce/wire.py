"""Salesforce's wire format: what a request is, how answers and refusals look."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs


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
            raise Wrong(400, "JSON_PARSER_ERROR", "The content could not be parsed as JSON.")
        return found

    def first(self, name: str, default: str = "") -> str:
        return (self.query.get(name) or [default])[0]

    def form(self) -> dict[str, str]:
        parts = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {name: values[0] for name, values in parts.items()}


@dataclass
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Wrong(Exception):
    """An answer outside 2xx: a list of errors."""

    def __init__(self, status: int, code: str, message: str, *fields: str):
        super().__init__(message)
        self.answer = error(status, code, message, *fields)


def error(status: int, code: str, message: str, *fields: str) -> Answer:
    entry: dict[str, Any] = {"message": message, "errorCode": code}
    return Answer(status, [entry | ({"fields": list(fields)} if fields else {})])
