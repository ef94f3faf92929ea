"""The stand-in speaks as HubSpot is documented to: a fake that is wrong proves nothing."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from crm_sync.connectors.hubspot.push import events_from_body
from crm_sync.connectors.hubspot.signature import is_valid
from tests.fakes.hubspot import SECRET, TOKEN, served

SAMPLES = Path(__file__).parents[1] / "samples"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def sample(name):
    return json.loads((SAMPLES / name).read_text())


def ask(crm, method, path, body=None, headers=BEARER):
    answer = crm.http.request(method, crm.url + path, json=body, headers=headers)
    return answer.status, answer.json()


@pytest.fixture
def acme(crm):
    crm.seed(companies={"1": {"name": "Acme", "partner_tier": "gold", "numberofemployees": 250}})


def test_a_company_is_read_in_the_recorded_form(crm, acme):
    status, company = ask(
        crm, "GET", "/crm/v3/objects/companies/1?properties=name,fax,numberofemployees,city"
    )

    recorded = sample("company-read.json")
    assert status == 200
    assert set(company) == set(recorded) - {"url"}
    assert company["properties"]["numberofemployees"] == "250"
    assert company["properties"]["city"] is None
    assert "fax" not in company["properties"]
    assert {"createdate", "hs_lastmodifieddate", "hs_object_id"} <= set(company["properties"])
    assert all(isinstance(v, str) or v is None for v in company["properties"].values())


def test_a_missing_record_in_a_batch_is_named_in_a_207(crm, acme):
    inputs = [{"id": "1"}, {"id": "2"}]
    status, batch = ask(
        crm, "POST", "/crm/v3/objects/companies/batch/read", {"inputs": inputs, "properties": ["name"]}
    )

    recorded = sample("batch-207.json")
    assert status == 207
    assert set(batch) == set(recorded)
    assert set(batch["errors"][0]) == set(recorded["errors"][0])
    assert batch["errors"][0]["context"] == {"ids": ["2"]}


def test_a_refused_option_is_answered_in_the_recorded_form(crm, acme):
    status, refusal = ask(
        crm, "PATCH", "/crm/v3/objects/companies/1", {"properties": {"partner_tier": "diamond"}}
    )

    recorded = sample("error-400-option.json")
    assert status == 400
    assert set(refusal) == set(recorded)
    assert set(refusal["errors"][0]) == set(recorded["errors"][0])
    assert refusal["errors"][0]["code"] == "INVALID_OPTION"
    assert crm.company("1")["partner_tier"] == "gold"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"shoe_size": "9"}, "PROPERTY_DOESNT_EXIST"),
        ({"hs_object_id": "9"}, "READ_ONLY_VALUE"),
        ({"numberofemployees": "many"}, "INVALID_INTEGER"),
        ({"partner_since": "soon"}, "INVALID_DATE"),
        ({"name": None}, "INVALID_STRING"),
        ({"partner_regions": "emea;mars"}, "INVALID_OPTION"),
    ],
)
def test_bad_values_are_refused_with_hubspots_codes(crm, acme, values, code):
    status, refusal = ask(crm, "PATCH", "/crm/v3/objects/companies/1", {"properties": values})

    assert (status, refusal["errors"][0]["code"]) == (400, code)


def test_the_rate_limit_is_answered_in_the_recorded_form(crm):
    crm.fail(count=1, status=429, retry_after="2")
    answer = crm.http.request("GET", crm.url + "/crm/v3/properties/companies", headers=BEARER)

    assert answer.status == 429
    assert answer.headers["Retry-After"] == "2"
    assert set(answer.json()) == set(sample("error-429.json"))


def test_a_property_is_described_in_the_recorded_form(crm):
    status, described = ask(crm, "GET", "/crm/v3/properties/companies/partner_regions")

    recorded = sample("property-enum-multi.json")
    assert status == 200
    assert set(described) == set(recorded)
    assert set(described["modificationMetadata"]) == set(recorded["modificationMetadata"])


def test_pages_follow_each_other_to_the_last(crm):
    crm.seed(companies={str(n): {"name": f"Firm {n}"} for n in range(1, 26)})
    seen, after = [], ""
    while after is not None:
        _, page = ask(crm, "GET", f"/crm/v3/objects/companies?limit=10&after={after or 0}")
        seen += [item["id"] for item in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after")

    assert seen == [str(n) for n in range(1, 26)]


def test_without_the_token_nothing_is_said(crm, acme):
    assert ask(crm, "GET", "/crm/v3/objects/companies/1", headers={})[0] == 401


def test_more_than_100_inputs_are_refused(crm):
    inputs = [{"id": str(n)} for n in range(101)]

    assert ask(crm, "POST", "/crm/v3/objects/companies/batch/read", {"inputs": inputs})[0] == 400


def test_a_change_by_a_person_is_saved_and_the_page_shows_it(crm, acme):
    form = {"name": "Acme SE", "partner_tier": "silver"}
    posted = crm.http.request(
        "POST", crm.url + "/companies/1", fields=form, encode_multipart=False, redirect=False
    )
    page = crm.http.request("GET", crm.url + "/companies?q=acme").data.decode()

    assert posted.status == 303
    assert "Acme SE" in page
    assert "Silver" in page


def test_what_people_typed_is_escaped(crm):
    crm.seed(companies={"1": {"name": "<script>alert(1)</script>"}})

    for path in ("/companies", "/companies/1", "/companies?q=<script>"):
        assert "<script>" not in crm.http.request("GET", crm.url + path).data.decode()


@pytest.fixture
def portal_hook():
    """A portal that remembers what it was sent and answers what it is told to."""
    received, answers = [], []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers.pop(0) if answers else 204)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hooks/hubspot/", received, answers
    server.shutdown()
    server.server_close()


def test_webhooks_are_signed_and_name_each_changed_property_once(portal_hook):
    url, received, _ = portal_hook
    with served(portal_url=url) as crm:
        crm.seed(companies={"1": {"name": "Acme", "partner_tier": "gold"}})
        crm.edit("1", partner_tier="silver", name="Acme", partner_since="2024-02-29")
        crm.wait_until_sent()

    [(headers, body)] = received
    timestamp = headers["X-HubSpot-Request-Timestamp"]
    signature = headers["X-HubSpot-Signature-v3"]
    assert is_valid(
        secret=SECRET,
        method="POST",
        uri=url,
        body=body,
        timestamp=timestamp,
        signature=signature,
        now_ms=int(timestamp),
    )
    pushed = {item["propertyName"]: item["propertyValue"] for item in json.loads(body)}
    assert pushed == {"partner_tier": "silver", "partner_since": "1709164800000"}
    assert set(json.loads(body)[0]) == set(sample("webhook-batch-mixed.json")[0])


def test_a_webhook_that_failed_is_sent_again_as_the_same_event(portal_hook):
    url, received, answers = portal_hook
    answers += [503, 500]
    with served(portal_url=url) as crm:
        crm.sender.knobs.retry_seconds = 0.01
        crm.seed(companies={"1": {"name": "Acme"}})
        crm.edit("1", name="Acme SE")
        crm.wait_until_sent()

    attempts = [json.loads(body)[0]["attemptNumber"] for _, body in received]
    assert attempts == [0, 1, 2]
    assert len({events_from_body(body)[0].fingerprint for _, body in received}) == 1


def test_the_state_outlives_the_process(tmp_path):
    with served(state=tmp_path / "hubspot.json") as crm:
        crm.seed(companies={"1": {"name": "Acme"}})
        crm.edit("1", name="Acme SE")
    with served(state=tmp_path / "hubspot.json") as crm:
        assert crm.company("1")["name"] == "Acme SE"
