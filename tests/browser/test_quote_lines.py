"""Lines come and go while they are counted again with every key."""

from contextlib import suppress

import pytest
from playwright.sync_api import Error, expect

pytestmark = pytest.mark.processes


def test_a_line_is_not_lost_to_a_count_of_what_stood_there_before(running_portal, sit_down):
    counts = []
    ana = sit_down("ana")
    ana.goto(f"{running_portal.url}/northwind/quotes/new/")
    is_count = lambda request: request.method == "POST" and "add=" not in (request.post_data or "")  # noqa: E731
    ana.route("**/new/", lambda route: counts.append(route) if is_count(route.request) else route.continue_())

    with ana.expect_request(is_count):
        ana.get_by_label("Product", exact=True).select_option(index=1)
    ana.get_by_role("button", name="Add product").click()
    expect(ana.locator("[data-line]")).to_have_count(1)
    for late in counts:
        with suppress(Error):  # what was called off cannot go on
            late.continue_()
    ana.unroute_all()

    ana.get_by_label("Discount", exact=False).last.fill("100")
    expect(ana.locator(".quote-total")).to_contain_text("€0.00")
    expect(ana.locator("[data-line]")).to_have_count(1)
