"""How fast webhooks are taken in and worked off, and how soon a change in the CRM is to be seen."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from crm_sync.connecting import accounts
from crm_sync.connectors.hubspot.client import HubSpot
from crm_sync.connectors.hubspot.signature import sign
from crm_sync.inbound import linking
from crm_sync.mapping.fields import map_field
from crm_sync.models import Connection, InboxEvent
from crm_sync.models.queues import INBOX
from workspaces import jobs
from workspaces.actors import SYSTEM
from workspaces.keys import uuid7
from workspaces.measuring import Figure, benchmark, percentile
from workspaces.models import Workspace
from workspaces.properties import create_partner, properties_of
from workspaces.setup import set_up_workspace
from workspaces.tenancy import workspace_transaction

TOKEN, SECRET, APP, ACCOUNT = "pat-standin", "standin-secret", "7711", "24680135"
PATH = "/hooks/hubspot/"
READY_SECONDS = 60


@benchmark("webhooks", seconds=10, clients=8, companies=200)
def webhooks(*, seconds, clients, companies):
    """Webhooks taken in: one event a request, keep-alive clients, the worker stopped; then the backlog."""
    with standing() as (web, crm, pid), connected(crm, companies) as workspace:
        run_clients(web, clients, 2.0, companies)  # warm
        clear(workspace)
        cpu = cpu_seconds(pid)
        took, elapsed = run_clients(web, clients, seconds, companies)
        cpu = cpu_seconds(pid) - cpu
        stored = count(workspace)
        catch_up(crm, companies)
        started = time.perf_counter()
        jobs.run(workspace.pk, INBOX)
        drained = time.perf_counter() - started
        left = count(workspace, state="pending")
    rate = len(took) / elapsed
    return [
        Figure("requests a second", rate, "1/s", bar=400, at_most=False, note=f"{clients} clients"),
        Figure("p50", percentile(took, 50), "ms"),
        Figure("p95", percentile(took, 95), "ms", bar=50),
        Figure("p99", percentile(took, 99), "ms"),
        Figure("CPU of the web process a request", cpu / len(took) * 1000, "ms"),
        Figure("answered 2xx but not stored", len(took) - stored, "", bar=0),
        Figure("backlog worked off", stored / drained, "1/s", note=f"{stored} events, {companies} companies"),
        Figure("left of the backlog", left, "", bar=0),
    ]


@benchmark("crm-change", times=100)
def crm_change(*, times):
    """From a webhook's arrival to the stored change, worker's work included, with an idle queue."""
    with standing() as (web, crm, _), connected(crm, 1) as workspace:
        samples = []
        poster = http.client.HTTPConnection("127.0.0.1", web)
        for number in range(times):
            edit(crm, number)
            started = time.perf_counter()
            send(poster, number, 1)
            jobs.run(workspace.pk, INBOX)
            samples.append((time.perf_counter() - started) * 1000)
    return [
        Figure("webhook to value, p50", percentile(samples, 50), "ms"),
        Figure("webhook to value, p95", percentile(samples, 95), "ms", bar=1000),
    ]


def run_clients(port, clients, seconds, companies):
    """Milliseconds of every request of all clients, and how long it took altogether."""
    took: list[float] = []
    threads: list[threading.Thread] = []
    until = time.perf_counter() + seconds
    started = time.perf_counter()
    for client in range(clients):
        threads.append(threading.Thread(target=run_client, args=(port, client, until, companies, took)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return took, time.perf_counter() - started


def run_client(port, client, until, companies, took):
    poster = http.client.HTTPConnection("127.0.0.1", port)
    number = client * 10_000_000
    while time.perf_counter() < until:
        number += 1
        started = time.perf_counter()
        send(poster, number, companies)
        took.append((time.perf_counter() - started) * 1000)
    poster.close()


def send(poster, number, companies):
    event = {"eventId": number, "portalId": int(ACCOUNT), "appId": int(APP), "attemptNumber": 0}
    event |= {"subscriptionType": "object.propertyChange", "objectTypeId": "0-2", "propertyName": "country"}
    event |= {"objectId": 1000 + number % companies, "occurredAt": time.time_ns() // 1_000_000}
    event |= {"propertyValue": f"Country {number}", "changeSource": "CRM_UI", "sourceId": "userId:9586504"}
    body = json.dumps([event]).encode()
    timestamp = str(time.time_ns() // 1_000_000)
    uri = settings.PUBLIC_URL + PATH
    headers = {"Content-Type": "application/json", "X-HubSpot-Request-Timestamp": timestamp}
    headers["X-HubSpot-Signature-v3"] = sign(
        secret=SECRET, method="POST", uri=uri, body=body, timestamp=timestamp
    )
    headers["Host"] = settings.PUBLIC_HOST
    poster.request("POST", PATH, body, headers)
    answer = poster.getresponse()
    answer.read()
    if answer.status != 204:
        raise RuntimeError(f"The receiver answered {answer.status}.")


@contextmanager
def standing():
    """A portal's web process, without worker and relay, and a stand-in HubSpot: their ports, and the former's id."""
    web, crm = free_port(), free_port()
    environment = {**os.environ, "PORTAL_PORT": str(web), "PORTAL_LOG_LEVEL": "ERROR"}
    environment.pop("DATABASE_OWNER_URL", None)
    standin = ["crm_sync.standins.hubspot", "--quiet", "--port", str(crm)]
    commands = [["introw.processes", "web"], standin]
    started = [
        subprocess.Popen([sys.executable, "-m", *command], env=environment, cwd=settings.BASE_DIR)  # noqa: S603
        for command in commands
    ]
    try:
        wait_for(web, "/healthz")
        wait_for(crm, "/standin/state")
        settings.HUBSPOT_API_URL = f"http://127.0.0.1:{crm}"
        yield web, crm, started[0].pid
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(15)


@contextmanager
def connected(crm, companies):
    """A workspace with partners that are linked to the stand-in's companies, and nothing waiting."""
    seed = [{"id": str(1000 + n), "properties": {"name": f"Firm {n}"}} for n in range(companies)]
    ask(crm, "POST", "/standin/seed", {"objects": {"companies": seed}})
    workspace = Workspace.objects.create(slug=f"bench-{uuid7().hex[-12:]}", name="Benchmark")
    workspace.refresh_from_db()
    country = next(
        f for f in HubSpot(TOKEN, settings.HUBSPOT_API_URL).fields("company") if f.name == "country"
    )
    try:
        with workspace_transaction(workspace):
            set_up_workspace(workspace)
            made = accounts.connect_hubspot(account=ACCOUNT, app=APP, token=TOKEN, secret=SECRET, by=SYSTEM)
            let_mass_changes_through(made)
            prop = properties_of("partner")["country"]
            map_field(made, object_type="company", field=country, prop=prop, direction="in")
            for number in range(companies):
                partner = create_partner({"name": f"Firm {number}"}, by=SYSTEM)
                linking.link(made, partner, str(1000 + number))
        jobs.run(workspace.pk, INBOX)
        clear(workspace)
        yield workspace
    finally:
        with workspace_transaction(workspace):
            accounts.forget(Connection.objects.get())


