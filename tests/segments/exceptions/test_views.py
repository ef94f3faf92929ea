"""The screens of exceptions, as a team member without scripts uses them."""

from datetime import UTC, datetime

import pytest

from segments import editing
from segments.engine import exceptions
from segments.models import SegmentException
from tests.segments.conftest import ADA


@pytest.fixture
def client(ada, as_user):
    return as_user(ada)


@pytest.fixture
def address(gold):
    return f"/acme/settings/segments/{gold.pk}/exceptions/"


@pytest.fixture
def rows(acme, inside):
    def look():
        with inside(acme):
            return list(SegmentException.objects.values_list("included", "reason", "until", "made_by"))

    return look


def test_somebody_is_found_by_name_and_made_a_member(client, address, gold, kestrel, members_of, rows):
    found = client.post(address, {"do": "find", "find": "kes", "reason": "Pilot", "included": "in"})
    assert found.status_code == 200
    text = found.content.decode()
    assert f'value="{kestrel.pk}" checked' in text
    assert 'value="Pilot"' in text

    typed = {"do": "add", "subject": kestrel.pk, "find": "kes", "reason": "Pilot", "included": "in"}
    assert client.post(address, typed, follow=True).status_code == 200
    assert rows() == [(True, "Pilot", None, "Ada")]
    assert members_of(gold) == ["Kestrel"]


def test_its_end_is_on_the_clock_of_the_workspace(client, address, kestrel, rows):
    typed = {
        "do": "add",
        "subject": kestrel.pk,
        "reason": "x",
        "included": "out",
        "until": "2099-07-01T09:00",
    }
    client.post(address, typed)
    assert rows() == [(False, "x", datetime(2099, 7, 1, 7, 0, tzinfo=UTC), "Ada")]
    assert "1 July 2099, 09:00" in client.get(address).content.decode()


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ({"reason": ""}, "id_reason_error"),
        ({"until": "2001-01-01T00:00"}, "Choose a moment that is still to come."),
        ({"until": "tomorrow"}, "Write a date and a time"),
        ({"until": "9999-12-31T23:59:59-12:00"}, "Write a date and a time"),
        ({"included": "maybe"}, "id_included_error"),
        ({"reason": "x" * 301}, "id_reason_error"),
        ({"subject": "", "find": ""}, "Choose a partner."),
        ({"subject": "", "find": "Nobody at all"}, "Nobody is called that."),
        ({"subject": "not-an-id", "find": "r"}, "Several are called that."),
    ],
)
def test_what_is_wrong_stands_beside_the_field(client, address, kestrel, brightpath, rows, typed, fault):
    good = {"do": "add", "subject": kestrel.pk, "reason": "Because", "included": "in", "until": ""}
    answer = client.post(address, good | typed)
    assert answer.status_code == 422
    assert fault in answer.content.decode()
    assert rows() == []


def test_a_forged_subject_of_another_workspace_is_nobody(client, address, eve, rows):
    answer = client.post(
        address, {"do": "add", "subject": eve.partner_id, "reason": "x", "included": "in", "find": ""}
    )
    assert answer.status_code == 422
    assert rows() == []


def test_it_is_ended_now(client, acme, inside, address, gold, kestrel, members_of, rows):
    with inside(acme):
        one = exceptions.set_exception(gold, kestrel, included=True, reason="Pilot", by=ADA)
    answer = client.post(f"{address}{one.pk}/end/", follow=True)
    assert "The exception for Kestrel has ended" in answer.content.decode()
    assert rows() == []
    assert members_of(gold) == []


def test_the_members_page_says_who_is_in_by_exception_and_leads_to_one(
    client, acme, inside, gold, kestrel, brightpath
):
    with inside(acme):
        exceptions.set_exception(gold, kestrel, included=True, reason="Pilot", by=ADA)
    text = client.get(f"/acme/settings/segments/{gold.pk}/members/").content.decode()
    assert text.count("Always in") == 2  # the filter, and Kestrel
    assert f"/exceptions/?subject={brightpath.pk}&amp;included=out" in text


