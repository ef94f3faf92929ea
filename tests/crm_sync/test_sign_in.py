"""Connecting by signing in: from the wizard to the CRM's own page and back, and everybody who must not."""

import io
import json
import zipfile
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from crm_sync.connecting.standing import standing_of
from crm_sync.models import Connection
from crm_sync.standins.hubspot import oauth as hubspot_oauth
from crm_sync.standins.hubspot.wire import Call
from crm_sync.standins.salesforce import oauth as salesforce_oauth
from crm_sync.standins.salesforce.wire import Call as SalesforceCall
from tests.conftest import make_member
from tests.fakes import hubspot, salesforce
from workspaces.tenancy import workspace_transaction

HUBSPOT_APP = {"app": hubspot.APP_ID, "client_id": "standin-client", "client_secret": hubspot.SECRET}


@pytest.fixture
def admin(as_user, ada):
    return as_user(ada)


@pytest.fixture
def ready(crm, sf, settings):
    settings.HUBSPOT_API_URL = settings.HUBSPOT_APP_URL = crm.url
    settings.SALESFORCE_STANDIN_URL = sf.url
    settings.PUBLIC_URL = "http://localhost:8000"


def page(name, *args, slug="acme"):
    return f"/{slug}" + reverse(f"settings:{name}", args=args)


