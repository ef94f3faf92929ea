"""bin/run: any command in the portal's environment.

What talks to the database gets one: that of DATABASE_URL, that of a demo which runs, or embedded servers that
live as long as the command.
"""

import os
import signal
import subprocess
import sys

from introw.processes import ROOT
from introw.runtime import InUse, Runtime
from introw.server_files import ServerError
from introw.servers import POSTGRES, Servers, servers_needed

TALKS_TO_THE_DATABASE = ("python", "celery", "uvicorn", "django-admin")


def main() -> None:
    command = sys.argv[1:]
    if not command:
        raise SystemExit("Usage: bin/run <command>, for example: bin/run manage.py shell")
    os.environ["PATH"] = f"{ROOT / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"
    name = os.path.basename(command[0])
    if name.endswith(".py"):
        command = [sys.executable, *command]
    elif name not in TALKS_TO_THE_DATABASE:
        replace_with(command)
    runtime = Runtime()
    os.environ.update(runtime.published() if POSTGRES in servers_needed() else {})
    if not servers_needed():
        replace_with(command)
    try:
        raise SystemExit(run_with_servers(command, runtime))
    except (InUse, ServerError) as problem:
        raise SystemExit(f"The servers could not be started: {problem}") from problem


def replace_with(command: list[str]) -> None:
    try:
        os.execvp(command[0], command)  # noqa: S606 - what the person at the terminal typed
    except OSError as error:
        raise SystemExit(f"{command[0]}: {error.strerror}") from error


def run_with_servers(command: list[str], runtime: Runtime) -> int:
    runtime.take(f"bin/run {command[-1]}")
    servers = Servers(runtime.folder, needed=servers_needed())
    environment = {**os.environ, **runtime.secrets(), **servers.environment}
    try:
        servers.start()
        runtime.publish({**runtime.secrets(), **servers.environment})
        return run(command, environment)
    finally:
        runtime.withdraw()
        servers.stop()


def run(command: list[str], environment: dict[str, str]) -> int:
    """In the foreground, with the terminal: Ctrl-C goes to the command, and we wait for how it ends."""
    process = subprocess.Popen(command, env=environment)  # noqa: S603
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: process.send_signal(number))
    returncode = process.wait()
    return returncode if returncode >= 0 else 128 - returncode


if __name__ == "__main__":
    main()
