"""A real web server in a thread, and a browser's side of a live stream."""

import contextlib
import http.client
import queue
import socket
import threading
import time

import pytest
import uvicorn


@pytest.fixture
def server(transactional_db):
    """The port of the product's own ASGI application."""
    from introw.asgi import application

    config = uvicorn.Config(application, host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    config.timeout_graceful_shutdown = 1
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield running.servers[0].sockets[0].getsockname()[1]
    running.should_exit = True
    thread.join(10)


class Stream:
    """One open page's stream, over HTTP, with the cookie of a signed-in client."""

    def __init__(self, port, client=None, *, path="/acme/events/", method="GET", **headers):
        cookie = client.cookies["session"].value if client else None
        headers = {"Host": "localhost:8000", **({"Cookie": f"session={cookie}"} if cookie else {}), **headers}
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        self.connection.request(method, path, headers=headers)
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.messages = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with contextlib.suppress(OSError, ValueError, AttributeError, http.client.HTTPException):
            while line := self.response.readline():
                if line.startswith(b"event: "):
                    self.messages.put(line[7:].strip().decode())
        self.messages.put("closed")

    def message(self, *, seconds=5):
        """The next message's name; None when the time is up; "closed" when the server has ended the stream."""
        try:
            return self.messages.get(timeout=seconds)
        except queue.Empty:
            return None

    def settle(self):
        """Takes what every page is told when it connects, once more if the process only now began to listen."""
        assert self.message() == "tabs"
        assert self.message(seconds=0.3) in {"tabs", None}
        return self

    def close(self):
        sock = self.connection.sock
        if sock:
            sock.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def stream(server, as_user):
    opened = []

    def open_stream(who=None, **options):
        found = Stream(server, as_user(who) if who else None, **options)
        opened.append(found)
        return found

    yield open_stream
    for found in opened:
        found.close()
