"""PostgreSQL and Valkey from Python wheels, for the demo, development and tests. Production brings its own.

PostgreSQL listens on a Unix socket in a folder that only its own account may enter, never on the network, and
every role has a random password. The superuser makes the roles and the database and is not used after that.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import urlencode

import psycopg
from psycopg import sql

from introw.children import Account, Child, Command, log_tail
from introw.ports import free_port
from introw.server_files import (
    ServerError,
    initialise_cluster,
    postgres_home,
    private_folder,
    reachable_state,
    short_folder,
    valkey_binary,
    write_secret,
)

DATABASE = "portal"
OWNER, APP = "portal_owner", "portal_app"

POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",  # compiles for longer than our short queries run
    "timezone": "UTC",
    "max_wal_size": "512MB",
}
THROW_AWAY_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "max_wal_size": "256MB",
}


POSTGRES, VALKEY = "postgres", "valkey"


class Servers:
    """One PostgreSQL and one Valkey, or only the one that is needed, with all their state in one folder."""

    def __init__(
        self,
        state: Path,
        *,
        needed: Collection[str] = (POSTGRES, VALKEY),
        throw_away: bool = False,
        more: Mapping[str, str] | None = None,
    ):
        self.needed = needed
        self.throw_away = throw_away
        self.more = more or {}  # settings of PostgreSQL
        self.account = Account.for_root()
        self.log_folder = state / "log"
        state.mkdir(parents=True, exist_ok=True)
        self.state = reachable_state(state.resolve(), self.account)
        self.passwords = self._passwords()
        self.socket_folder = private_folder(short_folder(self.state / "socket"), self.account)
        self.valkey_port = free_port()
        self.children: list[Child] = []

    @property
    def environment(self) -> dict[str, str]:
        environment = {}
        if POSTGRES in self.needed:
            environment["DATABASE_URL"] = self._database_url(APP)
            environment["DATABASE_OWNER_URL"] = self._database_url(OWNER)
        if VALKEY in self.needed:
            password = self.passwords["valkey"]
            environment["REDIS_URL"] = f"redis://:{password}@127.0.0.1:{self.valkey_port}/0"
        return environment

    def start(self) -> None:
        """Everything in one call, for who does not watch over the processes."""
        self.children = [Child(command) for command in self.commands()]
        self.wait_until_ready()

    def stop(self) -> None:
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            child.stop()
        self.clean_up()

    def clean_up(self) -> None:
        shutil.rmtree(self.socket_folder, ignore_errors=True)

    def erase(self) -> None:
        """Forget all data."""
        for folder in ("postgres", "valkey"):
            shutil.rmtree(self.state / folder, ignore_errors=True)

    def commands(self) -> list[Command]:
        """The processes to run; makes the database cluster first where there is none."""
        commands = []
        if POSTGRES in self.needed:
            home = postgres_home(self.state, self.account)
            self._make_cluster(home)
            commands.append(self._postgres(home))
        if VALKEY in self.needed:
            commands.append(self._valkey())
        return commands

    def wait_until_ready(self, *, patience: float = 60.0) -> None:
        if POSTGRES in self.needed:
            connect_when_ready(self.superuser_conninfo, self.log_folder / "postgres.log", patience)
            self._make_roles()
        if VALKEY in self.needed:
            wait_for_port(self.valkey_port, self.log_folder / "valkey.log", patience)

    def _database_url(self, role: str) -> str:
        place = urlencode({"host": str(self.socket_folder)}, safe="/")
        return f"postgresql://{role}:{self.passwords[role]}@/{DATABASE}?{place}"

    @property
    def programs(self) -> Path:
        """Where psql, pg_dump and their like are."""
        return postgres_home(self.state, self.account) / "bin"

    @property
    def superuser_conninfo(self) -> str:
        return psycopg.conninfo.make_conninfo(
            host=str(self.socket_folder),
            user="postgres",
            password=self.passwords["postgres"],
            dbname=POSTGRES,
        )

    def _passwords(self) -> dict[str, str]:
        kept = self.state / "passwords.json"
        if kept.exists():
            return json.loads(kept.read_text())
        passwords = {role: secrets.token_urlsafe(24) for role in ("postgres", OWNER, APP, "valkey")}
        write_secret(kept, json.dumps(passwords))
        return passwords

    def _make_cluster(self, home: Path) -> None:
        data = self.state / "postgres"
        if (data / "portal.ready").exists():
            return
        shutil.rmtree(data, ignore_errors=True)
        private_folder(data, self.account)
        initialise_cluster(home, data, self.passwords["postgres"], self.account)
        (data / "portal.ready").touch()

    def _postgres(self, home: Path) -> Command:
        settings = POSTGRES_SETTINGS | {"unix_socket_directories": str(self.socket_folder)}
        if self.throw_away:
            settings |= THROW_AWAY_SETTINGS
        settings |= self.more
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Command(
            name=POSTGRES,
            argv=(str(home / "bin/postgres"), "-D", str(self.state / "postgres"), *options),
            log=self.log_folder / "postgres.log",
            cwd=self.state,
            account=self.account,
            stop_signal=signal.SIGINT,  # PostgreSQL's "fast" shutdown: sends clients away, writes everything
        )

    def _valkey(self) -> Command:
        folder = self.state / "valkey"
        folder.mkdir(mode=0o700, exist_ok=True)
        settings = {
            "bind": "127.0.0.1",
            "port": self.valkey_port,
            "requirepass": self.passwords["valkey"],
            "dir": folder,
            "save": '""',
            "appendonly": "no" if self.throw_away else "yes",
            "maxmemory-policy": "noeviction",
        }
        return Command(
            name=VALKEY,
            argv=(valkey_binary(), "-"),
            log=self.log_folder / "valkey.log",
            cwd=folder,
            config="".join(f"{name} {value}\n" for name, value in settings.items()),
        )

    def _make_roles(self) -> None:
        with psycopg.connect(self.superuser_conninfo, autocommit=True) as superuser:
            if superuser.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                return
            # Only a throw-away cluster lets the owner make databases: the tests make theirs.
            owner_may = "CREATEDB" if self.throw_away else "NOCREATEDB"
            for role, rights in ((OWNER, owner_may), (APP, "NOCREATEDB")):
                superuser.execute(
                    sql.SQL(
                        "CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE {} PASSWORD {}"
                    ).format(sql.Identifier(role), sql.SQL(rights), sql.Literal(self.passwords[role]))
                )
            superuser.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
            )


def servers_needed() -> frozenset[str]:
    """Servers that the environment does not name already."""
    named = {POSTGRES: "DATABASE_URL", VALKEY: "REDIS_URL"}
    return frozenset(server for server, variable in named.items() if variable not in os.environ)


def connect_when_ready(conninfo: str, log: Path, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            psycopg.connect(conninfo).close()
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise ServerError(f"PostgreSQL did not start: {error}\n{log_tail(log)}") from error
            time.sleep(0.02)


def wait_for_port(port: int, log: Path, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise ServerError(f"Valkey did not start.\n{log_tail(log)}") from error
            time.sleep(0.02)
