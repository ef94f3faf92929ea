"""The segment editor by keyboard: what is chosen, counted, told and taken back, without the keyboard losing its place."""

import pytest
from playwright.sync_api import expect

from tests.browser.screens import ALL_RULES, AXE

pytestmark = pytest.mark.processes


@pytest.fixture
def editor(running_portal, sit_down):
    page = sit_down("lea")
    page.goto(f"{running_portal.url}/northwind/settings/segments/")
    page.get_by_role("link", name="Gold partners", exact=True).click()
    return page


def row(page, number):
    return page.get_by_role("group", name=f"Condition {number}", exact=True)


def holds_nothing_against(page):
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "options => axe.run(options)", {"runOnly": ALL_RULES, "resultTypes": ["violations"]}
    )
    return [(rule["id"], node["html"]) for rule in found["violations"] for node in rule["nodes"]]


def test_a_rule_is_written_and_taken_back_by_keyboard(editor):
    count = editor.locator("#rail .result output")
    search = editor.get_by_role("combobox", name="Find a property")
    gold = count.inner_text()

    editor.get_by_role("button", name="Property: Tier").focus()
    editor.keyboard.press("Control+Enter")
    expect(search).to_be_focused()
    assert holds_nothing_against(editor) == []
    editor.keyboard.type("terms acc")
    editor.keyboard.press("Enter")
    expect(row(editor, "2").get_by_role("button", name="Property: Terms accepted")).to_be_visible()
    expect(row(editor, "2").get_by_label("Comparison")).to_have_value("is_true")
    expect(count).not_to_have_text(gold)
    expect(editor.locator("#rail .moves")).to_contain_text("leave")
    expect(editor.locator("#rail .effects")).to_contain_text("lose quote creation")
    expect(editor.locator("[data-unsaved]")).to_be_visible()

    row(editor, "2").get_by_label("Comparison").focus()
    editor.keyboard.press("Control+d")
    expect(row(editor, "3").get_by_role("button", name="Property: Terms accepted")).to_be_focused()
    editor.keyboard.press("Control+ArrowUp")
    expect(row(editor, "2").get_by_role("button", name="Property: Terms accepted")).to_be_focused()
    editor.keyboard.press("Alt+m")
    expect(editor.get_by_label("The whole matches")).to_have_value("any")

    editor.keyboard.press("Control+z")
    expect(editor.get_by_label("The whole matches")).to_have_value("all")
    editor.keyboard.press("Control+z")
    expect(row(editor, "3")).to_have_count(0)
    editor.keyboard.press("Control+z")
    expect(row(editor, "2").get_by_role("button", name="Property", exact=True)).to_be_visible()
    editor.keyboard.press("Control+z")
    expect(row(editor, "2")).to_have_count(0)
    expect(count).to_have_text(gold)
    expect(editor.locator("[data-unsaved]")).to_be_hidden()
    assert editor.evaluate("document.activeElement !== document.body"), "The keyboard is nowhere."
    editor.keyboard.press("Control+Shift+z")
    expect(row(editor, "2")).to_have_count(1)
    editor.get_by_role("button", name="Undo").click()
    expect(row(editor, "2")).to_have_count(0)


def test_what_was_not_saved_can_be_taken_back_after_the_page_came_back(editor):
    editor.get_by_role("button", name="Property: Tier").focus()
    editor.keyboard.press("Control+d")
    expect(row(editor, "2")).to_have_count(1)
    editor.get_by_label("Name").fill("")
    editor.get_by_role("button", name="Save and apply").last.click()
    expect(editor.get_by_text("Not saved yet")).to_be_visible()
    editor.get_by_role("button", name="Undo").click()
    expect(editor.get_by_label("Name")).to_have_value("Gold partners")
    editor.get_by_role("button", name="Undo").click()
    expect(row(editor, "2")).to_have_count(0)
    editor.get_by_role("button", name="Redo").click()
    expect(row(editor, "2")).to_have_count(1)


def test_undo_in_a_text_is_the_texts_own_until_it_is_as_it_was(editor):
    name = editor.get_by_label("Name")
    name.press("End")
    editor.keyboard.type("!")
    name.press("Control+z")
    expect(name).to_have_value("Gold partners")
    name.fill("Golden partners")
    name.press("Tab")
    expect(editor.locator("[data-unsaved]")).to_be_visible()
    editor.keyboard.press("Control+z")
    expect(name).to_have_value("Gold partners")

    editor.locator("h1").click()
    editor.keyboard.press("?")
    expect(editor.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    editor.keyboard.press("Escape")
    editor.keyboard.press("/")
    expect(editor.get_by_label("Test a partner")).to_be_focused()
