"""The web entry: `uvicorn introw.asgi:application`.

Pages are Django under WSGI, in threads. Live streams (every path that ends in `events/`) hold no thread and no
database connection, so thousands of them fit into one process.
"""

import os

from introw.bodies import Receive, Scope, Send
from introw.pages import Pages
from introw.wsgi import application as django

pages = Pages(django, threads=int(os.environ.get("PORTAL_THREADS", "8")))

# Below the import of introw.wsgi, which sets Django up.
from crm_sync.inbound.hook_application import HOOK_PATHS  # noqa: E402
from crm_sync.inbound.hook_application import application as webhooks  # noqa: E402

hooks = Pages(webhooks, threads=8)  # they share their commits: one database connection serves them all


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await live(receive, send)
    elif scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
    elif scope["path"] in HOOK_PATHS and scope["method"] == "POST":
        await hooks(scope, receive, send)
    elif scope["path"].endswith("/events/"):
        # Not at the top: it needs Django set up, which the import of introw.wsgi has done.
        from portal.experiences.live import stream

        await stream(scope, receive, send)
    else:
        await pages(scope, receive, send)


async def live(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    pages.close()
    hooks.close()
    await send({"type": "lifespan.shutdown.complete"})
