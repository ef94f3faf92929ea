"""A whole portal starts, answers, and says how it is."""

import os
import signal

import pytest

from tests.house.test_children import wait_until

pytestmark = pytest.mark.processes


def test_health_pages_answer_whatever_the_host(running_portal):
    for page, text in (("healthz", b"ok\n"), ("readyz", b"ready\n")):
        answer = running_portal.http.request(
            "GET", f"{running_portal.url}/{page}", headers={"host": "10.0.0.7"}
        )
        assert (answer.status, answer.data) == (200, text)
        assert "no-store" in answer.headers["cache-control"]


def test_no_process_but_migrate_knows_the_owner_of_the_database(running_portal):
    for name in ("web", "worker", "beat", "relay", "hubspot"):
        with open(f"/proc/{running_portal.pid(name)}/environ", "rb") as environment:
            assert b"DATABASE_OWNER_URL" not in environment.read()


def test_not_ready_while_the_database_is_away_and_alive_all_the_same(running_portal):
    def status(page):
        return running_portal.http.request("GET", f"{running_portal.url}/{page}").status

    server = running_portal.pid("postgres")
    os.kill(server, signal.SIGSTOP)
    try:
        assert status("healthz") == 200
    finally:
        os.kill(server, signal.SIGCONT)
    os.kill(server, signal.SIGKILL)
    assert wait_until(lambda: status("readyz") == 503)
    assert status("healthz") == 200
    assert wait_until(lambda: status("readyz") == 200, seconds=30)