def agree(standin, address, *, decision="allow"):
    """What the person does on the CRM's page; the address that their browser is sent back to."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    body = "&".join(f"{n}={v}" for n, v in (asked | {"decision": decision}).items()).encode()
    if isinstance(standin.oauth, hubspot_oauth.OAuth):
        return hubspot_oauth.decided(standin.oauth, Call("POST", "/", {}, {}, body))
    return salesforce_oauth.decided(standin.oauth, SalesforceCall("POST", "/", {}, {}, body))


def local(address):
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def signed_in(client, standin, name="crm_hubspot_app", values=HUBSPOT_APP, **options):
    off = client.post(page(name), values)
    assert off.status_code == 302, off.text
    back = agree(standin, off.url, **options)
    to_workspace = client.get(local(back))
    return client.get(to_workspace.url)


def connected(workspace):
    with workspace_transaction(workspace):
        return Connection.objects.first()


def test_hubspot_is_connected_by_signing_in(admin, ready, crm, acme):
    answer = signed_in(admin, crm.standin)

    made = connected(acme)
    assert answer.url == page("crm_mapping", made.pk)
    assert (made.way, made.account, made.app, made.status) == ("oauth", hubspot.PORTAL_ID, "7711", "active")
    with workspace_transaction(acme):
        held = made.credentials.get()
        assert held.refresh in crm.standin.oauth.grants
        assert "crm.objects.companies.read" in held.scopes


def test_salesforce_is_connected_by_signing_in_with_pkce(admin, ready, sf, acme):
    values = {"address": sf.url, "client_id": salesforce.CLIENT_ID, "client_secret": salesforce.CLIENT_SECRET}
    answer = signed_in(admin, sf.standin, "crm_salesforce_app", values)

    made = connected(acme)
    assert answer.url == page("crm_mapping", made.pk)
    assert (made.provider, made.account, made.address) == ("salesforce", salesforce.ORGANIZATION_ID, sf.url)
    assert made.account_name == "Northwind Cloud"


def test_the_crms_page_is_asked_with_a_state_a_challenge_and_no_secret(admin, ready, sf):
    values = {"address": sf.url, "client_id": salesforce.CLIENT_ID, "client_secret": salesforce.CLIENT_SECRET}
    asked = parse_qs(urlsplit(admin.post(page("crm_salesforce_app"), values).url).query)

    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://localhost:8000/accounts/crm/answer/"]
    assert len(asked["state"][0]) >= 40
    assert salesforce.CLIENT_SECRET not in str(asked)


def test_the_form_may_end_on_the_crms_page_and_on_no_other(admin, ready, crm):
    policy = admin.get(page("crm_hubspot_app")).headers["Content-Security-Policy"]
    plain = admin.get(page("crm_hubspot_key")).headers["Content-Security-Policy"]

    assert f"form-action 'self' {crm.url};" in policy
    assert "form-action 'self';" in plain


def test_a_cancelled_sign_in_saves_nothing_and_says_so(admin, ready, crm, acme):
    answer = signed_in(admin, crm.standin, decision="deny")

    assert "The sign-in was cancelled." in admin.get(answer.url).text
    assert connected(acme) is None


def test_somebody_elses_answer_is_not_taken(admin, ready, crm, acme, mia, as_user):
    """An address with a good code, sent to another person: their session never asked for it."""
    back = agree(crm.standin, admin.post(page("crm_hubspot_app"), HUBSPOT_APP).url)
    other = as_user(make_member(acme, "amy", "admin"))

    assert other.get(local(back)).url == reverse("workspaces")
    assert other.get(page("crm_answer") + "?" + urlsplit(back).query).url == page("crm")
    assert as_user(mia).get(page("crm_answer") + "?" + urlsplit(back).query).status_code == 403
    assert connected(acme) is None
    assert not crm.standin.oauth.grants


@pytest.mark.parametrize("tampered", ["&state=guessed", "&state=", ""])
def test_an_answer_with_another_state_is_not_taken(admin, ready, crm, acme, tampered):
    """With a code that is good: only the state tells that nobody here asked for it."""
    back = agree(crm.standin, admin.post(page("crm_hubspot_app"), HUBSPOT_APP).url)
    code = parse_qs(urlsplit(back).query)["code"][0]

    admin.get(f"/accounts/crm/answer/?code={code}{tampered}")
    admin.get(f"{page('crm_answer')}?code={code}{tampered}")

    assert connected(acme) is None
    assert not crm.standin.oauth.grants


def test_an_answer_is_used_once_and_grows_old(admin, ready, crm, acme):
    back = agree(crm.standin, admin.post(page("crm_hubspot_app"), HUBSPOT_APP).url)
    session = admin.session
    session["crm_sign_in"] |= {"at": session["crm_sign_in"]["at"] - 16 * 60}
    session.save()

    assert admin.get(local(back)).url != page("crm_answer")
    assert connected(acme) is None

    signed_in(admin, crm.standin)
    made = connected(acme)
    assert "crm_sign_in" not in admin.session
    admin.get(page("crm_answer") + "?" + urlsplit(back).query)
    assert connected(acme).pk == made.pk


def test_another_workspace_cannot_finish_what_was_begun_here(admin, ready, crm, acme, globex, ada, inside):
    from workspaces import people

    with inside(globex):
        people.add_team_member(ada.user, globex, access="admin")
    back = agree(crm.standin, admin.post(page("crm_hubspot_app"), HUBSPOT_APP).url)

    admin.get(page("crm_answer", slug="globex") + "?" + urlsplit(back).query)

    assert connected(globex) is None
    assert connected(acme) is None


def test_an_account_of_another_workspace_is_refused_at_the_end(
    admin, ready, crm, acme, globex, otto, as_user
):
    signed_in(admin, crm.standin)
    theirs = as_user(otto)
    off = theirs.post(page("crm_hubspot_app", slug="globex"), HUBSPOT_APP)
    answer = theirs.get(theirs.get(local(agree(crm.standin, off.url))).url)

    assert "connected to a workspace already" in theirs.get(answer.url).text
    assert connected(globex) is None


def test_signing_in_again_goes_on_with_the_same_connection_and_no_other_account(admin, ready, crm, acme):
    signed_in(admin, crm.standin)
    made = connected(acme)
    with workspace_transaction(acme):
        Connection.objects.update(status="needs_auth", missing_scopes=["x"])

    def again():
        off = admin.post(page("crm_keys", made.pk), HUBSPOT_APP)
        return admin.get(admin.get(local(agree(crm.standin, off.url))).url)

    crm.portal.id = 99
    assert "is for account 99" in admin.get(again().url).text
    assert connected(acme).status == "needs_auth"
    crm.portal.id = int(hubspot.PORTAL_ID)
    assert again().url == page("crm_connection", made.pk)
    assert (connected(acme).status, connected(acme).missing_scopes) == ("active", [])


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("crm_salesforce_secret", {"address": "https://evil.example"}, "not an address of Salesforce"),
        ("crm_salesforce_secret", {"client_secret": "wrong"}, "invalid client credentials"),
        ("crm_salesforce_app", {"address": "http://127.0.0.1:1/"}, "not an address of Salesforce"),
    ],
)
def test_what_salesforce_refuses_is_said_beside_the_field(admin, ready, sf, acme, name, values, words):
    given = {"address": sf.url, "client_id": salesforce.CLIENT_ID, "client_secret": salesforce.CLIENT_SECRET}

    response = admin.post(page(name), given | values)

    assert response.status_code == 422
    assert words in response.text
    assert salesforce.CLIENT_SECRET not in response.text
    assert connected(acme) is None


def test_a_service_key_polls_and_says_so(admin, ready, crm, acme):
    admin.post(page("crm_hubspot_key"), {"token": hubspot.TOKEN})

    assert (connected(acme).way, connected(acme).calls_us) == ("service_key", False)
    assert "A service key has no webhooks" in admin.get(page("crm")).text


def test_the_project_folder_names_what_is_mapped_and_what_is_not_in_it_yet_is_said(sync, admin, acme):
    held = admin.post(page("crm_app_files", sync.connection.pk))
    files = zipfile.ZipFile(io.BytesIO(held.content))
    folder = "partner-portal-hubspot/"
    webhooks = json.loads(files.read(f"{folder}src/app/webhooks/webhooks-hsmeta.json"))
    app = json.loads(files.read(f"{folder}src/app/app-hsmeta.json"))

    told = webhooks["config"]["subscriptions"]["crmObjects"]
    changes = {(s["objectType"], s["propertyName"]) for s in told if "propertyName" in s}
    assert changes == {("company", f) for f in ("name", "partner_tier", "website", "country")}
    assert {"subscriptionType": "object.merge", "objectType": "company", "active": True} in told
    assert webhooks["config"]["settings"]["targetUrl"] == "https://portal.example.com/hooks/hubspot/"
    assert app["config"]["auth"]["type"] == "static"
    with workspace_transaction(acme):
        assert standing_of(Connection.objects.get()).word == "Working"

    sync.map("phase", "partner_phase", "in")

    with workspace_transaction(acme):
        standing = standing_of(Connection.objects.get())
    assert (standing.word, standing.step) == ("Webhooks incomplete", "Update the app")
    assert "Partner phase" in standing.text
    assert "Not yet" in admin.get(page("crm_app", sync.connection.pk)).text


def test_a_field_that_hubspot_called_for_is_subscribed_whatever_the_folder_says(sync, linked, push, acme):
    with workspace_transaction(acme):
        Connection.objects.update(subscriptions=["company.name"])
    for field in ("partner_tier", "website", "country"):
        push({"propertyName": field})

    with workspace_transaction(acme):
        assert standing_of(Connection.objects.get()).word == "Working"


@pytest.mark.parametrize(
    ("changed", "word", "step"),
    [
        ({"status": "paused", "message": "Paused by Ada."}, "Paused", "Resume"),
        ({"status": "needs_auth"}, "Needs a new sign-in", "Give new keys"),
        ({"status": "needs_auth", "way": "oauth"}, "Needs a new sign-in", "Sign in again"),
        ({"missing_scopes": ["a.read", "b.read"]}, "Needs scopes", "Give new keys"),
        ({"status": "disconnected"}, "Disconnected", "Connect again"),
        ({"way": "service_key"}, "Working, by asking", ""),
    ],
)
def test_every_state_has_its_word_and_the_next_step(sync, admin, acme, changed, word, step):
    with workspace_transaction(acme):
        Connection.objects.update(**changed)
        assert (standing_of(Connection.objects.get()).word, standing_of(Connection.objects.get()).step) == (
            word,
            step,
        )
    assert word in admin.get(page("crm")).text
    assert admin.get(page("crm_connection", sync.connection.pk)).status_code == 200
