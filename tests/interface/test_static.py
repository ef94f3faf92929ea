import gzip
import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings

STATIC = Path(settings.BASE_DIR) / "static"
FIRST_VIEW = 80_000  # bytes of gzipped CSS, scripts and page that the first visit may cost
PAGE = 10_000


def test_vendored_files_are_the_ones_that_were_checked():
    listed = dict(
        reversed(line.split("  ")) for line in (STATIC / "vendor/SHA256SUMS").read_text().splitlines()
    )
    found = {
        str(path.relative_to(STATIC / "vendor")): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (STATIC / "vendor").rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert found == listed


@pytest.mark.parametrize("layout", ["settings", "partner", "auth"])
def test_first_view_stays_light(layout):
    folder = Path(settings.BASE_DIR) / "templates/layouts"
    text = (folder / "base.html").read_text() + (folder / f"{layout}.html").read_text()
    files = re.findall(r"\{% static '([^']+\.(?:css|js))' %\}", text)
    weight = sum(len(gzip.compress((STATIC / file).read_bytes())) for file in files)
    assert weight + PAGE < FIRST_VIEW


def test_style_sheets_keep_to_the_layers_and_take_colours_from_tokens():
    for path in STATIC.rglob("*.css"):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        assert "@layer" in text, path
        if path.name != "tokens.css":
            assert re.findall(r"#[0-9a-fA-F]{6,8}\b", text) == [], path
