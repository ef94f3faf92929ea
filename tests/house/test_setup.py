"""The set-up finds a Python that works behind ones that do not, and does nothing when there is nothing to do."""

import shutil
import subprocess
import sys

import pytest

from introw.processes import ROOT
from tests.browser import browsers

SHIM = "#!/bin/sh\necho 'pyenv: command not found' >&2\nexit 127\n"
# Notes how it was called, and makes an environment as uv would.
UV = f"""#!/bin/sh
[ "$1" = --version ] && exit 0
echo "$@" >>calls
mkdir -p .venv/bin && ln -sf {sys.executable} .venv/bin/python
"""


@pytest.fixture
def checkout(tmp_path):
    """A checkout with only what the set-up reads, and a PATH with nothing on it."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "path").mkdir()
    for name in ("bin/_env.sh", "bin/setup", "uv.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for tool in ("sh", "cat", "cksum", "dirname", "env", "mkdir", "ln", "rm"):
        (tmp_path / "path" / tool).symlink_to(shutil.which(tool))
    return tmp_path


def program(checkout, name, text):
    path = checkout / "path" / name
    path.write_text(text)
    path.chmod(0o755)


def set_up(checkout, **variables):
    environment = {"PATH": str(checkout / "path"), "HOME": str(checkout), **variables}
    command = ["/bin/sh", str(checkout / "bin/setup")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, cwd="/")


def calls(checkout):
    return (checkout / "calls").read_text().splitlines()


def test_a_python_that_only_prints_an_error_is_passed_by(checkout):
    program(checkout, "uv", UV)
    program(checkout, "python3.13", SHIM)
    (checkout / ".pyenv/versions/3.13.0/bin").mkdir(parents=True)
    real = checkout / ".pyenv/versions/3.13.0/bin/python"
    real.symlink_to(sys.executable)

    assert set_up(checkout).returncode == 0
    assert calls(checkout) == [f"sync --quiet --frozen --extra embedded --python {real}"]


def test_the_second_time_nothing_is_done_until_the_lock_file_changes(checkout):
    program(checkout, "uv", UV)
    for _ in range(2):
        set_up(checkout, PORTAL_PYTHON=sys.executable)
    assert len(calls(checkout)) == 1

    (checkout / "uv.lock").write_text("changed")
    set_up(checkout, PORTAL_PYTHON=sys.executable)
    assert len(calls(checkout)) == 2


@pytest.mark.parametrize("chosen", ["/bin/true", "/nowhere/python"])
def test_a_chosen_python_that_does_not_work_is_named(checkout, chosen):
    program(checkout, "uv", UV)
    ended = set_up(checkout, PORTAL_PYTHON=chosen)

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[1:] == [
        f"PORTAL_PYTHON={chosen} is not a working Python 3.12, 3.13 or 3.14."
    ]


def test_a_chosen_browser_comes_first(monkeypatch, tmp_path):
    monkeypatch.setenv("PORTAL_BROWSER", str(tmp_path / "my-chromium"))

    assert browsers.find().launch_options["executable_path"] == str(tmp_path / "my-chromium")


def test_without_any_browser_none_is_found(monkeypatch, tmp_path):
    monkeypatch.delenv("PORTAL_BROWSER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    monkeypatch.setattr(browsers, "MAC", tmp_path / "none")
    monkeypatch.setattr(browsers, "OWN", tmp_path / "none")

    assert browsers.find() is None
