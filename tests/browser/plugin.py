"""Every test that opens a page gets the browser that was found; loaded by tests/services.py."""

import os

import pytest

from tests.browser import browsers

OPENS_A_PAGE = {"browser", "playwright"}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    found = browsers.find()
    if found is None:
        pytest.fail(browsers.MISSING, pytrace=False)
    return {**browser_type_launch_args, **found.launch_options}


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items):
    for item in items:
        if OPENS_A_PAGE & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)
            # Playwright's loop lives in the main thread from the first page on, and Django would take every
            # later query there for one from asynchronous code.
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
