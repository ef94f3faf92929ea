"""From a file to the list and back to the screen; and segments that change their kind."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from segments import editing
from segments.engine import lists
from segments.engine.matching import Entry, match
from segments.models import BuildChange, MemberFile, MembershipChange, Segment
from segments.static_lists import kinds
from tests.conftest import make_contact, make_member, make_partner
from tests.segments.conftest import ADA
from workspaces.properties import set_properties

HOME = "/acme/settings/segments/"


@pytest.fixture
def client(ada, as_user):
    return as_user(ada)


@pytest.fixture
def guests(acme, inside):
    with inside(acme):
        return editing.create(level="contact", kind="static", name="Guests", by=ADA)


@pytest.fixture
def upload(client, guests):
    def send(content, name="fair.csv", segment=guests):
        file = SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
        return client.post(f"{HOME}{segment.pk}/members/files/", {"file": file})

    return send


def test_each_line_is_added_or_explained(acme, inside, client, upload, guests, pat, sam, kestrel, members_of):
    make_contact(acme, "twin", kestrel)
    with inside(acme):
        set_properties(sam, {"name": "Twin"}, by=ADA)
    response = upload("E-mail\nPAT@example.com\nnobody@example.com\nTwin\nKestrel\n\npat@example.com\n")

    page = client.get(response["Location"]).content.decode()
    assert "1 added, 4 unmatched" in page
    assert members_of(guests) == ["Pat"]
    with inside(acme):
        file = MemberFile.objects.get()
        assert (file.name, file.line_count, file.added, file.already) == ("fair.csv", 6, 1, 0)
        assert [(one["line"], one["text"], one["why"]) for one in file.unmatched] == [
            (3, "nobody@example.com", "nobody"),
            (4, "Twin", "several"),
            (5, "Kestrel", "level"),
            (6, "", "empty"),
        ]
        assert MembershipChange.objects.get(segment=guests).cause["by"]["label"] == "Ada"
    assert "This is a partner; the segment groups contacts." in page


def test_the_unmatched_come_back_as_a_file_that_no_spreadsheet_runs(client, upload, guests):
    response = upload('Name\n"=HYPERLINK(""x"")"\n')
    file = client.get(response["Location"] + "unmatched/")
    rows = list(csv.reader(io.StringIO(b"".join(file.streaming_content).decode("utf-8-sig"))))
    assert rows == [
        ["Line", "Text", "Why"],
        ["2", '\'=HYPERLINK("x")', "Nobody here has this address or name."],
    ]


def test_who_is_on_the_list_already_is_counted_apart(acme, inside, upload, guests, pat, sam, members_of):
    upload("pat@example.com\n")
    upload("pat@example.com\nsam@example.com\n")
    with inside(acme):
        latest = MemberFile.objects.order_by("-made_at").first()
        assert (latest.added, latest.already, latest.unmatched) == (1, 1, [])
    assert members_of(guests) == ["Pat", "Sam"]


def test_pasted_lines_go_the_same_way(acme, inside, client, guests, pat, members_of):
    client.post(f"{HOME}{guests.pk}/members/files/", {"lines": "Pat <pat@example.com>\nwho?"})
    assert members_of(guests) == ["Pat"]
    with inside(acme):
        assert str(MemberFile.objects.get()) == "Pasted lines"


def test_a_bad_file_changes_nothing_and_says_why(acme, inside, upload, guests):
    response = upload(b"PK\x03\x04" + bytes(100), "list.xlsx")
    assert response.status_code == 422
    assert "The file is not text. Save it as CSV and try again." in response.content.decode()
    with inside(acme):
        assert not MemberFile.objects.exists()


def test_nobody_of_another_workspace_is_found(acme, globex, inside, upload, guests, eve, members_of):
    upload("eve@example.com\n")
    assert members_of(guests) == []


def test_only_static_lists_take_files(client, gold):
    answer = client.post(f"{HOME}{gold.pk}/members/files/", {"lines": "Kestrel"})
    assert answer["Location"] == f"{HOME}{gold.pk}/members/"


def test_a_viewer_may_not_add(acme, as_user, guests):
    vera = as_user(make_member(acme, "vera", "viewer"))
    assert vera.get(f"{HOME}{guests.pk}/members/files/").status_code == 403


@pytest.mark.parametrize("count", [1, 30])
def test_matching_costs_the_same_for_one_and_thirty(
    acme, inside, kestrel, guests, count, django_assert_num_queries
):
    with inside(acme), django_assert_num_queries(2):
        match("contact", [Entry(at, f"nobody{at}@example.com") for at in range(count)])


class TestKinds:
    def test_freezing_keeps_everybody(self, acme, inside, client, gold, brightpath, kestrel, members_of):
        client.post(f"{HOME}{gold.pk}/freezing/")
        with inside(acme):
            frozen = Segment.objects.get(pk=gold.pk)
            assert frozen.kind == "static"
            assert not BuildChange.objects.filter(build__version=2).exists()
            set_properties(kestrel, {"tier": "gold"}, by=ADA)
            set_properties(brightpath, {"tier": "silver"}, by=ADA)
        assert members_of(gold) == ["Brightpath"]

    def test_the_frozen_rule_can_be_restored(
        self, acme, inside, client, gold, brightpath, kestrel, members_of
    ):
        client.post(f"{HOME}{gold.pk}/freezing/")
        with inside(acme):
            set_properties(kestrel, {"tier": "gold"}, by=ADA)
            first = gold.builds.get(version=1)
        page = client.get(f"{HOME}{gold.pk}/versions/{first.pk}/").content.decode()
        assert "1 joins" in page
        client.post(f"{HOME}{gold.pk}/versions/{first.pk}/restoration/")
        assert members_of(gold) == ["Brightpath", "Kestrel"]

    def test_a_snapshot_is_taken_again(
        self, acme, inside, client, make_segment, brightpath, kestrel, members_of
    ):
        shot = make_segment("Gold then", ("tier", "is_any_of", ["gold"]), kind="snapshot")
        with inside(acme):
            set_properties(kestrel, {"tier": "gold"}, by=ADA)
        assert members_of(shot) == ["Brightpath"]
        client.post(f"{HOME}{shot.pk}/snapshot/")
        assert members_of(shot) == ["Brightpath", "Kestrel"]

    def test_what_cannot_be_is_refused(self, acme, inside, guests, gold):
        with inside(acme):
            for change, segment in [(kinds.freeze, guests), (kinds.refresh_snapshot, gold)]:
                with pytest.raises(kinds.NotNow):
                    change(segment, by=ADA)

    def test_a_list_too_long_for_the_form_is_not_cut_off(
        self, acme, inside, client, guests, pat, sam, upload, monkeypatch, members_of
    ):
        upload("pat@example.com\nsam@example.com\n")
        monkeypatch.setattr("segments.engine.lists.MOST", 1)
        form = {"do": "save", "name": "Guests", "kind": "static"}
        client.post(f"{HOME}{guests.pk}/", form)
        assert members_of(guests) == ["Pat", "Sam"]
        client.post(f"{HOME}{guests.pk}/", {**form, "dropped": str(pat.pk)})
        assert members_of(guests) == ["Sam"]


def test_thousands_go_onto_a_list_in_parts(acme, inside, guests, monkeypatch, members_of):
    monkeypatch.setattr("segments.engine.lists.BATCH", 2)
    partner = make_partner(acme, "Many")
    people = [make_contact(acme, f"one{at}", partner) for at in range(5)]
    with inside(acme):
        assert lists.add_members(guests, [person.pk for person in people], by=ADA) == 5
        assert lists.add_members(guests, [person.pk for person in people], by=ADA) == 0
    assert len(members_of(guests)) == 5
