"""The processes that make up a running portal: the one list that bin/demo and docker-compose.yml start from.

`python -m introw.processes web` becomes that process.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from introw.children import Command

ROOT = Path(__file__).resolve().parent.parent
Environment = Mapping[str, str]


def web(environment: Environment) -> list[str]:
    """Pages, webhooks and live streams."""
    proxies = environment.get("PORTAL_PROXIES", "")  # whose word about client and scheme is believed
    return [
        *("uvicorn", "introw.asgi:application"),
        *("--host", environment.get("PORTAL_HOST", "127.0.0.1")),
        *("--port", environment.get("PORTAL_PORT", "8000")),
        *("--workers", environment.get("PORTAL_WEB_WORKERS", "1")),
        *(("--proxy-headers", "--forwarded-allow-ips", proxies) if proxies else ("--no-proxy-headers",)),
        "--no-server-header",
        "--no-access-log",
        *("--timeout-keep-alive", "30"),
        *("--timeout-graceful-shutdown", "5"),  # live streams never end by themselves
        *("--log-level", "warning"),
    ]


def worker(environment: Environment) -> list[str]:
    """What happens behind the pages: CRM sync, recalculation, mail."""
    concurrency = environment.get("PORTAL_WORKER_PROCESSES", "2")
    options = ["--concurrency", concurrency, "--loglevel", "info", "--without-gossip", "--without-mingle"]
    return ["celery", "--app", "introw", "worker", *options]


def beat(environment: Environment) -> list[str]:
    """The clock. It remembers nothing: what is due stands in the database."""
    return ["celery", "--app", "introw", "beat", "--scheduler", "celery.beat:Scheduler", "--loglevel", "info"]


def relay(environment: Environment) -> list[str]:
    """Hears in PostgreSQL that work waits, and rings the worker."""
    return ["manage.py", "relay"]


def listener(environment: Environment) -> list[str]:
    """Keeps a line open to each Salesforce that streams its changes; idle where none does."""
    return ["manage.py", "listener"]


PROCESSES = {"web": web, "worker": worker, "beat": beat, "relay": relay, "listener": listener}


def argv(name: str, environment: Environment) -> list[str]:
    program, *arguments = PROCESSES[name](environment)
    return python(program, *arguments)


def python(program: str, *arguments: str) -> list[str]:
    """A script or a module, run by the Python that runs this."""
    return [sys.executable, *([] if program.endswith(".py") else ["-m"]), program, *arguments]


def commands(environment: Environment, log_folder: Path) -> list[Command]:
    return [command(name, argv(name, environment), environment, log_folder) for name in PROCESSES]


def stand_in_hubspot(environment: Environment, log_folder: Path, *, port: int, state: Path) -> Command:
    """Speaks HubSpot's protocol on this machine, for the demo and the tests."""
    hook = f"{environment['PORTAL_PUBLIC_URL']}/hooks/hubspot/"
    options = ["--port", str(port), "--portal-url", hook, "--state", str(state)]
    return command("hubspot", python("crm_sync.standins.hubspot", *options), environment, log_folder)


def stand_in_salesforce(
    environment: Environment, log_folder: Path, *, port: int, events_port: int, state: Path
) -> Command:
    """The same for Salesforce; where its messages go stands in its state."""
    options = ["--port", str(port), "--portal-url", environment["PORTAL_PUBLIC_URL"], "--state", str(state)]
    options += ["--events-port", str(events_port)]
    return command("salesforce", python("crm_sync.standins.salesforce", *options), environment, log_folder)


def command(name: str, argv: list[str], environment: Environment, log_folder: Path) -> Command:
    env = {**environment, "PYTHONUNBUFFERED": "1"}
    return Command(name=name, argv=tuple(argv), env=env, log=log_folder / f"{name}.log", cwd=ROOT)


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1] not in PROCESSES:
        raise SystemExit(f"Usage: python -m introw.processes {'|'.join(PROCESSES)}")
    program, *arguments = argv(sys.argv[1], os.environ)
    os.execv(program, [program, *arguments])  # noqa: S606 - no shell is wanted: signals must reach the process


if __name__ == "__main__":
    main()
