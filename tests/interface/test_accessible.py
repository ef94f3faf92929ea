import pytest
from axe_playwright_python.sync_playwright import Axe

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PAGES = ["/gallery/", "/portal/", "/sign-in/", "/404/", "/503/"]
BRANDS = ["#ffd400", "#00a37a", "#ff4fa3", "#000000", "#ffffff", "#b6ff00", "#e01e1e"]

pytestmark = pytest.mark.browser


def faults(page):
    found = Axe().run(page, options={"runOnly": RULES}).response
    assert found["passes"], "axe looked at nothing"
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("path", PAGES)
def test_every_component_is_accessible_in_both_themes(page, site, path, width, theme):
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(site + path)
    assert faults(page) == []


@pytest.mark.parametrize("path", PAGES)
def test_nothing_runs_out_of_a_narrow_screen(page, site, path):
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(site + path)
    assert page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("brand", BRANDS)
def test_text_stays_readable_on_any_brand_colour(page, site, brand, theme):
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    for path in ("/gallery/", "/portal/"):
        page.goto(f"{site}{path}?brand={brand.replace('#', '%23')}")
        assert [fault for fault in faults(page) if fault.startswith("color-contrast")] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_open_menus_dialogs_and_the_palette_are_accessible(page, site, theme):
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.goto(site + "/gallery/")
    page.get_by_role("button", name="Actions for Partner sales reps").click()
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Archive segment").click()
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search or jump to").wait_for()
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Roles").focus()
    page.get_by_role("option", name="Admin").wait_for()
    assert faults(page) == []
