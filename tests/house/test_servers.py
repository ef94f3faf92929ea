"""The embedded servers: what they keep, and whom they let in."""

import os
import shutil
import stat
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
import redis

from introw.processes import ROOT
from introw.runtime import InUse, Runtime
from introw.servers import Servers


@pytest.fixture
def state(tmp_path):
    yield tmp_path
    shutil.rmtree(Servers(tmp_path).state, ignore_errors=True)


@pytest.fixture
def servers(state):
    servers = Servers(state)
    servers.start()
    yield servers
    servers.stop()


def one(address, question):
    with psycopg.connect(address) as connection:
        return connection.execute(question).fetchone()


def test_neither_role_is_above_the_walls_or_may_make_roles_and_databases(servers):
    rights = "SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb FROM pg_roles"
    for variable, role in (("DATABASE_URL", "portal_app"), ("DATABASE_OWNER_URL", "portal_owner")):
        address = servers.environment[variable]
        assert one(address, f"{rights} WHERE rolname = current_user") == (role, False)


def test_the_application_may_make_no_tables(servers):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        one(servers.environment["DATABASE_URL"], "CREATE TABLE mine (id int)")


def test_the_way_in_is_a_socket_in_a_folder_of_its_own_and_a_password(servers):
    address = servers.environment["DATABASE_URL"]
    folder = parse_qs(urlsplit(address).query)["host"][0]

    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert one(address, "SHOW listen_addresses") == ("",)
    with pytest.raises(psycopg.OperationalError, match="password"):
        one(address.replace(servers.passwords["portal_app"], "wrong"), "SELECT 1")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=servers.valkey_port).ping()


def test_passwords_are_readable_by_their_owner_alone(servers):
    assert stat.S_IMODE((servers.state / "passwords.json").stat().st_mode) == 0o600


def test_data_outlives_a_restart(state):
    first = Servers(state)
    first.start()
    with psycopg.connect(first.environment["DATABASE_OWNER_URL"]) as owner:
        owner.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    redis.from_url(first.environment["REDIS_URL"]).set("kept", "42")
    first.stop()

    second = Servers(state)
    second.start()
    try:
        assert one(second.environment["DATABASE_OWNER_URL"], "SELECT answer FROM kept") == (42,)
        assert redis.from_url(second.environment["REDIS_URL"]).get("kept") == b"42"
    finally:
        second.stop()


def test_only_the_server_that_is_needed_is_started(state):
    servers = Servers(state, needed={"valkey"})
    servers.start()
    servers.stop()

    assert [child.command.name for child in servers.children] == ["valkey"]
    assert list(servers.environment) == ["REDIS_URL"]


def test_two_commands_cannot_use_one_folder(tmp_path):
    code = f"""if True:
        from pathlib import Path
        from introw.runtime import Runtime
        runtime = Runtime(Path({str(tmp_path)!r}))
        runtime.take("bin/demo")
        runtime.publish({{"REDIS_URL": "redis://'quoted' $HOME"}})
        print("taken", flush=True)
        input()
    """
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=pipe, stdout=pipe) as other:
        assert other.stdout.readline() == b"taken\n"
        with pytest.raises(InUse, match=rf"bin/demo \(process {other.pid}\)"):
            Runtime(tmp_path).take("bin/run")
        assert Runtime(tmp_path).published() == {"REDIS_URL": "redis://'quoted' $HOME"}
        other.kill()

    assert Runtime(tmp_path).published() == {}  # who published it is gone
    Runtime(tmp_path).take("bin/run")
