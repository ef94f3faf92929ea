"""Whether the time of an answer tells if an address is known: the same questions for known and unknown ones."""

import http.client
import math
import os
import socketserver
import statistics
import threading
import time
from contextlib import contextmanager
from urllib.parse import urlencode

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password

from introw.benchmarks import fresh_workspace, person, session_of, web
from workspaces import people
from workspaces.actors import SYSTEM
from workspaces.measuring import Figure, benchmark
from workspaces.models import Contact, User
from workspaces.properties import create_contact, create_partner
from workspaces.setup import set_up_workspace

SLUG = "bench-enumeration"
CSRF = "a" * 32  # the cookie and the field say the same, as a browser's would
PASSWORD = "wrong wrong wrong"  # noqa: S105 - nobody's
# What is asked → where, and with what beside the address.
QUESTIONS = {
    "a code": (f"/{SLUG}/accounts/login/", "login", {}),
    "a password": ("/accounts/login/", "login", {"password": PASSWORD}),
    "a new password": ("/accounts/password/reset/", "email", {}),
    "an invitation": (f"/{SLUG}/settings/team/invitations/", "email", {"access": "viewer"}),
}


@benchmark("enumeration", requests=100)
def enumeration(*, requests):
    """Answer times for known and unknown addresses, in turn; z is of the rank test, ±3 is chance."""
    run = os.urandom(3).hex()
    cookie = prepare(run, requests)
    with mail_server() as mail, web(PORTAL_EMAIL_URL=f"smtp://127.0.0.1:{mail}", PORTAL_PROXIES="*") as port:
        took: dict[str, tuple[list[float], list[float]]] = {question: ([], []) for question in QUESTIONS}
        for number in range(-3, requests):
            for question in QUESTIONS:
                for known in (True, False) if number % 2 else (False, True):
                    name = "known" if known else "stranger"
                    asked = ask(port, question, f"{name}-{run}-{number % requests}@example.com", cookie)
                    if number >= 0:
                        took[question][not known].append(asked)
    return [figure for question, pair in took.items() for figure in figures(question, *pair)]


def prepare(run, requests):
    """A workspace with known people, each with a password and a contact; the cookie of one who may invite."""
    secret = make_password("correct horse battery")
    with fresh_workspace(SLUG) as workspace:
        set_up_workspace(workspace)
        admin = person("bench-admin")
        people.add_team_member(admin, workspace, access="admin")
        partner = create_partner({"name": "Bench"}, by=SYSTEM)
        for number in range(requests):
            email = f"known-{run}-{number}@example.com"
            user = User.objects.create(email=email, name=f"Known {number}", password=secret)
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
            create_contact(
                partner, {"email": email, "name": user.name}, by=SYSTEM, status=Contact.Status.ACTIVE
            )
            people.bind_contacts(user, workspace)
    return session_of(admin)


def ask(port, question, address, session):
    """Milliseconds until the answer's first line, each from a client address of its own."""
    path, field, form = QUESTIONS[question]
    invites = path.endswith("invitations/")
    headers = {
        "Host": settings.PUBLIC_HOST,
        "Cookie": f"{settings.CSRF_COOKIE_NAME}={CSRF}" + (f"; {session}" if invites else ""),
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Forwarded-For": ".".join(["10", *(str(byte) for byte in os.urandom(3))]),
    }
    body = urlencode({"csrfmiddlewaretoken": CSRF, field: address, **form})
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.connect()
    started = time.perf_counter()
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    took = (time.perf_counter() - started) * 1000
    answer.read()
    connection.close()
    if answer.status not in {302, 422}:
        raise RuntimeError(f"{path} answered {answer.status}.")
    return took


def figures(question, known, unknown):
    z = rank_test(known, unknown)
    halves = f"known {statistics.median(known):.2f} ms, unknown {statistics.median(unknown):.2f} ms"
    apart = statistics.median(known) - statistics.median(unknown)
    return [
        Figure(f"{question}: median apart", abs(apart), "ms", bar=1, note=halves),
        Figure(f"{question}: z", abs(z), "", bar=3),
    ]


def rank_test(some, others):
    """Mann and Whitney's z: how far the ranks of two samples lie apart, in standard deviations."""
    n, m = len(some), len(others)
    ordered = sorted([(value, 0) for value in some] + [(value, 1) for value in others])
    ranks = sum(rank for rank, (_, sample) in enumerate(ordered, 1) if sample == 0)
    expected, deviation = n * (n + m + 1) / 2, math.sqrt(n * m * (n + m + 1) / 12)
    return (ranks - expected) / deviation


class Mailbox(socketserver.StreamRequestHandler):
    """Speaks just enough SMTP to take every mail and keep none."""

    def handle(self):
        self.wfile.write(b"220 mail\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() not in {b".\r\n", b""}:
                    pass
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"QUIT":
                return


@contextmanager
def mail_server():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
