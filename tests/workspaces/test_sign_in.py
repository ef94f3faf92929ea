"""Who gets in, by what, and what a stranger learns."""

import re

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client

from tests.conftest import PASSWORD, make_contact, make_partner, make_person
from workspaces import beat, people
from workspaces.actors import SYSTEM
from workspaces.models import Contact, PersonAccess, User
from workspaces.properties import create_contact

MAIN = "localhost:8000"
LOGIN, CONFIRM = "/acme/accounts/login/", "/acme/accounts/login/code/confirm/"


@pytest.fixture(autouse=True)
def no_limits_from_before(db):
    cache.clear()


def browser(host=MAIN):
    return Client(headers={"host": host})


def ask_for_code(client, email, login=LOGIN):
    mail.outbox.clear()
    return client.post(login, {"login": email, "password": ""})


def mailed_code():
    return re.search(r"^[A-Z]{4}-[A-Z]{4}$", mail.outbox[0].body, re.M).group(0)


def signed_in(client):
    return "_auth_user_id" in client.session


def sign_in(client, email, login=LOGIN):
    ask_for_code(client, email, login)
    confirm = login.removesuffix("login/") + "login/code/confirm/"
    return client.post(confirm, {"code": mailed_code()})


@pytest.fixture
def noa(acme, brightpath, inside):
    """An invited contact who has never signed in anywhere: there is no User yet."""
    with inside(acme):
        return create_contact(brightpath, {"email": "noa@example.com", "name": "Noa"}, by=SYSTEM)


# ── Codes ──


def test_a_contact_signs_in_by_a_mailed_code_and_is_bound_by_it(acme, noa, inside):
    client = browser()
    response = ask_for_code(client, "Noa@Example.com")
    assert response["Location"] == CONFIRM
    user = User.objects.get(email="noa@example.com")
    assert not user.has_usable_password()
    with inside(acme):
        assert Contact.objects.get(pk=noa.pk).user is None
    assert not EmailAddress.objects.get(user=user).verified

    response = client.post(CONFIRM, {"code": mailed_code().lower().replace("-", " ")})

    assert response["Location"] == "/acme/"
    assert signed_in(client)
    with inside(acme):
        contact = Contact.objects.get(pk=noa.pk)
        assert (contact.user_id, contact.status) == (user.pk, "active")
    assert PersonAccess.objects.filter(user=user, workspace=acme).exists()


def test_a_code_works_once(acme, pat):
    client = browser()
    ask_for_code(client, pat.email)
    code = mailed_code()
    client.post(CONFIRM, {"code": code})
    client.post("/acme/accounts/logout/")
    assert not signed_in(client)
    response = client.post(CONFIRM, {"code": code})
    assert response["Location"] == "/acme/accounts/login/code/"
    assert not signed_in(client)


def test_a_code_is_over_after_ten_minutes(acme, pat):
    client = browser()
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False) as clock:
        ask_for_code(client, pat.email)
        clock.shift(601)
        response = client.post(CONFIRM, {"code": mailed_code()}, follow=True)
    assert "not valid any more" in response.content.decode()
    assert not signed_in(client)


def test_a_code_is_refused_in_another_browser(acme, pat):
    ask_for_code(browser(), pat.email)
    other = browser()
    other.post(CONFIRM, {"code": mailed_code()})
    assert not signed_in(other)


def test_a_code_is_refused_at_another_host_even_with_the_same_cookie(acme, pat):
    client = browser("partners.acme.test")
    response = ask_for_code(client, pat.email, "/accounts/login/")
    assert response["Location"] == "/accounts/login/code/confirm/"
    code = mailed_code()
    client.post("/accounts/login/code/confirm/", {"code": code}, headers={"host": MAIN})
    assert not signed_in(client)


def test_a_session_of_one_host_is_nobody_at_another(acme, pat):
    """Whoever runs a workspace's domain reads the cookies sent there; they open nothing elsewhere."""
    client = browser("partners.acme.test")
    sign_in(client, pat.email, "/accounts/login/")
    assert client.get("/accounts/you/").status_code == 200
    stolen = browser()
    stolen.cookies = client.cookies
    response = stolen.get("/accounts/you/")
    assert response.status_code == 302
    assert "/accounts/login/" in response["Location"]


