"""What Settings ask for beside the mailed code or the password."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core import mail
from django.core.cache import cache
from django.test import Client

from tests.conftest import PASSWORD

MAIN = "localhost:8000"
TEAM = "/acme/settings/team/"


@pytest.fixture(autouse=True)
def no_limits_from_before(db):
    cache.clear()


@pytest.fixture
def client():
    return Client(headers={"host": MAIN})


def by_password(client, member):
    return client.post("/acme/accounts/login/", {"login": member.user.email, "password": PASSWORD})


def with_app(user):
    """Gives the person an authenticator app. Returns what it shows now."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def shown(secret):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def test_who_has_an_authenticator_app_is_asked_for_it(client, ada):
    secret = with_app(ada.user)
    response = by_password(client, ada)
    assert response["Location"] == "/acme/accounts/2fa/authenticate/"
    assert client.get(TEAM).status_code == 302
    assert client.post(response["Location"], {"code": "000000"}).status_code == 200
    response = client.post(response["Location"], {"code": shown(secret)})
    assert response["Location"] == "/acme/settings/"
    assert client.get(TEAM).status_code == 200


def test_a_code_of_the_app_works_once(client, ada):
    secret = with_app(ada.user)
    code = shown(secret)
    by_password(client, ada)
    client.post("/acme/accounts/2fa/authenticate/", {"code": code})
    again = Client(headers={"host": MAIN})
    by_password(again, ada)
    again.post("/acme/accounts/2fa/authenticate/", {"code": code})
    assert again.get(TEAM).status_code == 302


def test_a_session_without_the_second_factor_is_asked_before_settings_open(as_user, ada):
    """It began before the second factor was set up, or as a contact elsewhere."""
    secret = with_app(ada.user)
    client = as_user(ada)
    response = client.get(TEAM)
    assert response["Location"] == f"/acme/accounts/2fa/reauthenticate/?next={TEAM}"
    response = client.post("/acme/accounts/2fa/reauthenticate/", {"code": shown(secret), "next": TEAM})
    assert response["Location"] == TEAM
    assert client.get(TEAM).status_code == 200


@pytest.mark.django_db(transaction=True)  # what was set up is announced once it is committed
def test_a_workspace_that_requires_it_leads_through_setting_it_up(client, acme, ada):
    acme.second_factor_required = True
    acme.save()
    by_password(client, ada)
    response = client.get(TEAM)
    assert response["Location"] == "/acme/accounts/2fa/"
    assert "Acme asks its team for a second factor" in client.get(response["Location"]).content.decode()
    page = client.get("/acme/accounts/2fa/totp/activate/", follow=True)
    assert page.redirect_chain[-1][0].startswith("/acme/accounts/reauthenticate/")
    client.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/acme/accounts/2fa/totp/activate/")
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page.content.decode()).group(1)
    response = client.post("/acme/accounts/2fa/totp/activate/", {"code": shown(secret)})
    assert response["Location"] == "/acme/accounts/2fa/recovery-codes/"
    codes = re.findall(r"<code>(\d{4} \d{4} \d{4})</code>", client.get(response["Location"]).content.decode())
    assert len(codes) == 10
    assert "<code>" not in client.get(response["Location"]).content.decode()
    assert client.get(TEAM).status_code == 200
    assert "authenticator app was added" in mail.outbox[-1].body


def test_a_recovery_code_stands_in_once(client, ada):
    with_app(ada.user)
    code = RecoveryCodes.activate(ada.user).generate_codes()[0]
    by_password(client, ada)
    assert client.post("/acme/accounts/2fa/authenticate/", {"code": code})["Location"] == "/acme/settings/"
    again = Client(headers={"host": MAIN})
    by_password(again, ada)
    assert again.post("/acme/accounts/2fa/authenticate/", {"code": code}).status_code == 200


def test_secrets_are_not_readable_in_the_database(ada):
    secret = with_app(ada.user)
    RecoveryCodes.activate(ada.user)
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert "gAAAA" in stored


def test_a_new_password_keeps_the_second_factor(client, ada):
    with_app(ada.user)
    client.post("/accounts/password/reset/", {"email": ada.user.email})
    link = re.search(r"http://localhost:8000(/accounts/password/reset/key/\S+)", mail.outbox[-1].body).group(
        1
    )
    form = client.get(link)["Location"]
    new = "quite another sentence"
    client.post(form, {"password1": new, "password2": new})
    response = client.post("/acme/accounts/login/", {"login": ada.user.email, "password": new})
    assert response["Location"] == "/acme/accounts/2fa/authenticate/"


def test_the_way_to_sign_in_is_changed_only_right_after_signing_in(as_user, mia):
    """A session found open on a desk: with no password to ask for, one signs in again."""
    mia.user.set_unusable_password()
    mia.user.save()
    client = as_user(mia)
    response = client.get("/acme/accounts/2fa/totp/activate/")
    assert response["Location"].startswith("/acme/accounts/login/?next=")
    assert "_auth_user_id" not in client.session


def test_a_short_or_common_password_is_refused_in_words(client, ada):
    by_password(client, ada)
    form = {"oldpassword": PASSWORD, "password1": "password1234", "password2": "password1234"}
    page = client.post("/acme/accounts/password/change/", form).content.decode()
    assert "too common" in page
    form = {"oldpassword": PASSWORD, "password1": "short", "password2": "short"}
    good = {"oldpassword": PASSWORD, "password1": "quite another one", "password2": "quite another one"}
    assert "at least 12 characters" in client.post("/acme/accounts/password/change/", form).content.decode()
    assert client.post("/acme/accounts/password/change/", good)["Location"] == "/acme/accounts/you/"


def test_at_a_workspaces_domain_the_app_is_asked_for_too(acme, pat):
    secret = with_app(pat.user)
    client = Client(headers={"host": "partners.acme.test"})
    client.post("/accounts/login/", {"login": pat.email})
    code = re.search(r"^[A-Z]{4}-[A-Z]{4}$", mail.outbox[-1].body, re.M).group(0)
    response = client.post("/accounts/login/code/confirm/", {"code": code})
    assert response["Location"] == "/accounts/2fa/authenticate/"
    assert client.post(response["Location"], {"code": shown(secret)})["Location"] == "/"
