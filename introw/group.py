"""A whole portal on this machine: its servers, its processes and stand-ins for two CRMs."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from introw import processes
from introw.children import Child, log_tail
from introw.ports import free_port, is_free
from introw.servers import Servers, servers_needed
from introw.supervisor import Supervisor, wait_for_page

READY_WITHIN = 90.0
SERVER_ADDRESSES = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")


class GroupFailed(Exception):
    """The message is for the person at the terminal."""


class PortalGroup:
    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        settings: dict[str, str],
        servers: Servers,
        say: Callable[[str], None],
    ):
        self.folder = folder
        self.log_folder = folder / "log"
        self.port = port
        self.hubspot_port = port + 1 if is_free(port + 1) else free_port()
        self.salesforce_port = port + 2 if is_free(port + 2) else free_port()
        self.events_port = port + 3 if is_free(port + 3) else free_port()
        self.hubspot_state = folder / "hubspot.json"
        self.salesforce_state = folder / "salesforce.json"
        self.static = folder / "static"
        self.links = folder / "sign-in-links.txt"
        self.servers = servers
        self.settings = settings
        self.supervisor = Supervisor(say=say)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def hubspot_url(self) -> str:
        return f"http://127.0.0.1:{self.hubspot_port}"

    @property
    def salesforce_url(self) -> str:
        return f"http://127.0.0.1:{self.salesforce_port}"

    @property
    def published(self) -> dict[str, str]:
        """What another command needs to work with this portal."""
        return {
            **{name: os.environ[name] for name in SERVER_ADDRESSES if name in os.environ},
            **self.servers.environment,
            **self.settings,
            "PORTAL_PORT": str(self.port),
            "PORTAL_PUBLIC_URL": self.url,
            "PORTAL_HUBSPOT_API_URL": self.hubspot_url,
            "PORTAL_HUBSPOT_APP_URL": self.hubspot_url,
            "PORTAL_SALESFORCE_STANDIN_URL": self.salesforce_url,
            "PORTAL_SALESFORCE_STANDIN_EVENTS": f"127.0.0.1:{self.events_port}",
            "PORTAL_MEDIA_ROOT": str(self.folder / "media"),
            "PORTAL_STATIC_ROOT": str(self.static),
        }

    @property
    def environment(self) -> dict[str, str]:
        """For the running portal: without the owner of the database, whom it must not know."""
        with_owner = {**os.environ, **self.published}
        return {name: value for name, value in with_owner.items() if name != "DATABASE_OWNER_URL"}

    def start_servers(self) -> None:
        self.supervisor.start(self.servers.commands())
        self.servers.wait_until_ready()

    def prepare(self, *, demo_data: bool = True) -> None:
        """Tables and demo data, as far as they are not there."""
        states = ["--demo-data", str(self.hubspot_state), "--salesforce", str(self.salesforce_state)]
        data = [*states, "--links", str(self.links)] if demo_data else []
        self.finish("introw.prepare", *data, environment={**os.environ, **self.published})

    def start_portal(self) -> None:
        """Pages first; what works behind them starts while somebody looks at the first one."""
        self.static.mkdir(exist_ok=True)  # empty: pages find their files in the source
        commands = processes.commands(self.environment, self.log_folder)
        hubspot = processes.stand_in_hubspot(
            self.environment, self.log_folder, port=self.hubspot_port, state=self.hubspot_state
        )
        salesforce = processes.stand_in_salesforce(
            self.environment,
            self.log_folder,
            port=self.salesforce_port,
            events_port=self.events_port,
            state=self.salesforce_state,
        )
        self.supervisor.start([command for command in commands if command.name == "web"])
        self.supervisor.start([hubspot])
        self.wait_until_ready()
        self.supervisor.start([command for command in commands if command.name != "web"] + [salesforce])

    def wait_until_ready(self) -> None:
        for page, name in ((f"{self.url}/readyz", "web"), (f"{self.hubspot_url}/standin/state", "hubspot")):
            if not wait_for_page(page, self.supervisor, patience=READY_WITHIN):
                raise GroupFailed(f"{page} does not answer:\n{log_tail(self.log_folder / f'{name}.log')}")

    def finish(self, program: str, *arguments: str, environment: dict[str, str] | None = None) -> str:
        """Run one command to its end and give what it printed."""
        name = arguments[0] if program == "manage.py" else program.rpartition(".")[2]
        argv = processes.python(program, *arguments)
        command = processes.command(name, argv, environment or self.environment, self.log_folder)
        command.log.unlink(missing_ok=True)
        child = Child(command)
        try:
            returncode = child.process.wait()
        finally:
            child.stop()
        if returncode:
            raise GroupFailed(f"{name} failed:\n{child.log_tail()}")
        return command.log.read_text().rstrip()

    def erase(self) -> None:
        """Forget all data; before the servers start."""
        self.servers.erase()
        shutil.rmtree(self.folder / "media", ignore_errors=True)
        self.hubspot_state.unlink(missing_ok=True)
        self.salesforce_state.unlink(missing_ok=True)

    def stop(self) -> None:
        self.supervisor.stop(servers=[*self.servers.needed])
        self.servers.clean_up()


def own_servers(folder: Path) -> Servers:
    """The servers that the environment does not name already."""
    if "DATABASE_URL" in os.environ and "DATABASE_OWNER_URL" not in os.environ:
        raise GroupFailed("DATABASE_URL is set: set DATABASE_OWNER_URL too, the role that makes tables.")
    return Servers(folder, needed=servers_needed())