def test_a_code_may_be_guessed_five_times(acme, pat):
    client = browser()
    ask_for_code(client, pat.email)
    code = mailed_code()
    for _ in range(4):
        assert client.post(CONFIRM, {"code": "BBBB-BBBB"}).status_code == 200
    assert client.post(CONFIRM, {"code": "BBBB-BBBB"}).status_code == 302
    client.post(CONFIRM, {"code": code})
    assert not signed_in(client)


def test_a_new_code_replaces_the_old_one(acme, pat):
    client = browser()
    ask_for_code(client, pat.email)
    old = mailed_code()
    mail.outbox.clear()
    again = client.post(CONFIRM, {"action": "resend"}, follow=True)
    assert "A new code is on its way" in again.text
    client.post(CONFIRM, {"code": old})
    assert not signed_in(client)
    client.post(CONFIRM, {"code": mailed_code()})
    assert signed_in(client)


def test_a_new_code_is_valid_as_long_as_the_first_was(acme, pat):
    client = browser()
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False) as clock:
        ask_for_code(client, pat.email)
        mail.outbox.clear()
        clock.shift(9 * 60)
        client.post(CONFIRM, {"action": "resend"})
        clock.shift(9 * 60)
        client.post(CONFIRM, {"code": mailed_code()})
        assert signed_in(client)


def test_after_the_last_new_code_the_page_says_when_there_is_another(acme):
    """The same for an address that nobody knows."""
    client = browser()
    ask_for_code(client, "nobody@example.com")
    pages = [client.post(CONFIRM, {"action": "resend"}, follow=True).text for _ in range(2)]
    assert ["Send a new code" in page for page in pages] == [True, False]
    assert ["start over in a minute" in page for page in pages] == [False, True]


def test_asking_again_and_again_is_answered_with_429_and_when_to_come_back(acme, pat):
    for _ in range(3):
        assert ask_for_code(browser(), pat.email).status_code == 302
    response = ask_for_code(browser(), pat.email)
    assert response.status_code == 429
    assert response["Retry-After"] == "60"
    assert mail.outbox == []


# ── What a stranger learns ──


def answers(email):
    client = browser()
    asked = ask_for_code(client, email)
    page = client.get(asked["Location"])
    wrong = client.post(asked["Location"], {"code": "BBBB-BBBB"})
    hidden = re.compile(r'value="[^"]{20,}"|nonce="[^"]*"|"X-CSRFToken": "[^"]*"|content-nonce')
    shown = [
        hidden.sub("", page.content.decode()).replace(email, "…"),
        wrong.status_code,
        len(client.cookies),
    ]
    return asked.status_code, asked["Location"], page.status_code, *shown


def test_known_unknown_invited_and_suspended_addresses_look_the_same(
    acme, brightpath, pat, noa, kim, ada, inside
):
    with inside(acme):
        Contact.objects.filter(pk=kim.pk).update(status=Contact.Status.SUSPENDED)
    seen = {
        address: answers(address)
        for address in (pat.email, "nobody@example.com", noa.email, kim.email, ada.user.email)
    }
    assert len(set(seen.values())) == 1, seen


@pytest.mark.parametrize(
    ("path", "data"),
    [
        (LOGIN, {"login": "pat@example.com"}),
        (LOGIN, {"login": "pat@example.com", "password": "wrong wrong"}),
        (CONFIRM, {"code": "BBBB-BBBB"}),
        (CONFIRM, {"action": "resend"}),
        ("/accounts/password/reset/", {"email": "pat@example.com"}),
        ("/acme/settings/team/invitations/", {"email": "pat@example.com", "access": "viewer"}),
    ],
)
def test_answers_about_an_address_leave_on_the_beat(ada, pat, path, data):
    assert browser().post(path, data).wsgi_request.META[beat.KEY] == beat.SECONDS
    assert beat.KEY not in browser().get(path).wsgi_request.META


@pytest.mark.parametrize(("path", "name"), [(LOGIN, "login"), ("/accounts/password/reset/", "email")])
def test_what_is_no_address_is_called_so_in_our_words(acme, path, name):
    assert "such as ana@example.com" in browser().post(path, {name: "nonsense"}).content.decode()


def test_an_unknown_address_gets_no_mail_and_makes_no_person(acme):
    ask_for_code(browser(), "nobody@example.com")
    assert mail.outbox == []
    assert not User.objects.filter(email="nobody@example.com").exists()


def test_a_contact_of_another_workspace_makes_no_person_here(acme, globex, inside):
    with inside(globex):
        create_contact(make_partner(globex, "Evil"), {"email": "ivy@example.com"}, by=SYSTEM)
    ask_for_code(browser(), "ivy@example.com")
    assert mail.outbox == []
    assert not User.objects.filter(email="ivy@example.com").exists()


