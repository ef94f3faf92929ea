"""Requests that no browser sends: refused in words, and never an error of ours."""

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import DataError, OperationalError
from django.test import Client

HOST = "localhost:8000"
LOGIN = "/acme/accounts/login/"
FORM = b'--x\r\nContent-Disposition: form-data; name="login"\r\n\r\n+2AA-\\ud800@example.com\r\n--x--\r\n'


def client(**headers):
    return Client(headers={"host": HOST, **headers})


@pytest.mark.parametrize("path", ["/%00/", "/acme%00/", "/acme/%00/", "/acme/settings/partners/%00/"])
def test_a_path_that_no_column_can_hold_is_refused(acme, path):
    assert client().get(path).status_code == 400


def test_a_session_that_no_column_can_hold_is_nobodys(acme):
    response = client(cookie='session="aaaaaaaaaaaa\\000"').get("/acme/")
    assert response.status_code == 302
    assert "/accounts/login/" in response["Location"]


@pytest.mark.parametrize("charset", ["utf-7", "unicode_escape", "idna", "rot13", "hex", "utf-16", "latin-1"])
def test_a_form_in_another_encoding_is_refused(acme, charset):
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    assert client().generic("POST", LOGIN, FORM, content_type=kind).status_code == 400


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "UTF8", "nonsense"])
def test_a_form_in_utf8_is_read_and_an_unknown_encoding_is_taken_for_it(acme, charset):
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    assert client().generic("POST", LOGIN, FORM, content_type=kind).status_code == 422


@pytest.mark.parametrize(
    "page", ["partners/", "contacts/", "contacts/new/", "segments/", "search/", "properties/", "quotes/"]
)
def test_a_search_for_what_cannot_be_stored_finds_what_is_left_of_it(ada, as_user, page):
    assert as_user(ada).get(f"/acme/settings/{page}", {"q": "no\x00body"}).status_code == 200


def test_a_pasted_line_that_cannot_be_stored_fits_nobody_and_stays_in_sight(ada, as_user):
    sent = {"level": "partner", "kind": "static", "paste": "Nobody\x00here", "do": "paste", "name": "x"}
    response = as_user(ada).post("/acme/settings/segments/new/", sent)
    assert response.status_code == 200
    assert "Nobody" in response.text


def test_a_name_that_cannot_be_stored_is_looked_for_without_what_cannot(ada, as_user):
    sent = {"level": "partner", "kind": "static", "find": "a\x00b", "do": "find", "name": "x"}
    assert as_user(ada).post("/acme/settings/segments/new/", sent).status_code == 200


def test_values_that_the_database_refuses_are_refused_in_words(ada, as_user, monkeypatch):
    def refused(*args, **options):
        raise DataError("invalid byte sequence")

    monkeypatch.setattr("workspaces.settings_views.records.render_list", refused)
    response = as_user(ada).get("/acme/settings/partners/")
    assert response.status_code == 400
    assert "not as expected" in response.text


@pytest.mark.parametrize(("error", "status"), [(OperationalError, 503), (ZeroDivisionError, 500)])
def test_a_database_that_is_away_before_any_view_is_said_so(ada, as_user, monkeypatch, error, status):
    def fail(*args):
        raise error

    browser = as_user(ada, raise_request_exception=False)
    monkeypatch.setattr(SessionStore, "load", fail)
    response = browser.get("/acme/settings/partners/")
    assert response.status_code == status
    assert response.get("Retry-After") == ("5" if status == 503 else None)
