import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def gallery(page, site, complaints):
    page.goto(site + "/gallery/")
    page.wait_for_function("document.documentElement.classList.contains('scripted')")
    return page


@pytest.mark.parametrize("path", ["/gallery/", "/portal/", "/sign-in/"])
def test_pages_keep_the_content_security_policy(page, site, complaints, path):
    page.goto(site + path)
    page.wait_for_load_state("networkidle")
    assert complaints == []


def test_htmx_replaces_the_list_and_moves_the_address_without_a_violation(gallery, complaints):
    with gallery.expect_response(lambda response: "q=gold" in response.url):
        gallery.get_by_role("searchbox", name="Find a segment").fill("gold")
    gallery.wait_for_url(re.compile("q=gold"))
    expect(gallery.get_by_role("searchbox", name="Find a segment")).to_be_focused()
    expect(gallery.locator("#list tbody tr")).to_have_count(4)
    assert complaints == []


def test_the_palette_opens_by_key_narrows_and_goes(gallery):
    gallery.keyboard.press("Control+k")
    box = gallery.get_by_role("combobox", name="Search or jump to")
    expect(box).to_be_focused()
    box.fill("prop")
    expect(gallery.locator("#palette [role=option]:visible")).to_have_text(["Properties"])
    box.press("Enter")
    gallery.wait_for_url("**/settings/properties/")


def test_the_palette_gives_focus_back_when_it_closes(gallery):
    opener = gallery.get_by_role("button", name="Search or jump to")
    opener.click()
    gallery.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_the_chosen_theme_is_drawn_by_the_server_on_the_next_page(gallery, site):
    gallery.emulate_media(color_scheme="light")
    gallery.get_by_role("button", name="Change between light and dark").click()
    expect(gallery.locator("html")).to_have_attribute("data-theme", "dark")
    assert 'data-theme="dark"' in gallery.request.get(site + "/portal/").text()


def test_chips_add_and_remove_by_keyboard_and_keep_the_select_in_the_form(gallery):
    chosen = "Array.from(document.querySelector('#id_roles').selectedOptions, o => o.value)"
    box = gallery.get_by_role("combobox", name="Roles")
    box.press("ArrowDown")
    box.press_sequentially("adm")
    box.press("Enter")
    assert gallery.evaluate(chosen) == ["sales", "admin"]
    box.press("Backspace")
    assert gallery.evaluate(chosen) == ["sales"]
    gallery.get_by_role("button", name="Remove Sales rep").click()
    assert gallery.evaluate(chosen) == []


def test_chips_go_on_being_typed_in_when_the_form_is_morphed(gallery):
    box = gallery.get_by_role("combobox", name="Roles")
    box.press_sequentially("adm")
    with gallery.expect_response("**/gallery/"):
        gallery.evaluate(
            "() => { htmx.ajax('GET', '/gallery/', {target: '#main', select: '#main', swap: 'outerMorph'}) }"
        )
    expect(box).to_be_focused()
    expect(box).to_have_value("adm")
    expect(gallery.get_by_role("button", name="Remove Sales rep")).to_have_count(1)


def test_a_menu_opens_beside_its_button_and_gives_focus_back(gallery):
    button = gallery.get_by_role("button", name="Actions for Partner sales reps")
    button.press("Enter")
    menu = gallery.locator("#row-menu-2")
    expect(menu).to_be_visible()
    at, below = button.bounding_box(), menu.bounding_box()
    assert abs(below["x"] + below["width"] - at["x"] - at["width"]) < 2
    assert 0 <= below["y"] - at["y"] - at["height"] < 8
    gallery.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_a_destructive_post_asks_first_and_stands_on_cancel(gallery):
    gallery.get_by_role("button", name="Archive segment").click()
    expect(gallery.get_by_role("button", name="Cancel").last).to_be_focused()
    gallery.keyboard.press("Enter")
    expect(gallery.locator("#archive")).to_be_hidden()


def test_j_and_k_walk_through_the_rows_and_x_picks(gallery):
    gallery.keyboard.press("j")
    gallery.keyboard.press("j")
    expect(gallery.get_by_role("link", name="Partner sales reps").first).to_be_focused()
    gallery.keyboard.press("x")
    expect(gallery.get_by_role("checkbox", name="Select Partner sales reps")).to_be_checked()
    expect(gallery.locator(".bulk output")).to_have_text("1 selected")
    gallery.get_by_role("checkbox", name="Select all").check()
    expect(gallery.locator(".bulk output")).to_have_text("4 selected")


def test_a_click_anywhere_on_a_row_opens_it(gallery):
    fragment = "location.hash"
    row = gallery.get_by_role("row", name="Partner sales reps")
    row.get_by_role("checkbox").click()
    row.get_by_role("button", name="Actions for Partner sales reps").click()
    gallery.keyboard.press("Escape")
    assert gallery.evaluate(fragment) == ""
    cell = row.get_by_role("cell", name="Contact").bounding_box()
    gallery.mouse.click(cell["x"] + cell["width"] - 4, cell["y"] + cell["height"] / 2)  # beside the words
    assert gallery.evaluate(fragment) == "#row-2"


@pytest.mark.parametrize(
    ("path", "said"),
    [("/500/", "Something went wrong on our side"), ("/404/", "no longer there")],
)
def test_a_failed_request_leaves_the_page_and_says_what_happened(gallery, path, said):
    gallery.evaluate("path => htmx.ajax('GET', path, '#list')", path)
    expect(gallery.locator(".toast")).to_contain_text(said)
    expect(gallery.locator("#list tbody tr")).to_have_count(4)


def test_a_fetch_that_ends_on_another_page_takes_the_person_there(gallery):
    gallery.evaluate("() => { htmx.ajax('GET', '/elsewhere/', '#list') }")
    expect(gallery.get_by_role("heading", level=1)).to_have_text(re.compile("Sign in"))
    expect(gallery.locator("body")).to_have_class(re.compile("sign-in"))
    expect(gallery.locator("#list, .sidebar")).to_have_count(0)
    assert gallery.url.endswith("/sign-in/")


def test_a_form_with_errors_is_swapped_in(gallery):
    gallery.evaluate("htmx.ajax('GET', '/wrong/', '#list')")
    expect(gallery.locator("#list")).to_have_text("Still wrong")


def test_a_toast_from_a_header_is_shown_and_can_be_dismissed(gallery):
    gallery.evaluate("htmx.ajax('GET', '/toast/', {target: '#list', swap: 'none'})")
    toast = gallery.locator(".toast")
    expect(toast).to_have_text(re.compile("Saved."))
    toast.get_by_role("button", name="Dismiss").click()
    expect(toast).to_have_count(0)


def test_the_live_stream_lets_the_tabs_be_fetched_again(page, site, complaints):
    page.goto(site + "/portal/")
    expect(page.locator("#tabs nav").first).to_contain_text("Just opened")
    assert complaints == []


def test_without_scripts_the_page_still_has_its_fields_and_links(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + "/gallery/")
    expect(page.locator("select#id_roles")).to_be_visible()
    expect(page.get_by_role("button", name="Filter", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Search or jump to")).to_be_hidden()
    page.get_by_role("button", name="Archive segment").click()
    expect(page.get_by_role("button", name="Archive", exact=True).last).to_be_visible()
    context.close()
