"""People at their browsers, on a portal that really runs."""

import pytest

# A policy that was violated does not always reach the console.
TELL_VIOLATIONS = (
    "addEventListener('securitypolicyviolation', e => console.error('policy: ' + e.violatedDirective"
    " + ' ' + e.blockedURI + ' ' + e.sourceFile + ':' + e.lineNumber))"
)
# Answers that a page is made for: nothing is there, somebody else was first, a form comes back with what it lacks.
ASKED_FOR = (404, 409, 422)


@pytest.fixture
def complaints():
    """What browsers held against pages: violated policies, errors, failed scripts."""
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
    expected = any(f"the server responded with a status of {status}" in message.text for status in ASKED_FOR)
    return message.type == "error" and not expected
