"""What is shipped runs the same processes as the demo, with the same roles, and nobody knows more than it needs."""

import os
import re
import shutil
import subprocess
from ipaddress import ip_network

import psycopg
import pytest
import yaml

from introw.processes import PROCESSES, ROOT, argv
from introw.servers import Servers
from workspaces.checks import https_comes_through_a_proxy

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def of_the_portal():
    return {name: service for name, service in SERVICES.items() if service["image"] == "partner-portal"}


def test_compose_runs_the_processes_of_the_demo_and_the_migrations():
    commands = {
        name: service.get("command", service.get("entrypoint")) for name, service in of_the_portal().items()
    }

    assert commands.pop("migrate") == ["python", "manage.py", "migrate", "--noinput"]
    assert commands == {name: [name] for name in PROCESSES}
    assert 'ENTRYPOINT ["python", "-m", "introw.processes"]' in DOCKERFILE


def test_every_process_waits_for_the_migrations():
    for name in PROCESSES:
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_only_the_migrations_know_the_owner_of_the_database():
    knowing = {
        name for name, service in of_the_portal().items() if "DATABASE_OWNER_URL" in service["environment"]
    }

    assert knowing == {"migrate"}
    assert not [name for name, service in of_the_portal().items() if "env_file" in service]


def test_servers_keep_what_they_acknowledged():
    assert "--appendonly yes --maxmemory-policy noeviction" in SERVICES["valkey"]["command"][-1]
    assert {
        volume.split(":")[0] for name in ("postgres", "valkey") for volume in SERVICES[name]["volumes"]
    } >= {
        "database",
        "valkey",
    }


def test_images_of_others_are_named_in_full():
    named = re.findall(r"^FROM (\S+)", DOCKERFILE, flags=re.M)
    named += [service["image"] for service in SERVICES.values() if "build" not in service]

    assert [name for name in named if not name.startswith("docker.io/")] == []


def test_valkey_goes_by_the_entrypoint_that_gives_up_root():
    assert "exec docker-entrypoint.sh valkey-server " in SERVICES["valkey"]["command"][-1]


def test_a_proxy_on_this_machine_is_believed():
    (place,) = COMPOSE["networks"]["outside"]["ipam"]["config"]
    gateway, believed = (
        ip_network(re.fullmatch(r"\$\{\w+:-(.+)\}", text)[1])
        for text in (place["subnet"], SERVICES["web"]["environment"]["PORTAL_PROXIES"])
    )

    assert gateway.subnet_of(believed)


def test_a_health_check_asks_nothing_of_the_environment_that_not_every_engine_sets():
    asked = [str(service.get("healthcheck", {}).get("test", "")) for service in SERVICES.values()]

    assert not [test for test in asked if "HOSTNAME" in test]


def test_every_setting_without_a_default_is_in_the_example():
    needed = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()))
    offered = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), flags=re.M))

    assert needed <= offered


def test_every_setting_that_compose_passes_on_is_read_by_somebody():
    read = "".join(path.read_text() for path in (ROOT / "introw").glob("*.py"))
    passed_on = {name for service in of_the_portal().values() for name in service["environment"]}

    assert {name for name in passed_on if name not in read} == set()


def test_the_image_holds_what_is_needed_and_runs_as_nobody_special():
    copied = set(re.findall(r"^COPY (\w[\w.]*) \S+$", DOCKERFILE, flags=re.M)) - {"pyproject.toml"}
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    assert let_in == copied | {"pyproject.toml", "uv.lock"}
    assert {"workspaces", "segments", "portal", "crm_sync", "introw", "templates", "static"} <= copied
    assert "uv sync --frozen --no-dev" in DOCKERFILE
    assert "--extra" not in DOCKERFILE  # no embedded servers
    assert DOCKERFILE.index("USER portal") < DOCKERFILE.index("ENTRYPOINT")


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_listens_to_its_settings(name):
    settings = {"PORTAL_PORT": "9000", "PORTAL_WEB_WORKERS": "3", "PORTAL_WORKER_PROCESSES": "5"}
    changed = set(argv(name, settings)) - set(argv(name, {}))

    assert changed == {"web": {"9000", "3"}, "worker": {"5"}}.get(name, set())


def test_forwarded_addresses_count_only_where_a_proxy_is_named():
    assert "--no-proxy-headers" in argv("web", {})
    named = argv("web", {"PORTAL_PROXIES": "10.0.0.1,10.1.0.0/16"})
    assert "--no-proxy-headers" not in named
    assert named[named.index("--forwarded-allow-ips") + 1] == "10.0.0.1,10.1.0.0/16"


def test_a_public_https_address_needs_a_proxy_that_says_so(settings):
    settings.HTTPS, settings.PROXIES = True, ""
    assert [error.id for error in https_comes_through_a_proxy(None)] == ["workspaces.E002"]
    settings.PROXIES = "10.0.0.1"
    assert https_comes_through_a_proxy(None) == []


def test_the_roles_of_a_new_server_are_bound_by_row_level_security(tmp_path):
    servers = Servers(tmp_path, needed={"postgres"}, throw_away=True)
    servers.start()
    try:
        with psycopg.connect(servers.superuser_conninfo, autocommit=True) as superuser:
            superuser.execute("DROP DATABASE portal")
            superuser.execute("DROP ROLE portal_app")
            superuser.execute("DROP ROLE portal_owner")
        make_roles(servers)
        portal = psycopg.conninfo.make_conninfo(servers.superuser_conninfo, dbname="portal")
        for role in ("portal_owner", "portal_app"):
            address = psycopg.conninfo.make_conninfo(portal, user=role, password=f"it's {role}")
            with psycopg.connect(address) as connection:
                above = "SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
                assert connection.execute(above).fetchone() == (False,)
                may = connection.execute("SELECT has_schema_privilege('public', 'CREATE')").fetchone()
                assert may == (role == "portal_owner",)
    finally:
        servers.stop()
        shutil.rmtree(servers.state)  # beside tmp_path where root's folders shut PostgreSQL out


def make_roles(servers):
    parameters = psycopg.conninfo.conninfo_to_dict(servers.superuser_conninfo)
    environment = {
        **os.environ,
        "PATH": f"{servers.programs}{os.pathsep}{os.environ['PATH']}",
        "PGHOST": parameters["host"],
        "PGPASSWORD": parameters["password"],
        "POSTGRES_USER": parameters["user"],
        "PORTAL_OWNER_PASSWORD": "it's portal_owner",
        "PORTAL_APP_PASSWORD": "it's portal_app",
    }
    subprocess.run(["sh", str(ROOT / "docker/make-roles.sh")], env=environment, check=True)
