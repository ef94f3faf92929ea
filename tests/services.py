"""Starts a throw-away PostgreSQL and Valkey for the tests, before Django reads its settings.

With DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL set, the tests use those servers instead.
"""

import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from django.db import connections

from introw import children
from introw.server_files import ServerError
from introw.servers import Servers

ROOM_NEEDED = 600_000_000
started: list[Servers] = []


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config, parser, args):
    # Workers of pytest-xdist inherit the environment: only the first process starts servers.
    if not os.environ.get("DATABASE_URL"):
        start_servers()
    os.environ.setdefault("PORTAL_SECRET_KEY", "only-for-tests-0123456789abcdefghijklmnopqrstuvwxyz")
    return (yield)


def pytest_configure(config):
    # Registered after pytest-django and pytest-playwright, whose fixtures they wrap.
    config.pluginmanager.register(DatabaseFixtures(), "portal-database-fixtures")
    config.pluginmanager.import_plugin("tests.browser.plugin")
    config.pluginmanager.import_plugin("tests.running")


def pytest_collection_finish(session):
    """Modules, models and tests stay to the end: looking through them for garbage took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    while started:
        servers = started.pop()
        servers.stop()
        shutil.rmtree(servers.state, ignore_errors=True)


class DatabaseFixtures:
    @pytest.fixture(scope="session")
    @classmethod
    def django_db_setup(cls, django_db_setup):
        """Let go of every connection at the end, pools too, so that the test database can be dropped."""
        yield
        for connection in connections.all(initialized_only=True):
            connection.close()
            if getattr(connection, "pool", None):
                connection.close_pool()


def start_servers() -> None:
    folder = Path(tempfile.mkdtemp(prefix="portal-tests-", dir=memory_if_roomy()))
    folder.chmod(0o711)  # PostgreSQL's account passes through; what is inside is private to it
    children.remove_at_end(folder)
    try:
        servers = Servers(folder, throw_away=True)
        servers.start()
    except ServerError as error:
        raise pytest.UsageError(str(error)) from error
    os.environ.update(servers.environment)
    started.append(servers)


def memory_if_roomy() -> str | None:
    """Memory is faster, but a container may have only 64 MB of it."""
    memory = "/dev/shm"
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_NEEDED:
        return memory
    return None
