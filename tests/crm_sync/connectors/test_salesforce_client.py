"""The client against a Salesforce that is really served."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crm_sync.connectors.base import COMPANY, CONTACT, DEAL, Association, Create, ScanCursor, Write
from crm_sync.connectors.failures import CrmError, FailureKind
from crm_sync.connectors.salesforce import errors
from crm_sync.connectors.salesforce.client import client_for
from crm_sync.connectors.salesforce.fields import field_from_describe
from crm_sync.connectors.salesforce.transport import usage_from
from tests.fakes.salesforce import ORGANIZATION_ID

SAMPLES = Path(__file__).parents[1] / "samples"
LONG_AGO = str(ScanCursor(datetime(2020, 1, 1, tzinfo=UTC)))


@pytest.fixture
def client(sf):
    return client_for(sf.token(), sf.url)


def failure_of(call):
    with pytest.raises(CrmError) as raised:
        call()
    return raised.value.failure


def test_the_organisation_behind_the_token_is_known(client):
    account = client.account()

    assert (account.external_id, account.name) == (ORGANIZATION_ID, "Northwind Cloud")
    assert len(ORGANIZATION_ID) == 18


def test_a_recorded_description_is_read():
    described = json.loads((SAMPLES / "describe-account-excerpt.json").read_text())
    fields = {f.name: f for f in map(field_from_describe, described["fields"])}

    assert [(o.value, o.hidden) for o in fields["Partner_Tier__c"].options] == [
        ("Gold", False),
        ("Silver", False),
        ("Bronze", True),
    ]
    assert fields["Partner_Tier__c"].closed
    assert (fields["Partner_Regions__c"].type, fields["Partner_Regions__c"].widget) == (
        "enumeration",
        "checkbox",
    )
    assert (fields["Score__c"].read_only, fields["Name"].required, fields["Name"].length) == (True, True, 255)
    assert "parts only" in fields["BillingAddress"].unmappable
    assert (fields["OwnerId"].type, fields["OwnerId"].unmappable) == ("enumeration", "")


def test_values_come_as_strings_of_one_form(sf, client):
    account = sf.place(
        Name="Acme & Söhne",
        AnnualRevenue=1250000.5,
        NumberOfEmployees=0,
        Certified__c=False,
        Partner_Regions__c="EMEA;APAC",
        Partner_Since__c="2024-02-29",
    )
    names = ["Name", "AnnualRevenue", "NumberOfEmployees", "Certified__c", "Partner_Regions__c"]

    found = client.read(COMPANY, [account], [*names, "Partner_Since__c", "Phone", "Nonsense__c"])[account]

    assert found.values == {
        "Name": "Acme & Söhne",
        "AnnualRevenue": "1250000.5",
        "NumberOfEmployees": "0",
        "Certified__c": "false",
        "Partner_Regions__c": "EMEA;APAC",
        "Partner_Since__c": "2024-02-29",
        "Phone": "",
    }
    assert found.updated_at


def test_short_and_long_ids_are_the_same_record(sf, client):
    account = sf.place(Name="Acme")

    assert client.read(COMPANY, [account[:15]], ["Name"])[account[:15]].external_id == account


@pytest.mark.parametrize(
    "hostile", ["' OR Name != '", "001) OR (Id != null", "", "x" * 15 + "'", "0015f00000XYZ01AA'"]
)
def test_what_is_no_id_never_gets_into_a_question(sf, client, hostile):
    sf.place(Name="Acme")

    assert client.read(COMPANY, [hostile], ["Name"]) == {}


def test_more_fields_than_an_address_holds_are_asked_for_in_parts(sf, client):
    names = [f"A_Custom_Field_With_A_Rather_Long_Name_{n}__c" for n in range(700)]
    sf.org.load({"fields": {"Account": [{"name": n} for n in names]}})
    account = sf.place(Name="Acme", **{names[699]: "last", names[0]: "first"})

    values = client.read(COMPANY, [account], ["Name", *names])[account].values

    assert (len(values), values[names[0]], values[names[699]]) == (701, "first", "last")


def test_a_field_hidden_by_permissions_after_it_was_known_is_absent_and_refuses_nothing(sf, client):
    account = sf.place(Name="Acme", Phone="1")
    client.read(COMPANY, [account], ["Name", "Phone"])
    sf.org.hidden.add(("Account", "Phone"))

    assert client.read(COMPANY, [account], ["Name", "Phone"])[account].values == {"Name": "Acme"}


def test_2001_accounts_of_one_moment_are_each_scanned_once(sf, client):
    for n in range(2001):
        sf.place(Name=f"Firm {n}", SystemModstamp="2026-11-01T10:00:00.000+0000")
    seen, cursor, done = [], LONG_AGO, False
    while not done:
        page = client.scan(COMPANY, cursor, ["Name"])
        seen += [r.external_id for r in page.records]
        cursor, done = page.cursor, page.done

    assert len(seen) == 2001
    assert len(set(seen)) == 2001
    assert client.scan(COMPANY, cursor, ["Name"]).records == []
    changed = sf.org.change("Account", seen[0], {"Name": "Changed"}, by_app=False)["Id"]
    assert [r.external_id for r in client.scan(COMPANY, cursor, ["Name"]).records] == [changed]


def test_everything_is_listed_and_a_cursor_goes_on_where_it_was(sf, client):
    ids = {sf.place("Contact", LastName=f"Person {n}", Email="a@b.example") for n in range(620)}
    first = client.list_all(CONTACT, "", ["Email"])
    second = client.list_all(CONTACT, first.cursor, ["Email"])

    assert {r.external_id for r in [*first.records, *second.records]} == ids
    assert (len(first.records), first.done, len(second.records), second.done) == (500, False, 120, True)


def test_merged_accounts_answer_with_the_master_and_deleted_ones_as_archived(sf, client):
    master, loser, first_loser, gone = (sf.place(Name=n) for n in ("Acme", "Acme Ltd", "Acme Old", "Beta"))
    sf.org.merge("Account", loser, [first_loser])
    sf.org.merge("Account", master, [loser])
    sf.org.delete("Account", gone)
    since = datetime.now(UTC) - timedelta(minutes=5)

    found = client.read(COMPANY, [master, loser, first_loser, gone], ["Name"])

    assert {i: (r.external_id, r.merged_into) for i, r in found.items() if not r.archived} == {
        master: (master, ""),
        loser: (master, master),
        first_loser: (master, master),
    }
    assert found[gone].archived
    told = {d.external_id: d.merged_into for d in client.deleted(COMPANY, since).deletions}
    assert told == {first_loser: loser, loser: master, gone: ""}
    sf.org.undelete("Account", gone)
    assert client.read(COMPANY, [gone], ["Name"])[gone].values == {"Name": "Beta"}


def test_values_are_written_in_the_types_that_salesforce_takes(sf, client):
    account = sf.place(Name="Acme", Phone="1", Certified__c=True)

    [result] = client.write(
        COMPANY,
        [
            Write(
                account[:15],
                {
                    "AnnualRevenue": "1234567890123456.78",
                    "NumberOfEmployees": "12",
                    "Certified__c": "false",
                    "Phone": "",
                    "Partner_Regions__c": "APAC;EMEA",
                    "Description": "12",
                },
            )
        ],
    )

    row = sf.row(account)
    assert (result.failure, result.refused, result.record.external_id) == (None, {}, account)
    assert (row["NumberOfEmployees"], row["Certified__c"], row["Phone"]) == (12, False, None)
    assert (row["AnnualRevenue"], row["Description"]) == (1234567890123456.78, "12")


def test_a_tick_box_is_not_emptied_and_the_rest_is_written(sf, client):
    account = sf.place(Name="Acme")

    [result] = client.write(COMPANY, [Write(account, {"Certified__c": "", "Phone": "2"})])

    assert "yes or no" in result.refused["Certified__c"]
    assert (sf.row(account)["Phone"], result.failure) == ("2", None)


def test_errors_of_a_collection_are_matched_by_their_place(sf, client):
    good, locked, tier, gone = (sf.place(Name=n) for n in ("Good", "Locked", "Tier", "Gone"))
    sf.org.locked.add(locked)
    sf.org.delete("Account", gone)
    writes = [Write(i, {"Partner_Tier__c": "Gold"}) for i in (good, locked, tier, gone)]
    writes[2] = Write(tier, {"Partner_Tier__c": "Diamond", "Phone": "3", "Website": "x" * 300})

    results = {r.external_id: r for r in client.write(COMPANY, writes)}

    assert results[good].failure is None
    assert results[locked].failure.kind == FailureKind.RETRYABLE
    assert results[gone].failure.kind == FailureKind.GONE
    assert results[tier].refused.keys() == {"Partner_Tier__c", "Website"}
    assert "Diamond" in results[tier].refused["Partner_Tier__c"]
    assert (results[tier].failure, sf.row(tier)["Phone"]) == (None, "3")


def test_recorded_errors_of_a_collection_are_sorted():
    recorded = json.loads((SAMPLES / "collections-update-response.json").read_text())

    kinds = [errors.of_record(entry["errors"]) for entry in recorded[1:]]

    assert [f.kind for f in kinds] == [FailureKind.RETRYABLE, FailureKind.VALIDATION, FailureKind.GONE]
    assert kinds[1].properties.keys() == {"Partner_Tier__c"}


def test_a_write_under_a_condition_loses_against_a_newer_change(sf, client):
    account, other = sf.place(Name="Acme"), sf.place(Name="Beta")
    past = datetime.now(UTC) - timedelta(minutes=5)
    for i in (account, other):
        sf.row(i)["LastModifiedDate"] = past.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    sf.edit(account, Phone="theirs")

    lost, won = client.write(
        COMPANY, [Write(i, {"Phone": "ours"}, unless_changed_since=past) for i in (account, other)]
    )

    assert lost.failure.kind == FailureKind.CONFLICT
    assert won.failure is None
    assert (sf.row(account)["Phone"], sf.row(other)["Phone"]) == ("theirs", "ours")


def test_an_expired_session_is_told_and_nothing_is_sent_again_without_its_condition(sf):
    """Left to sign in by itself, the library repeats the request without the headers it was given."""
    token = sf.token()
    client = client_for(token, sf.url)
    account = sf.place(Name="Acme")
    client.fields(COMPANY)
    client.read(COMPANY, [account], ["Phone"])
    sf.standin.oauth.access.clear()
    sf.calls.clear()

    [result] = client.write(
        COMPANY, [Write(account, {"Phone": "ours"}, unless_changed_since=datetime.now(UTC))]
    )

    assert result.failure.kind == FailureKind.AUTH
    assert [call["status"] for call in sf.calls] == [401]
    assert all("if-unmodified-since" in call["headers"] for call in sf.calls)
    assert sf.row(account)["Phone"] is None


def test_creating_twice_makes_one_account(sf, client):
    wanted = [Create("p-1", {"Name": "Acme"}), Create("p-2", {"Name": "Beta", "Partner_Tier__c": "Diamond"})]
    sf.fail(status=502, only="Partner_Portal_Id__c", after_writing=True)

    lost = client.create(COMPANY, wanted, unique="Partner_Portal_Id__c")
    first, second = client.create(COMPANY, wanted, unique="Partner_Portal_Id__c")

    assert {r.failure.kind for r in lost} == {FailureKind.RETRYABLE}
    assert (first.failure, first.created) == (None, False)
    assert (second.created, second.refused.keys()) == (True, {"Partner_Tier__c"})
    assert [r["Name"] for r in sf.org.records["Account"].values()] == ["Acme", "Beta"]


def test_contacts_and_deals_know_their_account_and_it_knows_them(sf, client):
    account = sf.place(Name="Acme")
    contact = sf.place("Contact", LastName="Ada", AccountId=account)
    loner = sf.place("Contact", LastName="Solo")
    deal = sf.place("Opportunity", Name="Deal", AccountId=account)
    sf.place("OpportunityContactRole", OpportunityId=deal, ContactId=contact, IsPrimary=True)

    assert client.associations(CONTACT, [contact, loner], COMPANY) == {
        contact: [Association(account, True)],
        loner: [],
    }
    assert client.associations(COMPANY, [account], CONTACT) == {account: [Association(contact, False)]}
    assert client.associations(DEAL, [deal], COMPANY) == {deal: [Association(account, True)]}
    assert client.associations(DEAL, [deal], CONTACT) == {deal: [Association(contact, True)]}


def test_owners_are_known_even_those_who_left(client):
    assert {(o.email, o.active) for o in client.owners()} == {
        ("mia.marsh@vendor.example", True),
        ("left.longago@vendor.example", False),
    }


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_passes_by_itself_is_retryable_and_is_tried_once_only(sf, client, status):
    sf.fail(count=9, status=status)
    sf.calls.clear()

    assert failure_of(lambda: client.fields(COMPANY)).kind == FailureKind.RETRYABLE
    assert len(sf.calls) == 1


def test_a_connection_that_breaks_is_retryable(sf, client):
    sf.fail(count=9, status=0)
    sf.calls.clear()

    assert failure_of(lambda: client.fields(COMPANY)).kind == FailureKind.RETRYABLE
    assert len(sf.calls) == 1


def test_nobody_listening_is_retryable_and_quick():
    assert failure_of(lambda: client_for("t", "http://127.0.0.1:9").account()).kind == FailureKind.RETRYABLE


def test_the_used_up_allowance_of_a_day_is_a_limit(sf, client):
    sf.standin.used = sf.standin.daily

    assert failure_of(client.account).kind == FailureKind.LIMIT


def test_every_request_says_who_it_is_from(sf, client):
    client.account()

    assert {call["headers"]["sforce-call-options"] for call in sf.calls} == {"client=partner-portal"}
    assert all("/v66.0/" in call["path"] for call in sf.calls)


def test_answers_tell_how_much_of_the_day_is_used():
    usage = usage_from({"Sforce-Limit-Info": "api-usage=12000/15000; per-app-api-usage=17/250(appName=x)"})

    assert (usage.daily_used, usage.daily_most) == (12000, 15000)
    assert usage_from({"Sforce-Limit-Info": "api-usage=many"}).daily_used is None


@pytest.mark.parametrize("content", ["", "<html>", [], {"a": 1}, [3], [{"errorCode": None}]])
def test_odd_bodies_never_break_the_sorting(content):
    assert errors.classify(400, {}, content).kind == FailureKind.VALIDATION
    assert errors.classify(418, {}, content).message