def test_a_suspended_contact_who_never_came_makes_no_person(acme, noa, inside):
    with inside(acme):
        Contact.objects.filter(pk=noa.pk).update(status=Contact.Status.SUSPENDED)
    ask_for_code(browser(), noa.email)
    assert mail.outbox == []
    assert not User.objects.filter(email=noa.email).exists()


def test_on_the_main_host_no_contact_becomes_a_person(noa):
    ask_for_code(browser(), noa.email, "/accounts/login/")
    assert mail.outbox == []
    assert not User.objects.filter(email=noa.email).exists()


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(ada):
    said = []
    for email in (ada.user.email, "nobody@example.com"):
        response = browser().post("/accounts/login/", {"login": email, "password": "wrong wrong wrong"})
        said.append((response.status_code, response.context["form"].errors.as_json()))
    assert said[0] == said[1]
    assert said[0][0] == 422


@pytest.mark.parametrize("path", ["signup/", "email/", "confirm-email/", "3rdparty/", "2fa/webauthn/signup/"])
def test_what_nobody_may_do_here_has_no_route(acme, path):
    assert browser().get(f"/accounts/{path}").status_code == 404
    assert browser().get(f"/acme/accounts/{path}").status_code == 404


# ── Bound only by proof ──


def test_a_person_without_the_proved_address_is_not_bound(acme, brightpath, inside):
    user = User.objects.create_user("noa@example.com", name="Noa")
    EmailAddress.objects.create(user=user, email=user.email, verified=False, primary=True)
    with inside(acme):
        contact = create_contact(brightpath, {"email": user.email}, by=SYSTEM)
        assert people.bind_contacts(user, acme) == 0
        assert Contact.objects.get(pk=contact.pk).user is None


def test_a_password_alone_binds_nothing(acme, brightpath, inside):
    user = User.objects.create_user("noa@example.com", PASSWORD, name="Noa")
    EmailAddress.objects.create(user=user, email=user.email, verified=False, primary=True)
    with inside(acme):
        contact = create_contact(brightpath, {"email": user.email}, by=SYSTEM)
    client = browser()
    response = client.post(LOGIN, {"login": user.email, "password": PASSWORD})
    assert response["Location"] == "/acme/accounts/nothing-here/"
    assert signed_in(client)
    with inside(acme):
        assert Contact.objects.get(pk=contact.pk).user is None


def test_a_code_at_one_workspace_binds_nothing_at_another(acme, globex, noa, inside):
    partner = make_partner(globex, "Evil")
    with inside(globex):
        there = create_contact(partner, {"email": noa.email}, by=SYSTEM)
    sign_in(browser(), noa.email)
    with inside(globex):
        assert Contact.objects.get(pk=there.pk).user is None
    assert not PersonAccess.objects.filter(workspace=globex, user__email=noa.email).exists()


def test_a_suspended_contact_signs_in_to_nothing(acme, kim, inside):
    with inside(acme):
        Contact.objects.filter(pk=kim.pk).update(status=Contact.Status.SUSPENDED)
    client = browser()
    response = sign_in(client, kim.email)
    assert response["Location"] == "/acme/accounts/nothing-here/"
    assert "has no open access" in client.get(response["Location"]).content.decode()
    assert client.get("/acme/").status_code == 404


# ── The team ──


def test_a_team_member_signs_in_by_password(ada):
    client = browser()
    response = client.post(LOGIN, {"login": ada.user.email, "password": PASSWORD})
    assert response["Location"] == "/acme/settings/"


def test_a_team_member_without_a_password_signs_in_by_code(acme, mia):
    mia.user.set_unusable_password()
    mia.user.save()
    response = sign_in(browser(), mia.user.email)
    assert response["Location"] == "/acme/settings/"


def test_there_are_no_passwords_at_a_workspaces_own_domain(acme, ada):
    client = browser("partners.acme.test")
    assert 'name="password"' not in client.get("/accounts/login/").content.decode()
    client.post("/accounts/login/", {"login": ada.user.email, "password": PASSWORD})
    assert not signed_in(client)
    for path in ("password/reset/", "2fa/", "2fa/passkeys/login/", "password/set/"):
        assert client.get(f"/accounts/{path}").status_code == 404


