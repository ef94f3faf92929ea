"""A whole portal, really running: web, worker, beat, relay and the stand-in HubSpot, on servers of its own.

`running_portal` holds the demo data and lives as long as the test session; `start_portal` makes others. A test
that fails while one runs shows the end of every log.
"""

import secrets
import shutil
import tempfile
import threading
from base64 import urlsafe_b64encode
from pathlib import Path

import psycopg
import pytest
import urllib3

from introw import children
from introw.group import PortalGroup
from introw.ports import free_port
from introw.servers import Servers
from tests.services import memory_if_roomy

LOG_LINES = 25
running: list["RunningPortal"] = []


class RunningPortal:
    def __init__(self, folder: Path):
        self.folder = folder
        self.lines: list[str] = []  # what the supervisor said, such as: worker was ended by SIGKILL
        settings = {
            "PORTAL_DEMO": "1",
            "PORTAL_DEMO_SECRET": "demo-secret-of-the-tests",
            "PORTAL_SECRET_KEY": secrets.token_urlsafe(50),
            "PORTAL_ENCRYPTION_KEYS": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "PORTAL_LEASE_SECONDS": "8",  # what a dead process held is free again sooner than in production
        }
        servers = Servers(folder, throw_away=True)
        say = self.lines.append
        self.group = PortalGroup(folder, port=free_port(), settings=settings, servers=servers, say=say)
        self.http = urllib3.PoolManager(maxsize=16, retries=False, timeout=30)

    @property
    def url(self) -> str:
        return self.group.url

    @property
    def hubspot_url(self) -> str:
        return self.group.hubspot_url

    def start(self, *, demo_data: bool) -> None:
        self.group.start_servers()
        self.group.prepare(demo_data=demo_data)
        self.group.start_portal()
        threading.Thread(target=self.group.supervisor.watch, name="supervisor", daemon=True).start()

    def stop(self) -> None:
        self.group.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def pid(self, name: str) -> int | None:
        """The process called web, worker, beat, relay, hubspot, postgres or valkey; None while it is away."""
        return self.group.supervisor.pid(name)

    def sign_in_url(self, person: str) -> str:
        return f"{self.url}/demo/{self.group.settings['PORTAL_DEMO_SECRET']}/{person}/"

    def rows(self, question: str, *parameters: object) -> list[tuple]:
        """Asked as the superuser, whom no wall hides anything from."""
        conninfo = psycopg.conninfo.make_conninfo(self.group.servers.superuser_conninfo, dbname="portal")
        with psycopg.connect(conninfo) as connection:
            return connection.execute(question, parameters).fetchall()

    def python(self, code: str) -> str:
        """Run code inside the portal's environment, with Django set up."""
        return self.group.finish("manage.py", "shell", "--no-imports", "-c", code)

    def hubspot(self, path: str, body: dict | None = None) -> dict:
        """The stand-in's controls for tests: seed, reset, knobs, state."""
        method = "GET" if body is None else "POST"
        answer = self.http.request(method, f"{self.hubspot_url}/standin/{path}", json=body)
        assert answer.status == 200, answer.data
        return answer.json()

    def logs(self) -> str:
        ends = {"supervisor": "\n".join(self.lines[-LOG_LINES:])}
        for log in sorted(self.group.log_folder.glob("*.log")):
            ends[log.name] = children.log_tail(log, LOG_LINES)
        return "\n".join(f"── {name}\n{end}" for name, end in ends.items())


def start_portal(*, demo_data: bool = True) -> RunningPortal:
    folder = Path(tempfile.mkdtemp(prefix="portal-running-", dir=memory_if_roomy()))
    folder.chmod(0o711)
    children.remove_at_end(folder)
    portal = RunningPortal(folder)
    running.append(portal)
    try:
        portal.start(demo_data=demo_data)
    except BaseException:
        print(portal.logs())
        stop_portal(portal)
        raise
    return portal


def stop_portal(portal: RunningPortal) -> None:
    running.remove(portal)
    portal.stop()


@pytest.fixture(scope="session")
def running_portal():
    """With the demo data; for tests that leave it as fit for the next one."""
    portal = start_portal()
    yield portal
    stop_portal(portal)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        report.sections += [(f"Running portal {portal.url}", portal.logs()) for portal in running]
    return report
