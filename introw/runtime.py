"""The folder `.portal/`: what a portal on this machine keeps between two starts, and who is using it now."""

import fcntl
import json
import os
import secrets
import shlex
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from introw.server_files import write_secret

ROOT = Path(__file__).resolve().parent.parent


class InUse(Exception):
    """Another command is using the folder; the message says which."""


class Runtime:
    """One such folder. Only one command at a time may start servers on it."""

    def __init__(self, folder: Path = ROOT / ".portal"):
        self.folder = folder
        self._lock: IO[str] | None = None

    @property
    def log_folder(self) -> Path:
        return self.folder / "log"

    @property
    def environment_file(self) -> Path:
        return self.folder / "runtime.env"

    def take(self, what: str) -> None:
        """Hold the folder until this process ends, however it ends."""
        self.folder.mkdir(mode=0o711, exist_ok=True)
        lock = (self.folder / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise InUse(lock.read().strip() or "another command") from error
        lock.truncate(0)
        lock.write(f"{what} (process {os.getpid()})\n")
        lock.flush()
        self._lock = lock

    def publish(self, environment: Mapping[str, str]) -> None:
        """Let commands in other terminals use the same servers."""
        lines = (f"{name}={shlex.quote(value)}\n" for name, value in environment.items())
        write_secret(self.environment_file, "".join(lines))

    def withdraw(self) -> None:
        self.environment_file.unlink(missing_ok=True)

    def published(self) -> dict[str, str]:
        """The servers' addresses while another command runs them, else nothing."""
        if not self.environment_file.exists() or not self._held_by_another():
            return {}
        lines = self.environment_file.read_text().splitlines()
        return {name: shlex.split(value)[0] for name, _, value in (line.partition("=") for line in lines)}

    def secrets(self) -> dict[str, str]:
        """Keys made once and kept, so that sessions and stored CRM tokens outlive a restart."""
        kept = self.folder / "secrets.json"
        if not kept.exists():
            encryption_key = urlsafe_b64encode(os.urandom(32)).decode()
            made = {"PORTAL_SECRET_KEY": secrets.token_urlsafe(50), "PORTAL_ENCRYPTION_KEYS": encryption_key}
            write_secret(kept, json.dumps(made))
        return json.loads(kept.read_text())

    def _held_by_another(self) -> bool:
        with (self.folder / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False