def test_a_contact_elsewhere_never_opens_settings_here(acme, globex, eve, inside):
    """Eve proved her address at globex; at acme she is nobody."""
    client = browser()
    sign_in(client, eve.email, "/globex/accounts/login/")
    assert client.get("/acme/settings/").status_code == 404
    assert client.get("/globex/settings/").status_code == 404


def test_next_leads_back_but_never_away(acme, pat):
    for target, expected in (
        ("/acme/profile/", "/acme/profile/"),
        ("https://evil.example/", "/acme/"),
        ("//evil.example", "/acme/"),
    ):
        cache.clear()
        client = browser()
        asked = client.post(LOGIN, {"login": pat.email, "next": target})
        response = client.post(asked["Location"], {"code": mailed_code()})
        assert response["Location"] == expected
        mail.outbox.clear()


# ── Sessions ──


def test_signing_in_gives_a_new_session_and_signing_out_ends_it(acme, pat):
    client = browser()
    ask_for_code(client, pat.email)
    before = client.session.session_key
    client.post(CONFIRM, {"code": mailed_code()})
    key = client.session.session_key
    assert key != before
    assert people.session_is_alive(key, pat.user.pk)
    assert client.get("/acme/accounts/logout/").status_code == 200
    assert signed_in(client)
    client.post("/acme/accounts/logout/")
    assert not people.session_is_alive(key, pat.user.pk)


def test_a_session_is_over_when_the_person_is_switched_off(acme, pat, kim):
    client = browser()
    sign_in(client, pat.email)
    key = client.session.session_key
    assert not people.session_is_alive(key, kim.user.pk)
    User.objects.filter(pk=pat.user.pk).update(is_active=False)
    assert not people.session_is_alive(key, pat.user.pk)


def test_settings_close_after_eight_idle_hours_and_everything_after_fourteen_days(acme, ada):
    with time_machine.travel("2026-11-02T08:00:00Z", tick=False) as clock:
        client = browser()
        client.post(LOGIN, {"login": ada.user.email, "password": PASSWORD})
        for _ in range(3):
            clock.shift(7 * 3600)
            assert client.get("/acme/settings/team/").status_code == 200
        clock.shift(9 * 3600)
        assert client.get("/acme/accounts/you/").status_code == 200
        assert client.get("/acme/settings/team/").status_code == 302
        client.post(LOGIN, {"login": ada.user.email, "password": PASSWORD})
        for _ in range(13):
            clock.shift(24 * 3600)
            assert client.get("/acme/accounts/you/").status_code == 200
        clock.shift(24 * 3600)
        assert client.get("/acme/accounts/you/").status_code == 302


def test_a_portal_session_ends_after_a_week_without_a_sign_of_life(acme, pat):
    with time_machine.travel("2026-11-02T08:00:00Z", tick=False) as clock:
        client = browser()
        sign_in(client, pat.email)
        clock.shift(7 * 24 * 3600 + 60)
        assert client.get("/acme/accounts/you/").status_code == 302


def test_one_can_sign_out_everywhere_else(acme, pat):
    here, there = browser(), browser()
    sign_in(here, pat.email)
    sign_in(there, pat.email)
    assert here.get("/acme/accounts/sessions/").content.decode().count("seen") == 2
    here.post("/acme/accounts/sessions/")
    assert here.get("/acme/accounts/you/").status_code == 200
    assert there.get("/acme/accounts/you/").status_code == 302


def test_what_clients_claim_about_their_address_does_not_count(ada):
    """Ten wrong passwords a minute from one address. Whom to believe the web server has decided before."""
    for n in range(12):
        form = {"login": f"a{n}@example.com", "password": "wrong"}
        response = browser().post("/accounts/login/", form, headers={"x-forwarded-for": f"10.0.0.{n}"})
    assert response.status_code == 429


def test_tries_are_counted_by_the_address_that_the_web_server_found(ada):
    for n in range(12):
        form = {"login": f"a{n}@example.com", "password": "wrong"}
        response = browser().post("/accounts/login/", form, REMOTE_ADDR=f"10.0.0.{n}")
        assert response.status_code == 422


def test_two_partners_are_two_contacts_of_one_person(acme, brightpath, kestrel, inside):
    first = make_contact(acme, "tom", brightpath)
    with inside(acme):
        create_contact(kestrel, {"email": first.email, "name": "Tom"}, by=SYSTEM)
        assert people.bind_contacts(first.user, acme) == 1
        assert people.contacts_of(first.user).count() == 2
    assert make_person("unrelated").accesses.count() == 0
