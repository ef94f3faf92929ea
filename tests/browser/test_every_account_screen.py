"""Signing in, one's own account, the pages that say why there is no page, and mail: held to WCAG 2.2 AA."""

import re

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.core.cache import cache
from django.shortcuts import render
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from tests.browser.passkeys import add_passkey
from tests.browser.screens import Screen, ask, faults, is_screen
from tests.conftest import ACME_DOMAIN, PASSWORD
from workspaces import invitations, mailing, team
from workspaces.tenancy import workspace_transaction

MAIN = "localhost:8000"
# Route → who is asked for it. `key` and `reset` say what stands in its address.
ASKED_BY = {
    "account_login": "stranger",
    "account_confirm_login_code": "half-way",
    "account_inactive": "stranger",
    "account_reset_password": "stranger",
    "account_reset_password_done": "stranger",
    "account_reset_password_from_key": "reset",
    "account_reset_password_from_key_done": "stranger",
    "account_logout": "fresh",
    "account_reauthenticate": "fresh",
    "account_change_password": "fresh",
    "account_set_password": "by code",
    "no_place": "fresh",
    "you": "fresh",
    "usersessions_list": "fresh",
    "workspaces": "fresh",
    "mfa_index": "armed",
    "mfa_authenticate": "second step",
    "mfa_reauthenticate": "armed",
    "mfa_reauthenticate_webauthn": "armed",
    "mfa_activate_totp": "fresh",
    "mfa_deactivate_totp": "armed",
    "mfa_view_recovery_codes": "armed",
    "mfa_generate_recovery_codes": "armed",
    "mfa_list_webauthn": "armed",
    "mfa_add_webauthn": "armed",
    "mfa_edit_webauthn": "armed",
    "mfa_remove_webauthn": "armed",
}
NO_SCREEN = {
    "account_request_login_code": "a redirect",
    "mfa_login_webauthn": "data for the script",
    "choose_contact": "takes posts alone",
}
CRMS = {"hubspot_hook", "salesforce_hook", "crm_callback"}  # asked for by a CRM, or on the way back from one
ERRORS = (400, 403, 404, 421, 429, 500, 503)


@pytest.fixture(autouse=True)
def no_limits_from_before(db):
    cache.clear()


def routes(resolver=None):
    """The routes of persons: outside of Settings, of the portal and of what machines ask for."""
    for entry in (resolver or get_resolver()).url_patterns:
        if not isinstance(entry, URLPattern):
            if not entry.namespace:
                yield from routes(entry)
        elif entry.name and entry.name not in CRMS:
            yield entry.name


def signed_in(email):
    client = Client(headers={"host": MAIN}, REMOTE_ADDR="192.0.2.7")
    client.post("/accounts/login/", {"login": email, "password": PASSWORD})
    client.post(
        "/accounts/reauthenticate/", {"password": PASSWORD}
    )  # what guards a second factor asks for it again
    return client


def half_way(email):
    client = Client(headers={"host": MAIN})
    client.post("/acme/accounts/login/", {"login": email, "password": ""})
    return client


@pytest.fixture
def people(acme, ada, mia, pat):
    """Clients: who has only a password, who has every second factor, who came by a code, and who is on the way."""
    fresh = signed_in(mia.user.email)
    armed = signed_in(ada.user.email)  # before there is a second factor that would be asked for
    TOTP.activate(ada.user, generate_totp_secret())
    RecoveryCodes.activate(ada.user)
    passkey = add_passkey(ada.user, "Ada’s laptop", alone=True)
    by_code = half_way(pat.user.email)
    code = re.search(r"^[A-Z]{4}-[A-Z]{4}$", mail.outbox[-1].body, re.M).group(0)
    by_code.post("/acme/accounts/login/code/confirm/", {"code": code})
    stranger = Client(headers={"host": MAIN})
    clients = {"stranger": stranger, "reset": stranger, "fresh": fresh, "armed": armed, "by code": by_code}
    clients |= {"half-way": half_way(pat.user.email), "second step": signed_in(ada.user.email)}
    return clients, passkey


def address(name, user, passkey):
    if name == "account_reset_password_from_key":
        user.refresh_from_db()  # having signed in makes older links invalid
        token = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
        return reverse(name, args=token.split("-", 1))
    return reverse(name, args=[passkey.pk] if name in {"mfa_edit_webauthn", "mfa_remove_webauthn"} else [])


def test_every_route_of_a_person_is_in_the_table():
    assert set(routes()) == ASKED_BY.keys() | NO_SCREEN.keys()


def test_every_screen_of_signing_in_and_of_ones_account_is_accessible(browser, people, mia):
    """Each page as the workspace's, and its form sent empty where there is no workspace."""
    clients, passkey = people
    found, silent = [], set()
    for name, who in ASKED_BY.items():
        at = address(name, mia.user, passkey)
        seen = ask(clients[who], f"/acme{at}", follow=name == "account_reset_password_from_key")
        if not (is_screen(seen) and seen.status_code == 200):
            silent.add(name)
        answers = {"": seen, " sent": ask(clients[who], at, {})}
        found += [Screen.of(name + how, answer) for how, answer in answers.items() if is_screen(answer)]
    assert silent == set()
    found_wrong = faults(browser, found)
    assert not found_wrong, "\n".join(found_wrong)


def test_a_workspaces_own_domain_is_accessible(browser, acme, pat):
    client = Client(headers={"host": ACME_DOMAIN})
    found = [Screen.of("sign-in", client.get("/accounts/login/"))]
    client.post("/accounts/login/", {"login": pat.user.email, "password": ""})
    found.append(Screen.of("code", client.get("/accounts/login/code/confirm/")))
    code = re.search(r"^[A-Z]{4}-[A-Z]{4}$", mail.outbox[-1].body, re.M).group(0)
    client.post("/accounts/login/code/confirm/", {"code": code})
    found += [Screen.of(path, client.get(path)) for path in ("/", "/accounts/you/", "/accounts/sessions/")]
    assert all(is_screen_of(acme, screen) for screen in found)
    found_wrong = faults(browser, found)
    assert not found_wrong, "\n".join(found_wrong)


def is_screen_of(workspace, screen):
    return workspace.brand_color.encode() in screen.body


def test_pages_that_say_why_there_is_no_page_are_accessible(browser, rf):
    found = [
        Screen.of(f"{code} {theme}", render(with_theme(rf.get("/"), theme), f"{code}.html", status=code))
        for code in ERRORS
        for theme in ("", "dark")
    ]
    found_wrong = faults(browser, found)
    assert not found_wrong, "\n".join(found_wrong)


def with_theme(request, theme):
    request.COOKIES["theme"] = theme
    return request


@pytest.mark.django_db(transaction=True)
def test_mail_is_accessible(browser, acme, ada, pat):
    mail.outbox.clear()
    with workspace_transaction(acme):
        assert pat.partner.name == "Brightpath"  # read here: the mail is written after the transaction
        invitations.invite(pat, by=ada)
        team.send_invitation(ada, acme, by=ada)
    half_way(pat.user.email)
    mailing.send(
        "mfa/email/webauthn_added", "x@example.com", {"ip": "192.0.2.7", "timestamp": timezone.now()}
    )
    found = [
        Screen(message.subject, message.alternatives[0].content.encode(), {"Content-Type": "text/html"})
        for message in mail.outbox
    ]
    assert len(found) == 4
    found_wrong = faults(browser, found)
    assert not found_wrong, "\n".join(found_wrong)
