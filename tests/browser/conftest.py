"""People at their browsers, on a portal that really runs."""

import pytest

# A policy that was violated does not always reach the console.
TELL_VIOLATIONS = (
    "addEventListener('securitypolicyviolation', e => console.error('policy: ' + e.violatedDirective"
    " + ' ' + e.blockedURI + ' ' + e.sourceFile + ':' + e.lineNumber))"
)


@pytest.fixture
def complaints():
    """What browsers held against pages: violated policies, errors, failed scripts. A 404 that is asked for is none."""
    said = []
    yield said
    assert said == []


@pytest.fixture
def sit_down(running_portal, browser, complaints):
    """Opens a page for one of the demo's people, signed in, in a browser of their own."""
    contexts = []

    def open_page(person=None, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(TELL_VIOLATIONS)
        page.on("console", lambda said: complaints.append(said.text) if is_fault(said) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if person:
            page.goto(running_portal.sign_in_url(person))
            page.locator("main button[type=submit]").click()
            page.wait_for_url("**/northwind/**")
        return page

    yield open_page
    for context in contexts:
        context.close()


def is_fault(message):
    return message.type == "error" and "the server responded with a status of 404" not in message.text
