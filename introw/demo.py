"""bin/demo: the whole portal with demo data on this machine, and nothing left behind when it ends."""

import argparse
import secrets
import signal
import time
from collections.abc import Callable
from types import FrameType

from introw.group import GroupFailed, PortalGroup, own_servers
from introw.ports import is_free
from introw.runtime import InUse, Runtime
from introw.server_files import ServerError
from introw.servers import POSTGRES


def main() -> None:
    options = parse_options()
    runtime = Runtime()
    on_ending_signals(interrupt)
    try:
        runtime.take("bin/demo")
        if not is_free(options.port):
            raise GroupFailed(f"Port {options.port} is in use. Choose another: bin/demo --port 8080")
        group = make_group(runtime, options.port)
        if options.reset:
            reset(group)
        run(group, runtime)
    except InUse as use:
        raise SystemExit(f"The portal in this folder is already running: {use}. Stop that first.") from use
    except (GroupFailed, ServerError) as failure:
        raise SystemExit(str(failure)) from failure


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/demo", description="The whole portal with demo data.")
    parser.add_argument("--port", type=int, default=8000, help="port of the web pages (8000)")
    parser.add_argument("--reset", action="store_true", help="forget all data and start with fresh data")
    return parser.parse_args()


def make_group(runtime: Runtime, port: int) -> PortalGroup:
    settings = {
        **runtime.secrets(),
        "PORTAL_DEMO": "1",
        "PORTAL_DEMO_SECRET": secrets.token_urlsafe(24),  # sign-in links of an earlier start are void
    }
    servers = own_servers(runtime.folder)
    return PortalGroup(runtime.folder, port=port, settings=settings, servers=servers, say=say)


def reset(group: PortalGroup) -> None:
    if POSTGRES not in group.servers.needed:
        raise GroupFailed("--reset erases only the demo's own server; DATABASE_URL names another one.")
    group.erase()


def run(group: PortalGroup, runtime: Runtime) -> None:
    try:
        start(group, runtime)
        group.supervisor.watch()
    except KeyboardInterrupt:
        say("Stopping…")
    finally:
        on_ending_signals(signal.SIG_IGN)
        runtime.withdraw()
        group.stop()


def start(group: PortalGroup, runtime: Runtime) -> None:
    step("PostgreSQL and Valkey", group.start_servers)
    runtime.publish(group.published)
    step("Tables and demo data", group.prepare)
    step("Web, worker, beat, relay, listener and stand-ins for two CRMs", group.start_portal)
    crms = f"HubSpot’s stand-in (Northwind)\n    {group.hubspot_url}/\n"
    crms += f"Salesforce’s stand-in (Fjordlight)\n    {group.salesforce_url}/\n"
    print(f"\n{group.links.read_text()}\n{crms}")
    print(f"Logs are in {runtime.log_folder}. Ctrl-C stops everything.", flush=True)


def step(what: str, work: Callable[[], None]) -> None:
    """Say what happens, and afterwards how long it took."""
    started = time.monotonic()
    print(f"  {what} …", end="", flush=True)
    try:
        work()
    except BaseException:
        print(flush=True)
        raise
    print(f" {time.monotonic() - started:.1f} s", flush=True)


def say(line: str) -> None:
    print(f"  {line}", flush=True)


def on_ending_signals(action: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    # A shell starts background jobs with SIGINT ignored; nohup ignores SIGHUP, and means it.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, action)


def interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
