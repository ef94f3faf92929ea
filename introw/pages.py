"""Runs a WSGI application under an ASGI server, in a fixed number of threads.

A thread is held only while the application works: the request is read to its end before (bodies.py), and the
response is sent after, so that neither a slow sender nor a slow reader takes a thread from the others.
"""

import asyncio
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from introw.bodies import Body, Receive, Refused, Scope, Send, SenderLeft, limit_for, read_body

CHUNK = 64 * 1024
KEPT_IN_MEMORY = 1024 * 1024
BEAT = "portal.beat"
REASONS = {408: "The request took too long to arrive.", 413: "The request is too large."}

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class Pages:
    def __init__(self, application: Application, *, threads: int):
        self.application = application
        self.executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="page")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await read_body(scope, receive, limit_for(scope["path"]))
        except Refused as refusal:
            await refuse(send, refusal.status)
            return
        except SenderLeft:
            return
        environ = build_environ(scope, body)
        loop = asyncio.get_running_loop()
        came_at = loop.time()
        run = copy_context().run
        with body:
            response = await loop.run_in_executor(self.executor, run, answer, self.application, environ)
        try:
            if beat := environ.get(BEAT):  # see workspaces/beat.py
                await asyncio.sleep((came_at - loop.time()) % beat)
            await response.send(send)
        finally:
            response.content.close()

    def close(self) -> None:
        self.executor.shutdown(wait=True, cancel_futures=True)


class Response:
    """What the application answered: a status, headers, and content that is ready to be sent."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.content: IO[bytes] = SpooledTemporaryFile(KEPT_IN_MEMORY)  # noqa: SIM115 - closed once sent

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[..., Any]:
        self.status = int(status.split(" ", 1)[0])
        self.headers = [(name.lower().encode("latin1"), value.encode("latin1")) for name, value in headers]
        return self.content.write

    def take(self, content: Iterable[bytes]) -> None:
        try:
            for chunk in content:
                self.content.write(chunk)
        finally:
            close = getattr(content, "close", None)
            if close:
                close()
        self.content.seek(0)

    async def send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        while chunk := self.content.read(CHUNK):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def answer(application: Application, environ: Environ) -> Response:
    """Runs in a thread, and gives it back when the whole answer is known."""
    response = Response()
    try:
        response.take(application(environ, response.start))
    except BaseException:
        response.content.close()
        raise
    return response


def build_environ(scope: Scope, body: Body) -> Environ:
    """The request as WSGI (PEP 3333) describes it."""
    server_name, server_port = scope.get("server") or ("localhost", 80)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin1"),
        "QUERY_STRING": scope["query_string"].decode("latin1"),
        "SERVER_NAME": server_name,
        "SERVER_PORT": str(server_port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if scope.get("client"):
        environ["REMOTE_ADDR"] = scope["client"][0]
    add_headers(environ, scope["headers"])
    # What counts is what has arrived: a chunked request announces no length.
    environ["CONTENT_LENGTH"] = str(size_of(body))
    return environ


def add_headers(environ: Environ, headers: Iterable[tuple[bytes, bytes]]) -> None:
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin1"), raw_value.decode("latin1")
        if "_" in name:  # "x_forwarded_for" would pass for "x-forwarded-for"
            continue
        key = name.upper().replace("-", "_")
        key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
        joint = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value


def size_of(body: Body) -> int:
    size = body.seek(0, 2)
    body.seek(0)
    return size


async def refuse(send: Send, status: int) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": REASONS[status].encode()})
