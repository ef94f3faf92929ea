"""Reading an account through: what changed, what there is, what is gone, who belongs together."""

from datetime import UTC, datetime, timedelta

import pytest

from crm_sync.connectors.base import (
    COMPANY,
    CONTACT,
    DEAL,
    Association,
    Create,
    FieldOption,
    ScanCursor,
    Write,
)
from crm_sync.connectors.failures import FailureKind
from crm_sync.connectors.hubspot import transport
from crm_sync.connectors.hubspot.client import HubSpot, client_for
from crm_sync.standins.hubspot import lives
from crm_sync.standins.hubspot.records import stamp
from tests.fakes.hubspot import TOKEN

MOMENT = "2026-11-01T10:00:00.000Z"
LONG_AGO = str(ScanCursor(datetime(2020, 1, 1, tzinfo=UTC)))


@pytest.fixture
def client(crm):
    return client_for(TOKEN, crm.url)


def place(crm, count, *, at=None, kind="companies"):
    """Records 1…count; all of one moment, or one millisecond after the other."""
    first = datetime.fromisoformat(MOMENT)
    stamps = [stamp(first + timedelta(milliseconds=n)) for n in range(count)]
    items = [
        {"id": n + 1, "properties": {"name": f"Firm {n}"}, "updatedAt": at or stamps[n]} for n in range(count)
    ]
    crm.portal.load({"objects": {kind: items}})


def scanned(client, cursor=LONG_AGO, **options):
    seen, pages, done = [], 0, False
    while not done:
        page = client.scan(COMPANY, cursor, ["name"], **options)
        seen += [record.external_id for record in page.records]
        cursor, done, pages = page.cursor, page.done, pages + 1
        assert pages < 1000
    return seen, cursor


def test_a_scan_sees_everything_in_the_order_of_change_and_then_only_what_is_new(crm, client):
    place(crm, 450)
    crm.edit("3", name="Changed")

    seen, cursor = scanned(client)
    assert sorted(seen, key=int) == [str(n) for n in range(1, 451)]
    assert seen[-1] == "3"

    crm.edit("7", name="Changed too")
    again, _ = scanned(client, cursor)
    assert again == ["3", "7"]


def test_more_records_of_one_moment_than_the_search_shows_are_each_seen_once(crm, client):
    """The endless loop of other connectors: everybody changed by one mass update."""
    crm.standin.knobs.most_results = 400
    place(crm, 1050, at=MOMENT)

    seen, _ = scanned(client)

    assert sorted(seen, key=int) == [str(n) for n in range(1, 1051)]


def test_a_scan_ends_where_it_is_told_to(crm, client):
    place(crm, 5)

    until = datetime.fromisoformat(MOMENT) + timedelta(milliseconds=2)
    assert scanned(client, until=until)[0] == ["1", "2", "3"]


def test_what_the_index_does_not_show_yet_comes_with_the_next_scan(crm, client):
    crm.seed(companies={"1": {"name": "Acme"}})
    crm.standin.knobs.index_lag = 3600
    seen, cursor = scanned(client)
    crm.standin.knobs.index_lag = 0

    assert seen == []
    assert scanned(client, cursor)[0] == ["1"]


def test_everything_is_listed_page_by_page_even_with_more_fields_than_an_address_holds(crm, client):
    place(crm, 230)
    names = ["name", *(f"a_property_with_quite_a_long_name_{n}" for n in range(900))]
    crm.portal.load({"properties": {"companies": [{"name": n} for n in names[1:]]}})
    crm.portal.change("companies", "5", {names[900]: "x"}, by_app=False)

    seen, cursor, done = {}, "", False
    while not done:
        page = client.list_all(COMPANY, cursor, names)
        seen |= {record.external_id: record.values for record in page.records}
        cursor, done = page.cursor, page.done

    assert len(seen) == 230
    assert seen["5"][names[900]] == "x"
    assert seen["6"] == {name: f"Firm {5}" if name == "name" else "" for name in names}


def test_an_id_that_was_merged_away_answers_with_the_survivor(crm, client):
    crm.seed(companies={"1": {"name": "Acme"}, "2": {"name": "Acme Ltd", "phone": "1"}, "3": {}})
    survivor = lives.merge(crm.portal, "companies", "1", ["2"], into_new=True, by_app=False)

    found = client.read(COMPANY, ["1", "2", "3", "99"], ["name", "phone"])

    assert set(found) == {"1", "2", "3"}
    assert {(r.external_id, r.merged_into) for i, r in found.items() if i != "3"} == {
        (survivor.id, survivor.id)
    }
    assert found["2"].values == {"name": "Acme", "phone": "1"}
    assert set(found["1"].former_ids) == {"1", "2"}


def test_a_deleted_record_answers_as_archived_and_is_listed_as_deleted(crm, client):
    crm.seed(companies={"1": {"name": "Acme"}, "2": {"name": "Beta"}})
    lives.archive(crm.portal, "companies", "1", by_app=False)

    assert client.read(COMPANY, ["1", "2"], ["name"])["1"].archived
    gone = client.deleted(COMPANY, datetime.now(UTC) - timedelta(minutes=5))
    assert [d.external_id for d in gone.deletions] == ["1"]
    assert gone.done
    assert client.deleted(COMPANY, datetime.now(UTC) + timedelta(minutes=5)).deletions == []


