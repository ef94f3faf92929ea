"""Passkeys, in a real browser with an authenticator made of software: the script works under our policy."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache

from tests.conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def address(live_server, settings):
    cache.clear()
    settings.MAIN_HOSTS = {live_server.url.removeprefix("http://")}
    return f"{live_server.url}/acme"


@pytest.fixture
def complaints(page):
    """What the browser objects to, such as a breach of the content security policy."""
    heard = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


@pytest.fixture
def authenticator(page):
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    return session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})


def sign_in_by_code(page, address, email):
    mail.outbox.clear()
    page.goto(f"{address}/accounts/login/?next=/acme/settings/team/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/login/code/confirm/**")
    code = re.search(r"^[A-Z]{4}-[A-Z]{4}$", mail.outbox[0].body, re.M).group(0)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in").click()


def sign_out(page, address):
    page.goto(f"{address}/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/")


def test_a_passkey_is_added_then_asked_for_and_then_enough_by_itself(
    page, address, authenticator, complaints, ada
):
    sign_in_by_code(page, address, ada.user.email)
    page.wait_for_url("**/settings/team/")

    page.goto(f"{address}/accounts/2fa/passkeys/add/")
    page.get_by_label("Password").fill(PASSWORD)  # she has one, so it is asked for again
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Sign in with it alone").check()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/2fa/recovery-codes/")
    assert page.locator(".codes li").count() == 10
    assert Authenticator.objects.filter(user=ada.user, type="webauthn").count() == 1
    page.goto(f"{address}/settings/team/")
    assert page.url.endswith("/settings/team/")

    sign_out(page, address)
    sign_in_by_code(page, address, ada.user.email)
    page.wait_for_url("**/2fa/authenticate/")
    page.get_by_role("button", name="Use a passkey or security key").click()
    page.wait_for_url("**/settings/**")

    sign_out(page, address)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/settings/**")
    assert complaints == []
