"""The live stream: tells an open page that it may have changed, never what; the page then asks for itself.

A bare ASGI callable in front of Django, so that an open page costs neither a thread nor a connection.
"""

import asyncio

from portal.experiences.live import visitors
from portal.experiences.live.hub import Hub

HEARTBEAT = 25  # seconds; proxies close what is silent for longer
LOOK_AGAIN = 60  # seconds until the session and the contact are looked at anew
STREAMS_A_SESSION = 30
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"private, no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]

hub = Hub()


async def stream(scope, receive, send):
    """Runs for as long as the page is open and its person may be there."""
    visitor = await visitors.find(scope) if scope["method"] == "GET" else None
    if visitor is None:
        await _refuse(send, 404)
    elif hub.count(visitor.session) >= STREAMS_A_SESSION:
        await _refuse(send, 429)
    else:
        await _serve(scope, receive, send, visitor)


async def _refuse(send, status):
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"private, no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _serve(scope, receive, send, visitor):
    line = hub.join(visitor.topics)
    # The page may be older than this stream: whatever happened in between, it looks again once.
    line.add("tabs")
    ends = {
        asyncio.create_task(_disconnected(receive)),
        asyncio.create_task(_tell(line, scope, send, visitor)),
    }
    try:
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        hub.leave(line, visitor.topics)
        for task in ends:
            task.cancel()


async def _disconnected(receive):
    while (await receive())["type"] != "http.disconnect":
        pass


async def _tell(line, scope, send, visitor):
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    now = asyncio.get_running_loop().time
    look_at = now() + LOOK_AGAIN
    while True:
        names = await line.wait(seconds=max(0, min(HEARTBEAT, look_at - now())))
        if "session" in names or now() >= look_at:
            # Who comes back under another contact or partner gets a new stream with other topics.
            if await visitors.find(scope) != visitor:
                break
            look_at = now() + LOOK_AGAIN
        message = b"event: tabs\ndata: \n\n" if "tabs" in names else b": \n\n"
        await send({"type": "http.response.body", "body": message, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
