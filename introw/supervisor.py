"""Runs a group of processes: starts those that died again, and leaves none behind."""

import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable

from introw.children import Child, Command

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
STEADY_AFTER = 60.0  # a process that lived this long starts again without waiting


class Keeper:
    """One command and the child that runs it at the moment."""

    def __init__(self, command: Command):
        self.command = command
        self.child: Child | None = None
        self.started_at = 0.0
        self.start_again_at = 0.0
        self.pause = FIRST_PAUSE

    def start(self) -> None:
        self.child = Child(self.command)
        self.started_at = time.monotonic()

    def check(self, say: Callable[[str], None]) -> None:
        now = time.monotonic()
        if self.child and self.child.ended:
            self.plan_restart(self.child, now, say)
        elif self.child is None and now >= self.start_again_at:
            self.start()

    def plan_restart(self, child: Child, now: float, say: Callable[[str], None]) -> None:
        child.clear_group()
        self.pause = FIRST_PAUSE if now - self.started_at > STEADY_AFTER else self.pause
        ending = how_it_ended(child.process.returncode)
        say(f"{self.command.name} {ending}; starting it again in {self.pause:g} s ({self.command.log})")
        self.start_again_at = now + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)
        self.child = None


class Supervisor:
    def __init__(self, *, say: Callable[[str], None] = print):
        self.say = say
        self.keepers: dict[str, Keeper] = {}
        self.stopping = threading.Event()
        self._checking = threading.Lock()

    def start(self, commands: Iterable[Command]) -> None:
        """Start these now and keep them running."""
        for command in commands:
            keeper = self.keepers[command.name] = Keeper(command)
            keeper.start()

    def pid(self, name: str) -> int | None:
        child = self.keepers[name].child
        return child.pid if child else None

    def watch(self, *, every: float = 0.2) -> None:
        """Keep everything running until somebody calls `request_stop`."""
        while not self.stopping.wait(every):
            self.check()

    def check(self) -> None:
        with self._checking:
            for keeper in self.keepers.values():
                if not self.stopping.is_set():
                    keeper.check(self.say)

    def request_stop(self) -> None:
        self.stopping.set()

    def stop(self, *, servers: Iterable[str] = (), patience: float = 10.0) -> None:
        """Stop all; the named servers only when nobody uses them any more."""
        self.stopping.set()
        with self._checking:
            last = set(servers)
            self._stop([name for name in self.keepers if name not in last], patience)
            self._stop([name for name in self.keepers if name in last], patience)

    def _stop(self, names: list[str], patience: float) -> None:
        children = [child for name in names if (child := self.keepers[name].child)]
        for child in children:
            child.ask_to_stop()
        deadline = time.monotonic() + patience
        for child in children:
            child.stop(patience=max(0.0, deadline - time.monotonic()))


def how_it_ended(returncode: int) -> str:
    if returncode < 0:
        return f"was ended by {signal.Signals(-returncode).name}"
    return f"ended with code {returncode}"


def wait_for_page(url: str, supervisor: Supervisor, *, patience: float) -> bool:
    """Whether the page answers well before patience ends; meanwhile what dies is started again."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        supervisor.check()
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - our own address
            return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    return False
