"""What stand-ins share as ASGI applications: requests into calls, answers into bytes, and broken connections."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import parse_qs

BODY_LIMIT = 20_000_000
BROKEN = -1  # instead of a status: the connection ends before the answer does
Response = tuple[int, dict[str, str], bytes]
Respond = Callable[[str, str, dict[str, list[str]], dict[str, str], bytes], Response]


async def serve(scope, receive, send, respond: Respond) -> None:
    body = await _body(receive)
    query = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
    # A thread, so that a delay asked for by a test holds up that one call only.
    status, told, content = await asyncio.to_thread(
        respond, scope["method"], scope["path"], query, headers, body
    )
    if status == BROKEN:
        # Fewer bytes than announced: the server can only close the connection.
        broken = [(b"content-length", b"1000"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": broken})
        with suppress(RuntimeError):
            await send({"type": "http.response.body", "body": b"{"})
        return
    pairs = [(name.lower().encode(), value.encode()) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": content})


async def lifespan(receive, send, *, start: Callable[[], None], stop: Callable[[], None]) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            start()
            await send({"type": "lifespan.startup.complete"})
        else:
            stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _body(receive) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if not message.get("more_body") or size > BODY_LIMIT:
            return b"".join(parts)
