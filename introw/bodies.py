"""Reads a request's body to its end before a thread is spent on the request.

A thread that waits for a slow sender serves nobody: a few unfinished requests would stop all pages.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Body = SpooledTemporaryFile[bytes]

KEPT_IN_MEMORY = 256 * 1024


class Refused(Exception):
    """The body is not read further; the sender gets this status."""

    def __init__(self, status: int):
        self.status = status


class SenderLeft(Exception):
    pass


@dataclass(frozen=True)
class Limit:
    size: int
    seconds: float


HOOKS = Limit(size=1024 * 1024, seconds=10)
PAGES = Limit(size=20 * 1024 * 1024, seconds=120)


def limit_for(path: str) -> Limit:
    return HOOKS if path.startswith("/hooks/") else PAGES


async def read_body(scope: Scope, receive: Receive, limit: Limit) -> Body:
    """The whole body, rewound; large ones lie on the disk. The caller closes it."""
    if announced_size(scope) > limit.size:
        raise Refused(413)
    body: Body = SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)  # noqa: SIM115 - the caller closes it
    try:
        async with asyncio.timeout(limit.seconds):
            await fill(body, receive, limit)
    except TimeoutError:
        body.close()
        raise Refused(408) from None
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return body


async def fill(body: Body, receive: Receive, limit: Limit) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise SenderLeft
        body.write(message.get("body", b""))
        if body.tell() > limit.size:
            raise Refused(413)
        if not message.get("more_body", False):
            return


def announced_size(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
