"""Processes that the portal starts: none outlives its parent, and what dies is started again."""

import os
import signal
import subprocess
import sys
import time

import pytest

from introw.children import Child, Command
from introw.processes import ROOT
from introw.supervisor import Keeper, Supervisor

# A parent with two children: one that ignores the polite signal, and one with a child of its own.
PARENT = """
import sys, time
from pathlib import Path
from introw.children import Child, Command, remove_at_end
folder = Path(sys.argv[1])
sleep = "import time; time.sleep(600)"
stubborn = "import signal; signal.signal(15, signal.SIG_IGN); " + sleep
family = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {sleep!r}]); " + sleep
(folder / "litter").mkdir()
remove_at_end(folder / "litter")
for name, code in (("stubborn", stubborn), ("family", family)):
    Child(Command(name=name, argv=(sys.executable, "-c", code, str(folder)), log=folder / "log"))
time.sleep(0.5)
print("started", flush=True)
time.sleep(600)
"""


def in_group_of_children(folder):
    """Processes whose command line names the folder, and everything in their groups."""
    listing = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,pgid=,stat=,args="], capture_output=True, text=True
    ).stdout
    rows = [line.split(None, 3) for line in listing.splitlines()]
    alive = [(int(pid), int(group), args) for pid, group, state, args in rows if not state.startswith("Z")]
    groups = {group for _, group, args in alive if str(folder) in args}
    return {pid for pid, group, _ in alive if group in groups}


def wait_until(true, *, seconds=15.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def run(tmp_path):
    """Starts Python code under a supervisor, whose lines are kept."""
    lines = []
    supervisor = Supervisor(say=lines.append)
    supervisor.lines = lines

    def start(name, code):
        supervisor.start(
            [Command(name=name, argv=(sys.executable, "-c", code), log=tmp_path / f"{name}.log")]
        )
        return supervisor

    yield start
    supervisor.stop(patience=0.5)


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "terminated"])
def test_no_child_outlives_a_parent_that_is_ended(tmp_path, ending):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert parent.stdout.readline() == b"started\n"
        assert wait_until(lambda: len(in_group_of_children(tmp_path)) == 4)  # with the grandchild
        parent.send_signal(ending)
        parent.wait(10)
    finally:
        parent.kill()

    assert wait_until(lambda: not in_group_of_children(tmp_path))
    assert wait_until(lambda: not (tmp_path / "litter").exists())


def test_a_process_that_died_is_started_again_and_that_is_said_in_one_line(run):
    supervisor = run("worker", "import time; time.sleep(600)")
    first = supervisor.pid("worker")
    os.kill(first, signal.SIGKILL)

    assert wait_until(lambda: supervisor.check() or supervisor.pid("worker") not in {first, None})
    (line,) = supervisor.lines
    assert line.startswith("worker was ended by SIGKILL; starting it again in 0.5 s")


def test_a_process_that_keeps_dying_is_started_ever_more_rarely(tmp_path):
    keeper = Keeper(
        Command(name="web", argv=(sys.executable, "-c", "raise SystemExit(3)"), log=tmp_path / "log")
    )
    lines = []
    for _ in range(3):
        keeper.start()
        keeper.child.process.wait()
        keeper.check(lines.append)
    pauses = [line.partition(" in ")[2].split(" ")[0] for line in lines]

    assert pauses == ["0.5", "1", "2"]
    assert lines[0].startswith("web ended with code 3;")


def test_the_pool_of_a_killed_leader_goes_before_it_is_started_again(run):
    pool = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
    supervisor = run("worker", f"{pool}; time.sleep(600)")
    leader = supervisor.pid("worker")
    assert wait_until(lambda: len(members(leader)) == 2)
    os.kill(leader, signal.SIGKILL)

    assert wait_until(lambda: supervisor.check() or supervisor.pid("worker") is None)
    assert wait_until(lambda: not members(leader))


def test_stopping_ends_what_ignores_the_polite_signal(run):
    supervisor = run("stubborn", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)")
    pid = supervisor.pid("stubborn")
    supervisor.stop(patience=0.2)

    assert not members(pid)


def test_a_secret_on_standard_input_is_not_in_the_list_of_processes(tmp_path):
    command = Command(
        name="cat",
        argv=(sys.executable, "-c", "import sys; print(sys.stdin.read())"),
        log=tmp_path / "log",
        config="requirepass secret",
    )
    child = Child(command)
    child.process.wait()
    child.stop()

    assert "requirepass secret" in child.log_tail()
    assert "secret" not in " ".join(command.argv)


def members(group):
    listing = subprocess.run(["ps", "-ww", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True).stdout
    rows = [line.split() for line in listing.splitlines()]
    return {int(pid) for pid, of, state in rows if int(of) == group and not state.startswith("Z")}
