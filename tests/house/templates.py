"""Compiles every template, so that a misspelt tag is found before somebody opens the page."""

import os
import sys
from pathlib import Path

import django
from django.template import TemplateSyntaxError, engines
from django.template.base import Origin, Template

ROOT = Path(__file__).resolve().parents[2]


def problems() -> list[str]:
    engine = engines["django"].engine
    found = []
    for path in sorted(folder_files()):
        origin = Origin(name=str(path), template_name=path.name)
        try:
            Template(path.read_text(), origin=origin, engine=engine)
        except TemplateSyntaxError as error:
            found.append(f"{path.relative_to(ROOT)}: {error}")
    return found


def folder_files():
    for folder in ("templates", "introw", "crm_sync", "portal", "segments", "workspaces"):
        for suffix in ("html", "txt"):
            files = (ROOT / folder).rglob(f"*.{suffix}")
            yield from (path for path in files if folder == "templates" or "templates" in path.parts)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "introw.settings")
    django.setup()
    if found := problems():
        sys.exit("\n".join(found))
