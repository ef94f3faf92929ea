"""The pages of a segment's history, from the database to the screen."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from segments import editing
from segments.models import MembershipChange, Segment
from tests.conftest import make_partner
from tests.segments.conftest import ADA
from workspaces.properties import set_properties

HOME = "/acme/settings/segments/"


@pytest.fixture
def client(ada, as_user):
    return as_user(ada)


@pytest.fixture
def lively(acme, inside, brightpath, kestrel, gold):
    """Brightpath was in from the start; Kestrel came and Brightpath went."""
    with inside(acme):
        set_properties(kestrel, {"tier": "gold"}, by=ADA)
        set_properties(brightpath, {"tier": "silver"}, by=ADA)
    return gold


def shown(html):
    rows = re.findall(r"<tbody>.*?</tbody>", html, re.S)[-1].split("</tr>")[:-1]
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip() for row in rows]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (
            "",
            [
                "Left Tier went from Gold to Silver",
                "Joined Tier went from Silver to Gold",
                "1 joined Version 1",
            ],
        ),
        ("?what=left", ["Left Tier went from Gold to Silver"]),
        ("?q=kestrel", ["Joined Tier went from Silver to Gold"]),
        ("?q=bright", ["Left Tier went from Gold to Silver", "Joined The segment was made by Ada"]),
        ("?q=bright&what=joined", ["Joined The segment was made by Ada"]),
    ],
)
def test_the_activity_is_filtered_by_what_and_who(client, lively, query, rows):
    found = shown(client.get(f"{HOME}{lively.pk}/activity/{query}").content.decode())
    assert len(found) == len(rows)
    assert all(words in row for words, row in zip(rows, found, strict=True)), found


def test_pages_of_the_activity_leave_nobody_out(client, acme, inside, gold, monkeypatch):
    monkeypatch.setattr("segments.history.activity.PAGE", 2)
    for at in range(5):
        make_partner(acme, f"P{at}", tier="gold")
    names, url = [], f"{HOME}{gold.pk}/activity/"
    while url:
        html = client.get(url).content.decode()
        names += re.findall(r'class="row-link"[^>]*>([^<]+)<', html)
        older = re.search(r'rel="next" href="([^"]+)"', html)
        url = older[1].replace("&amp;", "&") if older else None
    assert names == ["P4", "P3", "P2", "P1", "P0"]


def test_the_names_behind_a_build(client, acme, inside, lively):
    with inside(acme):
        build = lively.builds.get()
    html = client.get(f"{HOME}{lively.pk}/activity/builds/{build.pk}/").content.decode()
    assert "Brightpath" in html
    assert "Kestrel" not in html


def test_members_as_of_a_moment_on_the_page_and_in_the_file(
    client, acme, inside, brightpath, kestrel, gold, as_user, ada
):
    with time_machine.travel(datetime.now(UTC) + timedelta(days=3), tick=True):
        with inside(acme):
            set_properties(kestrel, {"tier": "gold"}, by=ADA)
        client = as_user(ada)
        then = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
        html = client.get(f"{HOME}{gold.pk}/members/?as_of={then}").content.decode()
        file = client.get(f"{HOME}{gold.pk}/members/export/?as_of={then}")
        rows = list(csv.reader(io.StringIO(b"".join(file.streaming_content).decode("utf-8-sig"))))
    assert re.findall(r'class="row-link"[^>]*>([^<]+)<', html) == ["Brightpath"]
    assert "1 member then" in html
    assert [row[0] for row in rows] == ["Name", "Brightpath"]
    assert rows[1][2] == "Fitted when the segment was made by Ada"


def test_a_name_that_is_a_formula_is_none_in_the_file(client, acme, gold):
    make_partner(acme, "=cmd()", tier="gold")
    file = client.get(f"{HOME}{gold.pk}/members/export/")
    assert "'=cmd()" in b"".join(file.streaming_content).decode()


def test_a_partner_and_a_contact_have_their_own_history(client, acme, inside, lively, brightpath, pat):
    html = client.get(f"{HOME}of-partner/{brightpath.pk}/").content.decode()
    assert [row.split(" ")[2] for row in shown(html)] == ["Left", "Joined"]
    assert "Role is Admin" in client.get(f"{HOME}of-contact/{pat.pk}/").content.decode()


def test_versions_say_what_changed_and_an_old_one_comes_back(
    client, acme, inside, gold, number, members_of, brightpath, kestrel
):
    with inside(acme):
        segment = Segment.objects.get(pk=gold.pk)
        tree = segment.builds.get().tree
        tree["root"]["items"][0]["v"] = ["silver"]
        editing.save(segment, name="Gold partners", description="", kind="dynamic", tree=tree, by=ADA)
        first = segment.builds.get(version=1)
    html = client.get(f"{HOME}{gold.pk}/versions/").content.decode()
    assert "Changed: Tier is Gold → Tier is Silver" in shown(html)[0]
    assert "1 → 1" in shown(html)[0]
    client.post(f"{HOME}{gold.pk}/versions/{first.pk}/restoration/")
    assert members_of(gold) == ["Brightpath"]


@pytest.mark.parametrize("count", [1, 30])
@pytest.mark.parametrize(
    ("page", "queries"),
    [("members/", 26), ("activity/", 21), ("versions/", 22)],
)
def test_each_page_costs_the_same_for_one_and_thirty(
    client, acme, gold, count, page, queries, django_assert_num_queries
):
    for at in range(count):
        make_partner(acme, f"P{at}", tier="gold")
    url = f"{HOME}{gold.pk}/{page}"
    client.get(url)
    with django_assert_num_queries(queries):
        client.get(url)


def test_a_segment_of_another_workspace_has_no_pages(client, globex, inside):
    with inside(globex):
        foreign = Segment.objects.first()
    for page in ("activity/", "members/export/", "versions/"):
        assert client.get(f"{HOME}{foreign.pk}/{page}").status_code == 404


def test_the_log_is_what_the_page_says(acme, inside, lively):
    with inside(acme):
        assert MembershipChange.objects.filter(segment=lively).count() == 2