def test_a_write_to_a_former_id_reaches_the_survivor(crm, client):
    crm.seed(companies={"1": {"name": "Acme"}, "2": {"name": "Beta"}, "3": {"name": "Acme Ltd"}})
    lives.merge(crm.portal, "companies", "1", ["3"], into_new=False, by_app=False)

    results = client.write(COMPANY, [Write("3", {"phone": "1"}), Write("2", {"phone": "2"}), Write("9", {})])

    assert [(r.external_id, r.record and r.record.external_id) for r in results] == [
        ("3", "1"),
        ("2", "2"),
        ("9", None),
    ]
    assert crm.company("1")["phone"] == "1"
    assert results[2].failure.kind == FailureKind.GONE


def test_a_write_under_a_condition_loses_against_a_newer_change(crm, client):
    crm.seed(companies={"1": {"name": "Acme"}, "2": {"name": "Beta"}})
    seen = {i: r.updated_at for i, r in client.read(COMPANY, ["1", "2"], ["name"]).items()}
    crm.edit("1", phone="theirs")

    lost, won = client.write(
        COMPANY, [Write(i, {"phone": "ours"}, unless_changed_since=seen[i]) for i in ("1", "2")]
    )

    assert lost.failure.kind == FailureKind.CONFLICT
    assert won.failure is None
    assert (crm.company("1")["phone"], crm.company("2")["phone"]) == ("theirs", "ours")


def test_creating_twice_makes_one_record(crm, client):
    """The first answer got lost: the second attempt finds what the first one made."""
    crm.fail(status=502, only="upsert", after_writing=True)
    wanted = [Create("p-1", {"name": "Acme"}), Create("p-2", {"name": "Beta", "numberofemployees": "many"})]

    lost = client.create(COMPANY, wanted, unique="partner_portal_id")
    first, second = client.create(COMPANY, wanted, unique="partner_portal_id")

    assert {r.failure.kind for r in lost} == {FailureKind.RETRYABLE}
    assert (first.created, first.record.values["name"]) == (True, "Acme")
    assert second.refused.keys() == {"numberofemployees"}
    assert second.record.values["name"] == "Beta"
    [again, _] = client.create(COMPANY, wanted, unique="partner_portal_id")
    assert not again.created
    assert len(crm.portal.records["companies"]) == 2


def test_a_lost_create_that_was_done_is_found_again(crm, client):
    crm.fail(status=0, only="upsert", after_writing=True)
    wanted = [Create("p-1", {"name": "Acme"})]

    [lost] = client.create(COMPANY, wanted, unique="partner_portal_id")
    [found] = client.create(COMPANY, wanted, unique="partner_portal_id")

    assert lost.failure.kind == FailureKind.RETRYABLE
    assert not found.created
    assert [r.properties["name"] for r in crm.portal.living("companies")] == ["Acme"]


def test_associations_come_whole_with_the_primary_one_marked(crm, client):
    crm.seed(
        contacts={"77": {"email": "a@x.example"}, "78": {}},
        companies={str(n): {} for n in range(1, 603)},
    )
    for n in range(1, 603):
        crm.portal.associate("contacts", "77", "companies", str(n), primary=n == 5)

    found = client.associations(CONTACT, ["77", "78"], COMPANY)

    assert found["78"] == []
    assert len(found["77"]) == 602
    assert [a for a in found["77"] if a.primary] == [Association("5", True)]


def test_owners_and_pipelines_are_known_even_those_who_left(client):
    assert [(o.email, o.active) for o in client.owners()][-1] == ("left.longago@vendor.example", False)
    fields = {f.name: f for f in client.fields(DEAL)}
    assert [o.value for o in fields["pipeline"].options] == ["default"]
    assert fields["dealstage"].options[-1] == FieldOption(
        "closedlost", "Closed lost", outcome="lost", companion="default"
    )


def test_sensitive_fields_are_listed_as_such_and_their_absence_is_no_error(crm, client):
    tax = {"name": "tax_number", "dataSensitivity": "sensitive"}
    crm.portal.load({"properties": {"companies": [tax]}})

    assert {f.name: f.sensitive for f in client.fields(COMPANY)}["tax_number"]


def test_a_dated_version_of_the_api_is_one_constant_away(crm, monkeypatch):
    crm.seed(companies={"1": {"name": "Acme"}})
    for name in (
        "objects",
        "properties",
        "owners",
        "account",
        "associations",
        "association_labels",
        "pipelines",
    ):
        from crm_sync.connectors.hubspot import paths

        plain = getattr(paths, name)
        dated = lambda *given, plain=plain: plain(*given, version="2026-03")  # noqa: E731
        monkeypatch.setattr(paths, name, dated)
    client = HubSpot(TOKEN, crm.url)

    assert client.read(COMPANY, ["1"], ["name"])["1"].values == {"name": "Acme"}
    assert client.account().external_id
    assert client.fields(DEAL)
    assert client.associations(CONTACT, ["1"], COMPANY) == {"1": []}
    assert client.owners()
    assert all("2026-03" in call["path"] for call in crm.calls)


def test_answers_tell_how_much_is_left_and_what_time_it_is_there():
    usage = transport.usage_from(
        {
            "X-HubSpot-RateLimit-Max": "190",
            "X-HubSpot-RateLimit-Remaining": "12",
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Daily": "650000",
            "X-HubSpot-RateLimit-Daily-Remaining": "649000",
        }
    )

    assert (usage.burst_most, usage.burst_left, usage.interval) == (190, 12, 10.0)
    assert (usage.daily_most, usage.daily_used, usage.clock_ahead) == (650000, 1000, None)
    assert transport.usage_from({"X-HubSpot-RateLimit-Max": "lots"}).burst_most is None
