"""What the product is for: the CRM decides, and the partner's open page follows."""

import json
import re
import time

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.processes
PORTAL = "/northwind/"


@pytest.fixture
def crm(running_portal, sit_down):
    """Changes one field of a company on the stand-in CRM's own page, as a person would."""
    page = sit_down()

    def open_company(name):
        page.goto(f"{running_portal.hubspot_url}/companies?q={name}")
        page.get_by_role("rowheader", name=name).get_by_role("link").click()

    def change(company, field, value):
        open_company(company)
        control = page.locator(f"[name={field}]")
        if control.evaluate("c => c.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_contain_text("Saved")

    change.open_company, change.page = open_company, page
    wait_until_it_arrives(running_portal, change)
    return change


def wait_until_it_arrives(running_portal, change):
    """The worker starts after the pages do; the tests measure a portal that is up."""
    country = f"Italy {time.time_ns()}"
    change("Kestrel IT", "country", country)
    kept = "SELECT count(*) FROM workspaces_partner WHERE raw::text LIKE %s"
    for _ in range(300):
        if running_portal.rows(kept, f"%{country}%")[0][0]:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("No change of the CRM arrived within 30 seconds.")
    change("Kestrel IT", "country", "Italy")


def tabs(page):
    return page.get_by_role("navigation", name="Portal", exact=True)


def status_of(page, path):
    return page.request.get(page.url.split(PORTAL)[0] + path, max_redirects=0).status


def test_main_job_a_tier_in_the_crm_opens_and_closes_the_portal_live(running_portal, sit_down, crm):
    page = sit_down("chiara")
    page.goto(f"{running_portal.url}{PORTAL}")
    page.wait_for_timeout(1000)  # the stream is up; people take longer than that anyhow
    page.evaluate("window.stayed = true")
    prices = tabs(page).get_by_role("link", name="Price & quotes")
    new_quote = page.get_by_role("link", name="New quote")
    expect(prices).to_have_count(0)
    expect(new_quote).to_have_count(0)
    assert status_of(page, f"{PORTAL}quotes/new/") == 404

    try:
        crm("Kestrel IT", "partner_tier", "gold")
        expect(prices).to_be_visible(timeout=2000)
        expect(prices).to_contain_text("New")
        expect(page.locator("#opened")).to_contain_text("Price & quotes is now open for you.")
        expect(new_quote).to_be_visible(timeout=2000)
        assert page.evaluate("window.stayed"), "The page was loaded anew."

        address = re.sub(r"^https?://[^/]+", "", prices.evaluate("link => link.href"))
        new_quote.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("quote")
        page.get_by_role("navigation", name="Portal", exact=True).get_by_role(
            "link", name="Price & quotes"
        ).click()
        expect(page.locator("main")).to_contain_text("List prices are in euro")
        page.wait_for_timeout(1000)
        page.evaluate("window.stayed = true")
        page.locator("main").get_by_role("link", name="New quote").focus()
    finally:
        crm("Kestrel IT", "partner_tier", "silver")

    expect(page.get_by_role("heading", name="This page has closed")).to_be_visible(timeout=2000)
    expect(page.locator("#main")).to_be_focused()
    expect(page.locator("#opened")).to_contain_text("This page has closed.")
    expect(page.locator("main")).not_to_contain_text("List prices are in euro")
    expect(tabs(page).get_by_role("link", name="Price & quotes")).to_have_count(0)
    assert page.evaluate("window.stayed"), "The page was loaded anew."
    assert status_of(page, address) == 404
    assert status_of(page, f"{PORTAL}quotes/new/") == 404
    page.get_by_role("link", name="Go to the start").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Chiara")
    expect(page.get_by_role("link", name="New quote")).to_have_count(0)


def test_main_job_an_edited_profile_reaches_the_crm(running_portal, sit_down, crm):
    website = f"https://www.brightpath.example/{time.time_ns()}"
    ana = sit_down("ana")
    ana.goto(f"{running_portal.url}{PORTAL}profile/")
    before = ana.get_by_label("Website").input_value()

    try:
        ana.get_by_label("Website").fill(website)
        ana.get_by_role("button", name="Save profile").click()
        expect(ana.get_by_label("Website")).to_have_value(website)
        expect(ana.locator("main")).to_contain_text("In HubSpot", timeout=15_000)

        crm.open_company("Brightpath")
        expect(crm.page.locator("[name=website]")).to_have_value(website)
    finally:
        ana.goto(f"{running_portal.url}{PORTAL}profile/")
        ana.get_by_label("Website").fill(before)
        ana.get_by_role("button", name="Save profile").click()


def test_main_job_a_colleague_reads_the_profile_and_a_forged_post_changes_nothing(running_portal, sit_down):
    jonas = sit_down("jonas")
    jonas.goto(f"{running_portal.url}{PORTAL}profile/")
    expect(jonas.locator("main")).to_contain_text("brightpath.example")
    expect(jonas.locator("main").get_by_role("textbox")).to_have_count(0)
    kept = "SELECT raw, version FROM workspaces_partner WHERE name = 'Brightpath'"
    before = running_portal.rows(kept)

    token = json.loads(jonas.locator("body").get_attribute("hx-headers:inherited"))["X-CSRFToken"]
    answer = jonas.request.post(
        f"{running_portal.url}{PORTAL}profile/",
        form={"website": "https://forged.example", "was-website": "", "confirmed": "1"},
        headers={"X-CSRFToken": token, "Referer": f"{running_portal.url}{PORTAL}profile/"},
        max_redirects=0,
    )

    assert answer.status in {403, 404}
    assert running_portal.rows(kept) == before
