"""Child processes that never outlive the process that started them, not even when it is killed with -9.

On Linux the kernel itself signals each child when its parent dies. Everywhere, a small warden process does
the same for whole process groups, so that grandchildren (the pool of a worker) go too.
"""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
WARDEN = Path(__file__).with_name("warden.py")
ROTATE_AT = 5_000_000


@dataclass(frozen=True)
class Account:
    """An unprivileged user: PostgreSQL refuses to run as root."""

    uid: int
    gid: int

    @classmethod
    def for_root(cls) -> "Account | None":
        if os.geteuid() != 0:
            return None
        for name in ("nobody", "daemon"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(entry.pw_uid, entry.pw_gid)
        raise SystemExit("Running as root, and there is no user called nobody to run PostgreSQL as.")

    def may_enter(self, folder: Path) -> bool:
        folder = folder.resolve()
        stats = [path.stat() for path in (folder, *folder.parents)]
        return all(stat.st_mode & 0o001 or stat.st_uid == self.uid for stat in stats)


@dataclass(frozen=True)
class Command:
    """What it takes to start one process, and to stop it kindly."""

    name: str
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    config: str = ""  # given on standard input, for what must not be seen in the list of processes


class Child:
    """A running process, leader of its own process group."""

    def __init__(self, command: Command):
        self.command = command
        self.process = _start(command)
        _tell_warden("watch", f"{self.process.pid} {int(command.stop_signal)}")

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def ask_to_stop(self) -> None:
        if not self.ended:
            self.process.send_signal(self.command.stop_signal)

    def stop(self, *, patience: float = 10.0) -> None:
        """Ask, wait, then insist; nothing of its process group is left afterwards."""
        self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        self.clear_group()

    def clear_group(self) -> None:
        """Kill what a dead leader left behind (a worker killed with -9 leaves its pool)."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        _tell_warden("forget", str(self.pid))

    def log_tail(self, lines: int = 20) -> str:
        return log_tail(self.command.log, lines)


def log_tail(log: Path, lines: int = 20) -> str:
    if not log.exists():
        return ""
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - 20_000))
        return "\n".join(stream.read().decode(errors="replace").splitlines()[-lines:])


def remove_at_end(folder: Path) -> None:
    """Have a temporary folder removed once this process has ended, however it ends."""
    _tell_warden("litter", str(folder))


def _start(command: Command) -> subprocess.Popen[bytes]:
    account = command.account
    command.log.parent.mkdir(parents=True, exist_ok=True)
    if command.log.exists() and command.log.stat().st_size > ROTATE_AT:
        command.log.replace(command.log.with_suffix(".log.1"))
    with command.log.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own commands
            command.argv,
            stdin=subprocess.PIPE if command.config else subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=command.cwd,
            env=None if command.env is None else dict(command.env),
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=_die_with_parent(command.stop_signal),
        )
    if process.stdin:
        process.stdin.write(command.config.encode())
        process.stdin.close()
    return process


def _die_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """Runs in the child before exec. The kernel watches the *thread* that forks: start from the main one."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def prepare() -> None:
        prctl(PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return prepare


_warden: subprocess.Popen[bytes] | None = None


def _tell_warden(verb: str, argument: str) -> None:
    global _warden
    if _warden is None or _warden.poll() is not None:
        _warden = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-I", "-S", str(WARDEN)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
    assert _warden.stdin
    _warden.stdin.write(f"{verb} {argument}\n".encode())
    _warden.stdin.flush()
