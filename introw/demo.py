"""bin/demo: the whole portal with demo data on this machine, and nothing left behind when it ends."""

import argparse
import os
import secrets
import signal
import time
from collections.abc import Callable
from types import FrameType

from introw import processes
from introw.children import Child, log_tail
from introw.ports import free_port, is_free
from introw.runtime import InUse, Runtime
from introw.server_files import ServerError
from introw.servers import POSTGRES, Servers, servers_needed
from introw.supervisor import Supervisor, wait_for_page

READY_WITHIN = 90.0
SERVER_ADDRESSES = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")


class DemoFailed(Exception):
    """The message is for the person at the terminal."""


class Demo:
    def __init__(self, runtime: Runtime, *, port: int):
        if "DATABASE_URL" in os.environ and "DATABASE_OWNER_URL" not in os.environ:
            raise DemoFailed("DATABASE_URL is set: set DATABASE_OWNER_URL too, the role that makes tables.")
        self.runtime = runtime
        self.port = port
        self.hubspot_port = port + 1 if is_free(port + 1) else free_port()
        self.servers = Servers(runtime.folder, needed=servers_needed())
        self.hubspot_state = runtime.folder / "hubspot.json"
        self.settings = demo_settings(runtime, port, self.hubspot_port)
        self.supervisor = Supervisor(say=lambda line: print(f"  {line}", flush=True))

    @property
    def environment(self) -> dict[str, str]:
        """For the running portal: without the owner of the database, whom it must not know."""
        with_owner = {**os.environ, **self.published}
        return {name: value for name, value in with_owner.items() if name != "DATABASE_OWNER_URL"}

    @property
    def published(self) -> dict[str, str]:
        """What `bin/run` needs to work with this demo."""
        return {
            **{name: os.environ[name] for name in SERVER_ADDRESSES if name in os.environ},
            **self.servers.environment,
            **self.settings,
        }

    def run(self) -> None:
        step("PostgreSQL and Valkey", self.start_servers)
        self.runtime.publish(self.published)
        step("Database", lambda: self.finish("manage.py", "migrate", "--verbosity", "0", owner=True))
        step(
            "Demo data",
            lambda: self.finish("manage.py", "seed_demo", "--hubspot-state", str(self.hubspot_state)),
        )
        step("Web, worker, beat, relay and a stand-in for HubSpot", self.start_portal)
        print("\n" + self.finish("manage.py", "demo_links") + "\n")
        print(f"Logs are in {self.runtime.log_folder}. Ctrl-C stops everything.", flush=True)
        self.supervisor.watch()

    def erase(self) -> None:
        if POSTGRES not in self.servers.needed:
            raise DemoFailed("--reset erases only the demo's own server; DATABASE_URL names another one.")
        self.servers.erase()
        self.hubspot_state.unlink(missing_ok=True)

    def start_servers(self) -> None:
        self.supervisor.start(self.servers.commands())
        self.servers.wait_until_ready()

    def start_portal(self) -> None:
        log_folder = self.runtime.log_folder
        hubspot = processes.stand_in_hubspot(
            self.environment, log_folder, port=self.hubspot_port, state=self.hubspot_state
        )
        self.supervisor.start([*processes.commands(self.environment, log_folder), hubspot])
        self.links = self.finish("manage.py", "demo_links")
        page = f"http://localhost:{self.port}/readyz"
        if not wait_for_page(page, self.supervisor, patience=READY_WITHIN):
            raise DemoFailed(f"The portal does not answer at {page}:\n{log_tail(log_folder / 'web.log')}")

    def finish(self, *arguments: str, owner: bool = False) -> str:
        """Run one command to its end and give what it printed."""
        environment = {**os.environ, **self.published} if owner else self.environment
        name = arguments[-1].rpartition(".")[2]
        argv = processes.python(*arguments)
        command = processes.command(name, argv, environment, self.runtime.log_folder)
        command.log.unlink(missing_ok=True)
        child = Child(command)
        try:
            returncode = child.process.wait()
        finally:
            child.stop()
        if returncode:
            raise DemoFailed(f"{name} failed:\n{child.log_tail()}")
        return command.log.read_text().rstrip()

    def stop(self) -> None:
        self.runtime.withdraw()
        self.supervisor.stop(servers=[*self.servers.needed])
        self.servers.clean_up()


def main() -> None:
    options = parse_options()
    runtime = Runtime()
    on_ending_signals(interrupt)
    try:
        runtime.take("bin/demo")
        if not is_free(options.port):
            raise DemoFailed(f"Port {options.port} is in use. Choose another: bin/demo --port 8080")
        demo = Demo(runtime, port=options.port)
        if options.reset:
            demo.erase()
        run(demo)
    except InUse as use:
        raise SystemExit(f"The portal in this folder is already running: {use}. Stop that first.") from use
    except (DemoFailed, ServerError) as failure:
        raise SystemExit(str(failure)) from failure


def run(demo: Demo) -> None:
    try:
        demo.run()
    except KeyboardInterrupt:
        print("\nStopping…", flush=True)
    finally:
        on_ending_signals(signal.SIG_IGN)
        demo.stop()


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/demo", description="The whole portal with demo data.")
    parser.add_argument("--port", type=int, default=8000, help="port of the web pages (8000)")
    parser.add_argument("--reset", action="store_true", help="forget all data and start with fresh data")
    return parser.parse_args()


def on_ending_signals(action: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    # A shell starts background jobs with SIGINT ignored; nohup ignores SIGHUP, and means it.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, action)


def interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def demo_settings(runtime: Runtime, port: int, hubspot_port: int) -> dict[str, str]:
    return {
        **runtime.secrets(),
        "PORTAL_DEMO": "1",
        "PORTAL_DEMO_SECRET": secrets.token_urlsafe(24),  # sign-in links of an earlier start are void
        "PORTAL_PORT": str(port),
        "PORTAL_PUBLIC_URL": f"http://localhost:{port}",
        "PORTAL_HUBSPOT_API_URL": f"http://127.0.0.1:{hubspot_port}",
    }


def step(what: str, work: Callable[[], object]) -> None:
    started = time.monotonic()
    print(f"  {what} …", end="", flush=True)
    try:
        work()
    except BaseException:
        print(flush=True)
        raise
    print(f" {time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main()
