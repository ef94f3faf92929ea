"""What holds for every template of the product."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

from introw.icons import ALIASES, ICONS

FOLDER = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.html"))
TAG = re.compile(r"<[a-zA-Z](?:\{%.*?%\}|\{\{.*?\}\}|\"[^\"]*\"|'[^']*'|[^>])*>", re.S)
# Mail readers know no style sheets of ours.
MAIL = "layouts/email.html"


def tags(name):
    text = re.sub(r"\{#.*?#\}", "", (FOLDER / name).read_text())
    return [tag for tag in TAG.findall(text) if not tag.startswith(("<script", "<meta"))]


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_compiles(name):
    get_template(name)


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name != MAIL])
def test_template_has_no_inline_style_or_handler(name):
    text = (FOLDER / name).read_text()
    assert re.findall(r"<style(?! nonce)", text) == []
    assert re.findall(r"<script(?![^>]* nonce)", text) == []
    assert [tag for tag in tags(name) if re.search(r"\s(style|on\w+|hx-on\S*)=", tag)] == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_tag_with_htmx_attributes_carries_the_nonce(name):
    assert [tag for tag in tags(name) if re.search(r"\shx-[\w:]+=", tag) and "{% hx %}" not in tag] == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_icons_that_templates_name_exist(name):
    named = re.findall(r"\{% icon [\"']([\w-]+)[\"']", (FOLDER / name).read_text())
    assert [icon for icon in named if icon not in ICONS and icon not in ALIASES] == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_comments_of_several_lines_are_not_shown_to_people(name):
    assert [
        part for part in re.findall(r"\{#.*?#\}", (FOLDER / name).read_text(), re.S) if "\n" in part
    ] == []
