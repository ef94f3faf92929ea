"""Finds a Chromium for the browser tests, and gets one where there is none: `python -m tests.browser.browsers`."""

import base64
import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import playwright

OWN = Path(__file__).resolve().parents[2] / ".portal" / "browser"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
KEEP_TO_THE_PAGE = (
    *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-quic"),
)
NPM_PACKAGE = "@sparticuz/chromium@153.0.0"
NPM_SHA512 = "jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA=="
DOWNLOAD_SECONDS, INSTALL_SECONDS = 60, 300

MISSING = """No browser was found, and none could be installed. Any one of these helps:
  bin/run playwright install --with-deps chromium
  install Chromium or Google Chrome with your system's package manager
  set PORTAL_BROWSER=/path/to/chromium"""


@dataclass(frozen=True)
class Browser:
    """Which program to launch; none means the one that Playwright brings."""

    program: Path | None = None
    libraries: Path | None = None

    @property
    def launch_options(self) -> dict:
        options = {"args": ["--disable-dev-shm-usage", *KEEP_TO_THE_PAGE]}
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options["args"].append("--no-sandbox")  # Chromium's sandbox refuses to run as root
        if self.program:
            options["executable_path"] = str(self.program)
        if self.libraries:
            options["env"] = {**os.environ, "LD_LIBRARY_PATH": str(self.libraries)}
        return options


def find() -> Browser | None:
    if chosen := os.environ.get("PORTAL_BROWSER"):
        return Browser(Path(chosen))
    if playwrights_own_is_installed():
        return Browser()
    if system := next((path for name in NAMES if (path := shutil.which(name))), None):
        return Browser(Path(system))
    if MAC.exists():
        return Browser(MAC)
    if (OWN / "complete").exists():
        return Browser(OWN / "chromium", OWN / "lib")
    return None


def playwrights_own_is_installed() -> bool:
    listing = Path(playwright.__file__).parent / "driver/package/browsers.json"
    revisions = {
        browser["name"]: browser["revision"] for browser in json.loads(listing.read_text())["browsers"]
    }
    folder = f"chromium_headless_shell-{revisions['chromium-headless-shell']}"
    return (browsers_folder() / folder / "INSTALLATION_COMPLETE").exists()


def browsers_folder() -> Path:
    if chosen := os.environ.get("PLAYWRIGHT_BROWSERS_PATH"):
        return Path(chosen)
    cache = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return Path.home() / cache / "ms-playwright"


def install_playwrights_own() -> None:
    run(sys.executable, "-m", "playwright", "install", "chromium", "--only-shell", seconds=DOWNLOAD_SECONDS)


def install_with_apt() -> None:
    if os.geteuid() == 0 and shutil.which("apt-get"):
        run("apt-get", "update", "-qq", seconds=INSTALL_SECONDS)
        packages = ("chromium", "fonts-liberation")
        run("apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages, seconds=INSTALL_SECONDS)


def install_with_npm() -> None:
    """A headless Chromium with the libraries it needs, for Linux machines where nobody is root."""
    if not shutil.which("npm") or (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return
    shutil.rmtree(OWN, ignore_errors=True)
    OWN.mkdir(parents=True)
    run("npm", "pack", NPM_PACKAGE, "--silent", "--pack-destination", str(OWN), seconds=INSTALL_SECONDS)
    for package in OWN.glob("*.tgz"):
        digest = hashlib.sha512(package.read_bytes()).digest()
        if base64.b64encode(digest).decode() == NPM_SHA512:
            unpack(package)
        package.unlink()


def unpack(package: Path) -> None:
    import brotli  # comes with whitenoise

    with tarfile.open(package) as archive:
        program, libraries = (
            brotli.decompress(archive.extractfile(f"package/bin/{name}").read())
            for name in ("chromium.br", "al2023.tar.br")
        )
    (OWN / "chromium").write_bytes(program)
    (OWN / "chromium").chmod(0o755)
    with tarfile.open(fileobj=io.BytesIO(libraries)) as archive:
        archive.extractall(OWN, filter="data")
    (OWN / "complete").touch()


def run(*command: str, seconds: int) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(command, timeout=seconds, env=environment, capture_output=True, check=True)
    except (subprocess.SubprocessError, OSError) as error:
        print(f"  {error}", file=sys.stderr)


def get() -> Browser | None:
    """A browser, installed if need be, by the first way that works."""
    ways: list[tuple[str, Callable[[], None]]] = [
        ("from Playwright", install_playwrights_own),
        ("with apt", install_with_apt),
        ("with npm", install_with_npm),
    ]
    for how, install in ways:
        if browser := find():
            return browser
        print(f"No browser yet; trying to get one {how}…", file=sys.stderr, flush=True)
        install()
    return find()


if __name__ == "__main__" and get() is None:
    print(MISSING, file=sys.stderr)
