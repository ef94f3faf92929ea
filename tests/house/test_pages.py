"""The bridge from the web server to Django: what a request may be, and who holds a thread."""

import asyncio
import socket
import threading
import time
import urllib.request

import pytest
import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from introw import bodies
from introw.bodies import Limit
from introw.pages import Pages, add_headers
from workspaces import beat

THREADS = 2
LARGE = 3_000_000


def echo(environ, start_response):
    """Answers with the request's method, path and the size of its body."""
    if environ["PATH_INFO"] == "/large/":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x" * LARGE]
    size = len(environ["wsgi.input"].read())
    text = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {size} {environ.get('HTTP_COOKIE', '')}"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    return [text.encode()]


@pytest.fixture(scope="module")
def address():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(Pages(echo, threads=THREADS), lifespan="off", log_level="error")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listener.getsockname()
        server.force_exit = server.should_exit = True
        thread.join(5)


@pytest.fixture
def ask(address):
    def request(path, data=None, **headers):
        host, port = address
        return urllib.request.urlopen(
            urllib.request.Request(f"http://{host}:{port}{path}", data=data, headers=headers), timeout=10
        )

    return request


@pytest.fixture
def half_send(address):
    """Sends the beginning of a request and then nothing more."""
    opened = []

    def connect(path, announced=1000, sent=b"half"):
        connection = socket.create_connection(address)
        opened.append(connection)
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {announced}\r\n\r\n"
        connection.sendall(head.encode() + sent)
        return connection

    yield connect
    for connection in opened:
        connection.close()


def status_of(connection):
    connection.settimeout(10)
    return int(connection.recv(4096).split(b" ", 2)[1])


def test_request_and_response_pass_through_whole(ask):
    response = ask("/päth/".replace("ä", "%C3%A4"), b"12345", cookie="session=1")

    assert response.read().decode() == "POST /pÃ¤th/ 5 session=1"  # WSGI's own way to carry UTF-8
    assert response.headers.get_all("Set-Cookie") == ["a=1", "b=2"]


def test_body_that_goes_to_disk_arrives_whole(ask):
    assert b" 5000000 " in ask("/upload/", b"x" * 5_000_000).read()


def test_chunked_body_has_the_length_that_arrived(address):
    with socket.create_connection(address) as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        )
        connection.settimeout(10)
        assert b"POST / 3 " in connection.recv(4096)


def test_unfinished_requests_keep_no_thread_from_the_others(ask, half_send):
    for _ in range(4 * THREADS):
        half_send("/slow/")

    started = time.monotonic()
    assert ask("/quick/").status == 200
    assert time.monotonic() - started < 2


def test_readers_that_do_not_read_keep_no_thread_from_the_others(ask, half_send):
    for _ in range(4 * THREADS):
        half_send("/large/", announced=0, sent=b"")

    started = time.monotonic()
    assert ask("/quick/").status == 200
    assert time.monotonic() - started < 2


def test_hook_that_does_not_finish_in_time_gets_408(half_send, monkeypatch):
    monkeypatch.setattr(bodies, "HOOKS", Limit(size=1000, seconds=0.2))

    assert status_of(half_send("/hooks/hubspot/")) == 408


def test_hook_that_announces_too_much_gets_413_at_once(half_send):
    assert status_of(half_send("/hooks/hubspot/", announced=bodies.HOOKS.size + 1)) == 413


def test_hook_of_the_largest_size_passes(ask):
    assert ask("/hooks/hubspot/", b"x" * bodies.HOOKS.size).status == 200


def test_upload_that_grows_too_large_without_saying_so_gets_413(address, monkeypatch):
    monkeypatch.setattr(bodies, "PAGES", Limit(size=1000, seconds=10))
    with socket.create_connection(address) as connection:
        connection.sendall(b"POST /u/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.sendall(b"800\r\n" + b"x" * 0x800 + b"\r\n")

        assert status_of(connection) == 413


def test_a_header_with_an_underscore_cannot_pass_for_another():
    environ = {}
    add_headers(
        environ, [(b"x_forwarded_for", b"1.2.3.4"), (b"x-real", b"1"), (b"cookie", b"a"), (b"cookie", b"b")]
    )

    assert environ == {"HTTP_X_REAL": "1", "HTTP_COOKIE": "a; b"}


SCOPE = {
    "type": "http",
    "method": "GET",
    "path": "/",
    "query_string": b"",
    "http_version": "1.1",
    "scheme": "http",
    "headers": [],
}


async def nothing_more():
    return {"type": "http.request", "body": b"", "more_body": False}


async def ignore(message):
    pass


async def through_proxies(trusted, client, **headers):
    """What the application is told of a request that came from `client` with these headers."""
    told = {}

    def note(environ, start_response):
        told.update(environ)
        start_response("200 OK", [])
        return []

    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {**SCOPE, "client": (client, 1), "headers": sent}
    pages = Pages(note, threads=1)
    application = ProxyHeadersMiddleware(pages, trusted_hosts=trusted)
    await application(scope, nothing_more, ignore)
    pages.close()
    return told["REMOTE_ADDR"], told["wsgi.url_scheme"]


def test_named_proxies_say_who_asks_and_by_which_scheme():
    said = {"x_forwarded_for": "6.6.6.6, 203.0.113.7, 10.1.0.9", "x_forwarded_proto": "https"}
    proxies = "10.0.0.1,10.1.0.0/16"

    assert asyncio.run(through_proxies(proxies, "10.0.0.1", **said)) == ("203.0.113.7", "https")
    assert asyncio.run(through_proxies(proxies, "192.0.2.1", **said)) == ("192.0.2.1", "http")


def test_an_answer_on_the_beat_waits_for_it_and_holds_no_thread(monkeypatch):
    """However long the work took, the answer leaves at a multiple of the beat after the request came."""
    clock, waits = [100.0], []

    def work(environ, start_response):
        clock[0] += 1.7
        environ[beat.KEY] = 0.5
        start_response("200 OK", [])
        return []

    async def note(seconds):
        waits.append(round(seconds, 6))

    async def serve():
        pages = Pages(work, threads=1)
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: clock[0], raising=False)
        monkeypatch.setattr("introw.pages.asyncio.sleep", note)
        await pages(SCOPE, nothing_more, ignore)
        pages.close()

    asyncio.run(serve())
    assert waits == [0.3]
