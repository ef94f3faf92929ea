"""Outlives its parent by a moment, to stop the processes and remove the folders that it left behind.

Run as a script with a pipe as its input. The parent writes one line per event (`watch <pid> <signal>`,
`forget <pid>`, `litter <path>`); when the pipe closes, the parent has ended, however it ended. What is still
watched then gets its own stop signal, and after a moment its whole process group is killed.
"""

import contextlib
import os
import shutil
import signal
import sys
import time

PATIENCE = 8.0  # a worker finishes its job, PostgreSQL writes its checkpoint


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    watched, litter = listen()
    for pid, stop_signal in watched.items():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, stop_signal)
    wait_for_groups(watched)
    for pid in watched:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
    for path in litter:
        shutil.rmtree(path, ignore_errors=True)


def listen() -> tuple[dict[int, int], list[str]]:
    """What is left to do once the parent is gone."""
    watched: dict[int, int] = {}
    litter: list[str] = []
    for line in sys.stdin:
        verb, _, rest = line.rstrip("\n").partition(" ")
        if verb == "watch":
            pid, stop_signal = rest.split()
            watched[int(pid)] = int(stop_signal)
        elif verb == "forget":
            watched.pop(int(rest), None)
        elif verb == "litter":
            litter.append(rest)
    return watched, litter


def wait_for_groups(watched: dict[int, int]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and any(group_lives(pid) for pid in watched):
        time.sleep(0.05)


def group_lives(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    main()
