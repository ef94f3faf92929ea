"""How fast pages are, through the real web process: lists of large workspaces, and a partner's home."""

import http.client
import os
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client

from introw import processes
from introw.children import Child
from introw.ports import free_port
from introw.seeds import planting
from introw.seeds.partners import invent
from workspaces import people
from workspaces.actors import SYSTEM
from workspaces.measuring import Figure, benchmark, percentile
from workspaces.models import Contact, User, Workspace
from workspaces.properties import Edit, create_contact, create_partner, set_many
from workspaces.setup import set_up_workspace
from workspaces.tenancy import workspace_transaction

LISTS = ("partners/", "partners/?q=alp", "contacts/", "segments/", "quotes/", "properties/", "experiences/")
READY_SECONDS = 60


@benchmark("lists", workspaces=50, partners=1000, requests=60)
def lists(*, workspaces, partners, requests):
    """Settings lists, with many partners in many workspaces, one client."""
    slug = "bench-lists"
    user = person("bench-admin")
    plain = {"name", "website", "tier", "phase", "country"}
    for number in range(workspaces):
        with fresh_workspace(f"{slug}-{number}") as workspace:
            set_up_workspace(workspace)
            if number == 0:
                people.add_team_member(user, workspace, access="admin")
            companies = invent(partners, partners, seed=number, today=planting.northwind.TODAY)
            values = [{k: v for k, v in company.values.items() if k in plain} for company in companies]
            edits = [Edit(planting.Partner(), given, created=True) for given in values]
            set_many(edits, by=SYSTEM)
    figures = []
    with web() as port:
        cookie = session_of(user)
        for page in LISTS:
            path = f"/{slug}-0/settings/{page}"
            took = [fetch(port, path, cookie) for _ in range(requests + 5)][5:]
            figures += [Figure(f"/settings/{page} p50", percentile(took, 50), "ms")]
            figures += [Figure(f"/settings/{page} p95", percentile(took, 95), "ms", bar=80)]
    return figures


@benchmark("portal-home", clients=4, seconds=8, workers=2)
def portal_home(*, clients, seconds, workers):
    """A partner's home page with several clients at once."""
    slug = "bench-home"
    with fresh_workspace(slug) as workspace:
        set_up_workspace(workspace)
        tabs = [(f"Tab {n}", (), (("rich_text", "Text", "Some **words**.\n" * 20),)) for n in range(6)]
        planting.plant_experience({}, tabs, name="Portal")
        partner = create_partner({"name": "Bench", "tier": "gold"}, by=SYSTEM)
        users = [person(f"bench-{n}") for n in range(clients)]
        for user in users:
            values = {"email": user.email, "name": user.name}
            create_contact(partner, values, by=SYSTEM, status=Contact.Status.ACTIVE)
            people.bind_contacts(user, workspace)
    with web(workers=workers) as port:
        took = all_at_once(port, f"/{slug}/", [session_of(user) for user in users], seconds)
    return [
        Figure("p50", percentile(took, 50), "ms"),
        Figure("p95", percentile(took, 95), "ms", bar=60),
        Figure(
            "pages a second", len(took) / seconds, "1/s", note=f"{clients} clients, {workers} web workers"
        ),
    ]


@contextmanager
def fresh_workspace(slug):
    Workspace.objects.filter(slug=slug).update(slug=f"old-{os.urandom(6).hex()}")
    workspace = planting.new_workspace(slug=slug, name="Benchmark", currency="EUR")
    with workspace_transaction(workspace):
        yield workspace


def person(name):
    user, made = User.objects.get_or_create(email=f"{name}@example.com", defaults={"name": name.title()})
    if made:
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def session_of(user):
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


@contextmanager
def web(*, workers=1, **extra):
    port = free_port()
    environment = {**os.environ, "PORTAL_PORT": str(port), "PORTAL_LOG_LEVEL": "ERROR", **extra}
    environment["PORTAL_WEB_WORKERS"] = str(workers)
    environment.pop("DATABASE_OWNER_URL", None)
    argv = processes.python("introw.processes", "web")
    child = Child(processes.command("web", argv, environment, Path(settings.BASE_DIR) / ".portal" / "log"))
    try:
        wait_for(port)
        yield port
    finally:
        child.stop()


def wait_for(port):
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        try:
            return fetch(port, "/healthz", "")
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The web process does not answer.")


def fetch(port, path, cookie):
    """Milliseconds until the whole page has arrived, on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        return request(connection, path, cookie)
    finally:
        connection.close()


def request(connection, path, cookie):
    started = time.perf_counter()
    connection.request("GET", path, headers={"Host": settings.PUBLIC_HOST, "Cookie": cookie})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}.")
    return (time.perf_counter() - started) * 1000


def all_at_once(port, path, cookies, seconds):
    took = []
    until = time.perf_counter() + seconds

    def visit(cookie):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while time.perf_counter() < until:
            took.append(request(connection, path, cookie))
        connection.close()

    threads = [threading.Thread(target=visit, args=[cookie]) for cookie in cookies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took
