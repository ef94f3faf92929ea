"""Cases 46 to 53, and 70: signing in, and how much may be asked."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connections
from django.db.models import F
from django.utils import timezone

from crm_sync.connecting import accounts, providers, signing, tokens
from crm_sync.connectors.base import COMPANY, Write
from crm_sync.connectors.failures import CrmError, FailureKind
from crm_sync.connectors.hubspot import transport
from crm_sync.connectors.hubspot.client import HubSpot
from crm_sync.connectors.salesforce.client import client_for as salesforce_client
from crm_sync.connectors.throttling import Priority, Usage
from crm_sync.limits import retries
from crm_sync.limits.budgets import Budget
from crm_sync.models import Allowance, Connection, Credential, OutboxChange
from crm_sync.standins.trouble import Trouble
from tests.crm_sync.cases.signed_in import (
    by_hubspot_app,
    by_salesforce_app,
    by_salesforce_secret,
    credential,
    expire,
    now_of,
)
from tests.fakes.hubspot import TOKEN
from workspaces.actors import SYSTEM, Actor
from workspaces.properties import set_properties
from workspaces.tenancy import workspace_transaction


@pytest.fixture
def hubspot(acme, crm, settings):
    settings.HUBSPOT_API_URL = crm.url
    return by_hubspot_app(acme, crm)


@pytest.fixture
def stand_in_allowed(sf, settings):
    settings.SALESFORCE_STANDIN_URL = sf.url


@pytest.fixture
def salesforce(acme, sf, stand_in_allowed):
    return by_salesforce_app(acme, sf)


def outcome(call):
    """What a call gave, or the kind of its failure."""
    try:
        return call()
    except CrmError as error:
        return error.failure.kind


def failure_of(call):
    with pytest.raises(CrmError) as raised:
        call()
    return raised.value.failure


def in_threads(count, call):
    def work(_):
        try:
            return outcome(call)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


@pytest.mark.django_db(transaction=True)
def test_46_twenty_workers_with_an_expired_token_make_one_refresh_and_save_what_it_gave(acme, crm, hubspot):
    expire(hubspot)
    crm.standin.delay = 0.2

    found = in_threads(20, lambda: tokens.key_for(hubspot).token)

    crm.standin.delay = 0.0
    assert crm.standin.oauth.refreshes == 1
    held = credential(hubspot)
    assert set(found) <= {held.access, FailureKind.RETRYABLE}
    assert held.access in found
    assert held.refresh in crm.standin.oauth.grants
    assert tokens.key_for(hubspot).token == held.access
    assert crm.standin.oauth.refreshes == 1


def test_46_before_the_token_ends_nobody_waits_for_the_one_who_renews_it(hubspot, crm, acme):
    with workspace_transaction(acme):
        Credential.objects.update(
            expires_at=timezone.now() + timedelta(minutes=2),
            refreshing_until=timezone.now() + timedelta(seconds=30),
        )

    assert tokens.key_for(hubspot).token == credential(hubspot).access
    assert crm.standin.oauth.refreshes == 0


@pytest.mark.parametrize("rotates", [True, False])
def test_46_a_worker_killed_between_answer_and_saving_is_recovered_or_asks_for_a_sign_in(
    hubspot, crm, acme, monkeypatch, rotates
):
    crm.standin.oauth.rotate = rotates
    expire(hubspot)

    def killed(*args):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(tokens, "_saved", killed)
        with pytest.raises(SystemExit):
            tokens.key_for(hubspot)
    assert outcome(lambda: tokens.key_for(hubspot)) == FailureKind.RETRYABLE  # the lease of the dead one
    with workspace_transaction(acme):
        Credential.objects.update(refreshing_until=timezone.now() - timedelta(seconds=1))

    found = outcome(lambda: tokens.key_for(hubspot).token)

    if rotates:
        assert found == FailureKind.AUTH
        assert now_of(hubspot).status == "needs_auth"
    else:
        assert found == credential(hubspot).access
        assert now_of(hubspot).status == "active"
    assert crm.standin.oauth.refreshes == 2


def test_47_a_refusal_after_somebody_else_renewed_is_no_failure(hubspot, crm, acme, monkeypatch):
    expire(hubspot)
    real = signing.renewed_tokens

    def beaten(lease):
        with workspace_transaction(acme):
            tokens.keep(Credential.objects.get(), real(lease))  # somebody signed in again meanwhile
        return real(lease)  # with the refresh token that is dead by now

    monkeypatch.setattr(signing, "renewed_tokens", beaten)

    assert tokens.key_for(hubspot).token == credential(hubspot).access
    assert now_of(hubspot).status == "active"


@pytest.mark.django_db(transaction=True)
def test_47_a_revoked_sign_in_stops_the_connection_parks_the_outbox_and_mails_once(
    acme, ada, crm, hubspot, brightpath
):
    from crm_sync.inbound import linking
    from crm_sync.mapping.fields import map_field
    from workspaces.properties import properties_of

    country = next(f for f in HubSpot(TOKEN, crm.url).fields(COMPANY) if f.name == "country")
    crm.seed(companies={"1": {"name": "Brightpath"}})
    with workspace_transaction(acme):
        prop = properties_of("partner")["country"]
        map_field(hubspot, object_type=COMPANY, field=country, prop=prop, direction="both")
        linking.link(hubspot, brightpath, "1")
        set_properties(brightpath, {"country": "Italy"}, by=Actor.of_member(ada))
    for grant in crm.standin.oauth.grants.values():
        grant.revoked = True
    expire(hubspot)

    found = in_threads(4, lambda: tokens.key_for(hubspot).token)

    assert set(found) <= {FailureKind.AUTH, FailureKind.RETRYABLE}
    assert now_of(hubspot).status == "needs_auth"
    with workspace_transaction(acme):
        assert list(OutboxChange.objects.values_list("state", flat=True)) == ["pending"]
    assert [(m.to, m.subject) for m in mail.outbox] == [([ada.user.email], "HubSpot needs a new sign-in")]
    assert str(hubspot.pk) in mail.outbox[0].body


def test_48_a_persistent_401_costs_two_attempts_and_one_refresh(hubspot, crm, acme):
    connector = providers.connector_for(hubspot)
    crm.calls.clear()
    crm.standin.trouble = Trouble(count=99, status=401, only="/crm/")

    failure = failure_of(lambda: connector.read(COMPANY, ["1"], ["name"]))

    assert failure.kind == FailureKind.AUTH
    assert [c["path"].split("/")[1] for c in crm.calls] == ["crm", "oauth", "crm"]


def test_48_with_a_static_token_a_401_is_final_at_once(sync, crm):
    crm.standin.access.token = "pat-another"
    crm.calls.clear()
    try:
        failure = failure_of(lambda: providers.connector_for(sync.connection).fields(COMPANY))
    finally:
        crm.standin.access.token = TOKEN

    assert failure.kind == FailureKind.AUTH
    assert len(crm.calls) == 1


def test_48_a_token_that_was_revoked_early_is_renewed_and_the_same_request_goes_again(hubspot, crm):
    crm.seed(companies={"1": {"name": "Acme"}})
    connector = providers.connector_for(hubspot)
    crm.standin.access.given.clear()

    assert connector.read(COMPANY, ["1"], ["name"])["1"].values == {"name": "Acme"}
    assert crm.standin.oauth.refreshes == 1


def test_43_the_condition_of_a_write_survives_a_renewal_of_the_token_in_between(salesforce, sf):
    account = sf.place(Name="Acme")
    connector = providers.connector_for(salesforce)
    connector.fields(COMPANY)
    sf.standin.oauth.access.clear()
    sf.calls.clear()

    since = timezone.now() + timedelta(minutes=1)
    [result] = connector.write(COMPANY, [Write(account, {"Phone": "1"}, unless_changed_since=since)])

    patches = [call for call in sf.calls if call["method"] == "PATCH"]
    assert result.failure is None
    assert [call["status"] for call in patches] == [401, 204]
    assert patches[0]["headers"]["if-unmodified-since"] == patches[1]["headers"]["if-unmodified-since"]


def test_salesforces_refresh_tokens_rotate_and_the_new_one_is_kept(salesforce, sf):
    for _ in range(3):
        expire(salesforce)
        assert tokens.key_for(salesforce).token == credential(salesforce).access
        assert {credential(salesforce).refresh} == sf.standin.oauth.refresh_tokens
    assert credential(salesforce).generation == 4


def test_client_credentials_are_renewed_without_a_person(acme, sf, stand_in_allowed):
    connection = by_salesforce_secret(acme, sf)
    expire(connection)

    assert sf.standin.oauth.allows(tokens.key_for(connection).token)
    assert now_of(connection).status == "active"


def test_an_answer_that_sends_us_elsewhere_is_not_followed(salesforce, sf, monkeypatch):
    expire(salesforce)
    monkeypatch.setattr("crm_sync.standins.salesforce.app._origin", lambda call: "https://evil.example")

    assert outcome(lambda: tokens.key_for(salesforce)) == FailureKind.AUTH
    assert now_of(salesforce).address == sf.url


def test_49_missing_scopes_are_listed(hubspot, crm, acme):
    crm.standin.access.withheld = ["crm.schemas.companies.read"]

    failure = failure_of(lambda: providers.connector_for(hubspot).fields(COMPANY))
    with workspace_transaction(acme):
        retries.rest(hubspot, failure)

    stands = now_of(hubspot)
    assert stands.missing_scopes == ["crm.schemas.companies.read"]
    assert stands.status == "active"


def test_50_too_many_requests_hold_every_worker_of_the_account_and_nobody_else(
    hubspot, crm, acme, globex, sf, stand_in_allowed
):
    other = by_salesforce_secret(globex, sf)
    connector = providers.connector_for(hubspot)
    crm.fail(status=429, retry_after="2")
    assert failure_of(lambda: connector.read(COMPANY, ["1"], [])).retry_after == 2.0
    crm.calls.clear()

    for priority in Priority:
        failure = failure_of(lambda p=priority: providers.connector_for(hubspot, p).read(COMPANY, ["1"], []))
        assert failure.kind == FailureKind.BUDGET
        assert 0 < failure.retry_after <= 2.0
    assert failure_of(lambda: connector.scan(COMPANY, "2026-01-01T00:00:00+00:00|", [])).retry_after <= 2.0
    assert not crm.calls
    assert providers.connector_for(other).account().external_id

    with workspace_transaction(acme):
        Allowance.objects.update(paused_until=timezone.now() - timedelta(seconds=1), left=F("most"))
    assert connector.read(COMPANY, ["1"], []) == {}


def test_51_a_used_up_day_rests_the_account_until_its_own_midnight(hubspot, crm, acme, globex, sf, settings):
    crm.fail(status=429, policy="DAILY")
    failure = failure_of(lambda: providers.connector_for(hubspot).fields(COMPANY))
    with workspace_transaction(acme):
        retries.rest(hubspot, failure)

    until = now_of(hubspot).resting_until.astimezone(ZoneInfo("Europe/Brussels"))
    assert failure.kind == FailureKind.LIMIT
    assert (until.hour, until.minute) == (0, 0)
    assert timedelta() < until - timezone.now() <= timedelta(hours=25)
    assert "limit" in now_of(hubspot).message


def test_52_at_80_percent_of_the_day_backfill_stops_and_write_back_goes_on(salesforce, sf):
    sf.standin.used = 12_500  # of 15,000
    providers.connector_for(salesforce, Priority.PERSON).account()  # which tells

    failure = failure_of(
        lambda: providers.connector_for(salesforce, Priority.BACKFILL).list_all(COMPANY, "", [])
    )
    assert failure.kind == FailureKind.BUDGET
    assert "allowance" in failure.message
    account = sf.place(Name="Acme")
    [result] = providers.connector_for(salesforce, Priority.PERSON).write(
        COMPANY, [Write(account, {"Phone": "1"})]
    )
    assert result.failure is None


def test_52_a_used_up_day_in_salesforce_rests_the_connection_for_an_hour(salesforce, sf, acme):
    sf.standin.used = sf.standin.daily
    failure = failure_of(providers.connector_for(salesforce).account)
    with workspace_transaction(acme):
        retries.rest(salesforce, failure)

    assert failure.kind == FailureKind.LIMIT
    assert now_of(salesforce).resting_until > timezone.now() + timedelta(minutes=55)


def test_the_urgent_may_use_what_is_kept_from_the_others(hubspot, acme):
    with workspace_transaction(acme):
        Allowance.objects.all().delete()
        Allowance.objects.create(connection=hubspot, lane="burst", most=100, seconds=1e9, left=100)

    taken = {}
    for priority in sorted(Priority, reverse=True):
        budget, count = Budget(hubspot, priority), 0
        while outcome(lambda b=budget: b.before("burst")) is None:
            count += 1
        taken[priority] = count
    assert taken == {Priority.BACKFILL: 50, Priority.SWEEP: 20, Priority.EVENT: 20, Priority.PERSON: 10}


@pytest.mark.django_db(transaction=True)
def test_all_workers_share_one_bucket(acme, hubspot):
    with workspace_transaction(acme):
        Allowance.objects.all().delete()
        Allowance.objects.create(connection=hubspot, lane="burst", most=30, seconds=1e9, left=30)

    found = in_threads(
        8, lambda: sum(outcome(lambda: Budget(hubspot, 0).before("burst")) is None for _ in range(10))
    )

    assert sum(found) == 30


def test_the_bucket_learns_its_size_from_the_answers(hubspot, acme):
    Budget(hubspot).before("burst")
    Budget(hubspot).after(Usage(burst_most=190, interval=10.0))

    with workspace_transaction(acme):
        learned = Allowance.objects.get(lane="burst")
    assert (learned.most, learned.seconds) == (171.0, 10.0)


@pytest.mark.parametrize("status", [0, 423, 477, 502, 504, 524])
def test_53_what_passes_by_itself_hits_the_crm_once_a_try(hubspot, crm, status):
    connector = providers.connector_for(hubspot)
    crm.calls.clear()
    crm.fail(count=9, status=status)

    failure = failure_of(lambda: connector.read(COMPANY, ["1"], ["name"]))

    assert failure.kind in retries.WAITS
    assert len(crm.calls) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_53_a_timeout_and_a_429_are_not_multiplied_behind_our_back(hubspot, crm, monkeypatch, method):
    """The library sleeps Retry-After out and asks three more times, unless it is told not to."""
    connector = providers.connector_for(hubspot)
    monkeypatch.setattr(transport, "TIMEOUT", (0.2, 0.2))
    ask = {
        "GET": lambda: connector.account(),
        "POST": lambda: connector.read(COMPANY, ["1"], ["name"]),
    }[method]
    crm.calls.clear()
    crm.standin.delay = 0.5
    assert failure_of(ask).kind == FailureKind.RETRYABLE
    crm.standin.delay = 0.0
    crm.fail(count=9, status=429, retry_after="1")
    assert failure_of(ask).retry_after == 1.0
    assert len(crm.calls) <= 2


def test_70_disconnecting_revokes_and_wipes_and_the_same_account_takes_its_links_up_again(
    hubspot, crm, acme, ada, as_user, brightpath
):
    from crm_sync.inbound import linking

    with workspace_transaction(acme):
        linking.link(hubspot, brightpath, "1")
    as_user(ada).post(f"/acme/settings/crm/{hubspot.pk}/disconnection/")

    assert not crm.standin.oauth.grants
    assert not crm.standin.access.given
    gone = now_of(hubspot)
    assert (gone.status, gone.secret_sealed) == ("disconnected", "")
    with workspace_transaction(acme):
        assert not Credential.objects.exists()
    assert failure_of(lambda: providers.connector_for(gone)).kind == FailureKind.AUTH

    again = by_hubspot_app(acme, crm)
    assert (again.pk, again.status) == (hubspot.pk, "active")
    with workspace_transaction(acme):
        assert [r.external_id for r in again.records.all()] == ["1"]


def test_70_another_account_does_not_take_the_links_of_the_first(hubspot, crm, acme, brightpath):
    from crm_sync.inbound import linking

    with workspace_transaction(acme):
        linking.link(hubspot, brightpath, "1")
        accounts.disconnect(hubspot, by=SYSTEM)
    crm.portal.id = 99
    try:
        other = by_hubspot_app(acme, crm)
    finally:
        crm.portal.id = 24680135

    assert other.pk != hubspot.pk
    with workspace_transaction(acme):
        assert not other.records.exists()
        with pytest.raises(accounts.ConnectError):
            accounts.renew(Connection.objects.get(pk=other.pk), _found_for("24680135"))


def test_68_an_account_is_connected_to_one_workspace_through_whichever_app(hubspot, crm, globex):
    with pytest.raises(accounts.ConnectError, match="connected to a workspace already"):
        by_hubspot_app(globex, crm)


def test_69_no_token_is_in_a_log_or_a_printed_value(hubspot, crm, salesforce, sf, caplog):
    caplog.set_level(logging.DEBUG)
    held = [credential(hubspot), credential(salesforce)]
    secrets = {h.access for h in held} | {h.refresh for h in held} | {h.client_secret for h in held}
    expire(hubspot)
    expire(salesforce)
    providers.connector_for(hubspot).fields(COMPANY)
    providers.connector_for(salesforce).fields(COMPANY)
    fresh = [credential(hubspot), credential(salesforce)]
    secrets |= {h.access for h in fresh} | {h.refresh for h in fresh}
    printed = (
        caplog.text + repr([*held, hubspot, salesforce, tokens.key_for(hubspot)]) + str(hubspot.__dict__)
    )
    crm.standin.oauth.grants.clear()
    expire(hubspot)
    error = failure_of(lambda: tokens.key_for(hubspot))
    printed += repr(error) + caplog.text

    assert [s for s in secrets if s in printed] == []


def test_a_revoked_token_of_salesforce_is_told_as_such(sf):
    client = salesforce_client("stale", sf.url)

    assert failure_of(client.account).kind == FailureKind.AUTH


def _found_for(account):
    from crm_sync.connectors.base import Tokens

    return accounts.Found(provider="hubspot", way="static", account=account, tokens=Tokens("x"))
