"""The core tasks, in a browser that runs no script: signing in, a tab, the profile, a quote, a segment."""

import time

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.processes


def test_a_partner_reads_a_tab_edits_the_profile_and_makes_a_quote(running_portal, sit_down):
    page = sit_down("ana", java_script_enabled=False)
    page.goto(f"{running_portal.url}/northwind/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ana")

    page.get_by_role("navigation", name="Portal", exact=True).get_by_role(
        "link", name="Price & quotes"
    ).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Price & quotes")
    expect(page.locator("main")).to_contain_text("Gold partners buy at 22 % below list")

    edit_the_profile(page)
    make_a_quote(page, f"Without a script {time.time_ns()}")


def edit_the_profile(page):
    page.get_by_role("navigation", name="Portal", exact=True).get_by_role("link", name="Your company").click()
    about = page.get_by_label("About the company")
    before, words = about.input_value(), f"Written without a script, {time.time_ns()}."
    about.fill(words)
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your company")  # back where one was
    expect(page.get_by_label("About the company")).to_have_value(words)
    page.get_by_label("About the company").fill(before)
    page.get_by_role("button", name="Save profile").click()


def make_a_quote(page, customer):
    page.get_by_role("navigation", name="Portal", exact=True).get_by_role("link", name="Home").click()
    page.get_by_role("link", name="New quote").click()
    page.get_by_label("Customer").fill(customer)
    page.locator("select[name=product]").select_option(index=1)
    page.get_by_role("button", name="Add product").click()
    page.get_by_role("button", name="Save draft").first.click()
    expect(page.locator("main")).to_contain_text(customer)
    expect(page.locator("main")).to_contain_text("Draft")


def test_the_team_makes_a_segment(running_portal, sit_down):
    page = sit_down("lea", java_script_enabled=False)
    page.goto(f"{running_portal.url}/northwind/settings/segments/")
    page.get_by_role("link", name="Create segment").click()
    name = f"Swiss partners {time.time_ns()}"
    page.locator("[name=name]").fill(name)
    page.get_by_role("button", name="First condition").click()
    expect(page.locator("[name=name]")).to_have_value(name)

    page.locator("select[name='c:0:field']").select_option(label="Country")
    page.get_by_role("button", name="Choose", exact=True).click()
    page.locator(".condition").get_by_label("Country", exact=True).fill("Switzerland")
    page.get_by_role("button", name="Save and apply").first.click()

    expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.goto(f"{running_portal.url}/northwind/settings/segments/")
    expect(page.get_by_role("row", name=name)).to_contain_text("partner", ignore_case=True)


def test_the_team_changes_a_draft_and_looks_at_it_as_a_contact(running_portal, sit_down):
    page = sit_down("lea", java_script_enabled=False)
    page.goto(f"{running_portal.url}/northwind/settings/experiences/")
    page.get_by_role("link", name="Partner portal").click()
    address = page.url

    page.get_by_role("button", name="Add tab").click()
    title = f"Draft {time.time_ns()}"
    page.get_by_label("Title of the new tab").fill(title)
    page.locator("#new-tab").get_by_role("button", name="Add tab").click()
    page.locator("summary", has_text="Add section").click()
    page.get_by_role("button", name="Text").click()
    page.get_by_role("textbox", name="Text").fill("Only **drafted**.")
    page.get_by_role("button", name="Save in the draft").click()
    expect(page.locator("main")).to_contain_text("Only drafted.")

    page.get_by_role("link", name="See changes").click()
    expect(page.locator("main")).to_contain_text(f"Tab “{title}” is new.")
    page.get_by_role("link", name="Preview as").click()
    page.get_by_role("searchbox", name="Find a contact").fill("ana.keller@brightpath")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Ana Keller").click()
    page.get_by_label("Why do you look?").fill("Before it is published")
    page.get_by_role("button", name="Look").click()
    page.get_by_role("link", name=title).click()
    expect(page.locator(".previewed")).to_contain_text("Only drafted.")

    page.goto(address)
    page.get_by_role("link", name=title).click()
    page.get_by_role("button", name="Delete tab").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Delete tab").click()
    expect(page.get_by_role("link", name=title)).to_have_count(0)