def test_a_members_row_leads_to_a_form_that_is_filled_in(client, address, brightpath):
    text = client.get(f"{address}?subject={brightpath.pk}&included=out").content.decode()
    assert f'value="{brightpath.pk}" checked' in text
    assert "checked" in text.split('value="out"')[1].split(">")[0]


def test_the_editor_counts_them_and_its_preview_follows_them(client, acme, inside, gold, kestrel, brightpath):
    with inside(acme):
        exceptions.set_exception(gold, kestrel, included=True, reason="Pilot", by=ADA)
        exceptions.set_exception(gold, brightpath, included=False, reason="Left", by=ADA)
    text = client.get(f"/acme/settings/segments/{gold.pk}/").content.decode()
    assert "Exceptions: always in 1 · never in 1" in text
    assert "Nobody joins and nobody leaves." in text
    rail = text.split("Some members")[1]
    assert "Kestrel" in rail
    assert "Brightpath" not in rail


def test_from_a_contacts_page(client, sam, make_segment, members_of, rows):
    people = make_segment("Everyone in Norway", ("partner.country", "contains", "Norway"), level="contact")
    page = f"/acme/settings/segments/of-contact/{sam.pk}/"
    assert f"{page}exceptions/" in client.get(page).content.decode()
    assert "Everyone in Norway" in client.get(f"{page}exceptions/").content.decode()
    assert client.post(f"{page}exceptions/", {"reason": "x", "included": "in"}).status_code == 422
    typed = {"segment": people.pk, "reason": "Moves there", "included": "in"}
    text = client.post(f"{page}exceptions/", typed, follow=True).content.decode()
    assert "Moves there" in text
    assert members_of(people) == ["Sam"]
    assert rows() == [(True, "Moves there", None, "Ada")]


def test_a_partners_page_offers_segments_of_partners_alone(client, kestrel, gold, make_segment):
    make_segment("Reps", ("role", "is_any_of", ["sales_rep"]), level="contact")
    text = client.get(f"/acme/settings/segments/of-partner/{kestrel.pk}/exceptions/").content.decode()
    assert ("Gold partners</option>" in text, "Reps</option>" in text) == (True, False)


@pytest.mark.parametrize("change", ["archived", "static", "role"])
def test_only_a_rule_of_the_team_knows_exceptions(
    client, acme, inside, gold, make_segment, kestrel, sam, change, rows
):
    from segments.models import Segment

    segment, record = gold, kestrel
    with inside(acme):
        if change == "archived":
            editing.archive(gold, by=ADA)
        if change == "role":
            segment, record = Segment.objects.get(built_in_key="role:admin"), sam
    if change == "static":
        segment = make_segment("List", kind="static", members=[])
    address = f"/acme/settings/segments/{segment.pk}/exceptions/"
    assert "new-exception" not in client.get(address).content.decode()
    typed = {"do": "add", "subject": record.pk, "reason": "x", "included": "in"}
    assert client.post(address, typed).status_code == 403
    assert rows() == []


def test_whoever_may_only_look_sees_them_and_changes_nothing(
    mia, as_user, acme, inside, gold, kestrel, address, rows
):
    with inside(acme):
        one = exceptions.set_exception(gold, kestrel, included=True, reason="Pilot", by=ADA)
    client = as_user(mia)
    assert "Pilot" in client.get(address).content.decode()
    assert client.post(address, {"do": "add"}).status_code == 403
    assert client.post(f"{address}{one.pk}/end/").status_code == 403
    assert len(rows()) == 1


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_costs_the_same_for_one_and_thirty(
    client, acme, inside, address, gold, kestrel, count, django_assert_num_queries
):
    from tests.conftest import make_partner

    partners = [make_partner(acme, f"P{n}") for n in range(count)]
    with inside(acme):
        for partner in partners:
            exceptions.set_exception(gold, partner, included=True, reason="x", by=ADA)
    client.get(address)
    with django_assert_num_queries(15):
        client.get(address)