def let_mass_changes_through(connection):
    """What is measured here is a mass change, and nobody is there to decide about it."""
    connection.mass_percent = 0
    connection.save(update_fields=["mass_percent"])


def edit(crm, number):
    """A colleague of the vendor changes the company."""
    form = f"country=Country+{number}"
    poster = http.client.HTTPConnection("127.0.0.1", crm)
    poster.request("POST", "/companies/1000", form, {"Content-Type": "application/x-www-form-urlencoded"})
    poster.getresponse().read()
    poster.close()


def catch_up(crm, companies):
    """The companies hold what was told last: else their copies would be older than the news, and looked at again."""
    for number in range(companies):
        done = {"do": "edit", "kind": "companies", "id": str(1000 + number)}
        ask(crm, "POST", "/standin/acts", done | {"values": {"country": f"Country {number}"}})


def cpu_seconds(pid):
    """What a process has used so far; 0 where the system does not tell."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def clear(workspace):
    with workspace_transaction(workspace):
        InboxEvent.objects.all().delete()


def count(workspace, **which):
    with workspace_transaction(workspace):
        return InboxEvent.objects.filter(**which).count()


def ask(port, method, path, body=None):
    poster = http.client.HTTPConnection("127.0.0.1", port)
    poster.request(method, path, json.dumps(body or {}))
    status = poster.getresponse().status
    poster.close()
    return status


def wait_for(port, path):
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        try:
            if ask(port, "GET", path) == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"Nothing answers at port {port}.")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
