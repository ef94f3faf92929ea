"""The receiver as the web entry calls it, past the pages' middleware."""

import io
import json
import time

import pytest
from django.db import OperationalError

from crm_sync.connectors.hubspot.signature import sign
from crm_sync.inbound.hook_application import HOOK_PATHS, application
from tests.fakes import hubspot


@pytest.fixture
def call(sync):
    def post(body, *, secret=hubspot.SECRET, path=HOOK_PATHS[0], **environ):
        timestamp = str(int(time.time() * 1000))
        uri = f"https://portal.example.com{path}"
        signature = sign(secret=secret, method="POST", uri=uri, body=body, timestamp=timestamp)
        environ = {
            "wsgi.input": io.BytesIO(body),
            "PATH_INFO": path,
            "HTTP_X_HUBSPOT_REQUEST_TIMESTAMP": timestamp,
            "HTTP_X_HUBSPOT_SIGNATURE_V3": signature,
        } | environ
        answers = []
        application(environ, lambda status, headers: answers.append((int(status[:3]), dict(headers))))
        return answers[0]

    return post


@pytest.fixture
def body():
    event = {"portalId": 24680135, "appId": 7711, "objectId": 1, "objectTypeId": "0-2", "occurredAt": 1}
    event |= {"subscriptionType": "object.propertyChange", "propertyName": "name"}
    return json.dumps([event]).encode()


def test_signed_events_are_stored(sync, call, body):
    assert call(body)[0] == 204
    assert [name for name, _, _ in sync.events()] == ["name"]


def test_an_address_without_its_last_slash_works_too(sync, call, body):
    assert call(body, path=HOOK_PATHS[1])[0] == 204
    assert len(sync.events()) == 1


def test_the_same_things_are_refused_as_on_the_page(sync, call, body):
    assert call(body, secret="another")[0] == 401
    assert call(body, HTTP_X_HUBSPOT_SIGNATURE_V3="")[0] == 401
    assert call(b"{}")[0] == 400
    assert call(b"[" + b" " * 1_000_001)[0] == 413
    assert sync.events() == []


def test_with_the_database_away_hubspot_is_asked_to_come_back(call, body, monkeypatch):
    def away(*args):
        raise OperationalError

    monkeypatch.setattr("crm_sync.inbound.receiving.insert_events", away)

    status, headers = call(body)

    assert status == 503
    assert int(headers["Retry-After"]) > 0
