"""Every page of experiences, as people see it: accessible in both themes, and fitting a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.processes
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def faults(page):
    found = Axe().run(page, options={"runOnly": RULES}).response
    assert found["passes"], "axe looked at nothing"
    return [
        f"{page.url} {rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def portal_pages(page, root):
    """Each step leaves the page that is looked at next."""
    page.goto(f"{root}/northwind/")
    yield
    for name in ("Your company", "Price & quotes"):
        page.goto(f"{root}/northwind/")
        page.locator("#tabs nav.tabs").get_by_role("link", name=name).click()
        yield


def settings_pages(page, root):
    page.goto(f"{root}/northwind/settings/experiences/")
    yield
    page.goto(f"{root}/northwind/settings/experiences/new/")
    yield
    page.goto(f"{root}/northwind/settings/experiences/")
    page.get_by_role("link", name="Partner portal").click()
    page.wait_for_url("**/experiences/*-*/")
    experience = page.url
    yield
    page.get_by_role("button", name="Add tab").click()
    yield
    page.goto(experience)
    page.get_by_role("link", name="Price & quotes").click()
    page.locator("[data-item] h3 a").first.click()
    page.wait_for_url("**/sections/**")
    page.locator("summary", has_text="Add section").click()
    yield
    page.get_by_label("Only these segments").check()
    yield
    for part in ("changes/", "history/", "preview/"):
        page.goto(experience + part)
        yield
    page.locator("main ul.lines a").first.click()
    page.wait_for_url("**/preview/*-*/")
    yield
    if page.get_by_label("Why do you look?").count():  # asked once in half an hour
        page.get_by_label("Why do you look?").fill("Before it is published")
        page.get_by_role("button", name="Look").click()
    page.locator(".previewed").wait_for()
    yield
    for tab in range(page.locator(".previewed nav a").count()):
        page.locator(".previewed nav a").nth(tab).click()
        yield


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize(("person", "pages"), [("ana", portal_pages), ("lea", settings_pages)])
def test_pages_are_accessible_and_fit(running_portal, sit_down, person, pages, width, theme):
    page = sit_down(
        person, viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce"
    )
    found = []
    for _ in pages(page, running_portal.url):
        page.wait_for_load_state()
        found += faults(page)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{page.url} is wider than {width}")
    assert found == []


def test_a_section_is_dragged_to_another_place(running_portal, sit_down):
    page = sit_down("lea")
    page.goto(f"{running_portal.url}/northwind/settings/experiences/")
    page.get_by_role("link", name="Partner portal").click()
    page.get_by_role("link", name="Price & quotes").click()
    names = page.locator("[data-item] h3")
    before = names.all_inner_texts()
    assert len(before) == 2

    page.locator("[data-item]").nth(1).locator("[data-grip]").drag_to(
        page.locator("[data-item]").nth(0), target_position={"x": 60, "y": 5}
    )
    expect(names).to_have_text(before[::-1])
    page.reload()
    expect(names).to_have_text(before[::-1])

    page.get_by_role("button", name=f"Move {before[0]} up").click()
    expect(names).to_have_text(before)
    assert page.get_by_role("link", name="See changes").count() == 0


def test_the_words_being_written_are_shown_as_they_will_look(running_portal, sit_down):
    page = sit_down("lea")
    page.goto(f"{running_portal.url}/northwind/settings/experiences/")
    page.get_by_role("link", name="Partner portal").click()
    page.locator("[data-item] h3 a").first.click()
    page.get_by_role("textbox", name="Text").fill("# Heading\n\nSome **bold** words")
    look = page.get_by_role("region", name="How the text looks")
    expect(look.get_by_role("heading", name="Heading")).to_be_visible()
    expect(look.locator("strong")).to_have_text("bold")
