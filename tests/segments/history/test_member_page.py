"""Members with what was found; why one is in; and why somebody who is looked for is not."""

import csv
import io
import re

import pytest

from segments.engine.exceptions import set_exception
from tests.conftest import make_contact
from tests.segments.conftest import ADA
from workspaces.properties import set_properties

HOME = "/acme/settings/segments/"
QUERIES = 26


@pytest.fixture
def client(ada, as_user):
    return as_user(ada)


@pytest.fixture
def text_of(client):
    def read(url, **headers):
        html = client.get(url, headers=headers).content.decode()
        html = html[html.index('<main class="page') :] if "<main" in html else html
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))

    return read


@pytest.fixture
def admins(make_segment):
    asked = ("role", "is_any_of", ["admin"]), ("partner.tier", "is_any_of", ["gold"])
    return make_segment("Gold admins", *asked, level="contact")


def test_a_row_tells_what_was_found_who_set_it_and_when(acme, inside, text_of, admins, brightpath, pat):
    with inside(acme):
        set_properties(brightpath, {"tier": "silver"}, by=ADA)
        set_properties(brightpath, {"tier": "gold"}, by=ADA)
    text = text_of(f"{HOME}{admins.pk}/members/")

    assert re.search(r"Role is Admin +Portal, just now", text)
    assert re.search(r"Partner’s tier is Gold +Portal, by Ada, just now", text)
    assert "Tier went from Silver to Gold, by Ada" in text


def test_who_is_looked_for_and_is_no_member_is_told_why_not(text_of, admins, pat, sam):
    text = text_of(f"{HOME}{admins.pk}/members/?q=sam")
    assert "0 members" in text
    assert re.search(
        r"Not in this segment +S +Sam +Kestrel +Would be in if role were Admin and partner’s tier", text
    )
    assert "Role is Admin It is Sales rep, from Portal" in text
    assert "Nor is anybody else here" in text_of(f"{HOME}{admins.pk}/members/?q=zzz")


def test_why_is_a_page_and_a_piece_of_one(acme, inside, text_of, client, admins, pat, sam):
    address = f"{HOME}{admins.pk}/members/{sam.pk}/"
    assert re.search(r"Sam .*Not in the segment .*Would be in if role were Admin and", text_of(address))
    piece = client.get(address, headers={"HX-Request": "true"}).text
    assert "<html" not in piece
    assert "Would be in if role were Admin" in piece
    with inside(acme):
        set_exception(admins, sam, included=True, reason="Pilot", by=ADA)
    assert "An exception has them in, whatever the rule says." in text_of(address)


def test_filters_and_file_say_how_and_since_when(acme, inside, client, text_of, admins, pat, sam):
    with inside(acme):
        set_exception(admins, sam, included=True, reason="Pilot", by=ADA)
    members = f"{HOME}{admins.pk}/members/"
    assert "2 members" in text_of(members)
    always = text_of(members + "?how=always&joined=1")
    assert "1 member " in always
    assert "Sam" in always
    assert "No member fits these filters" in text_of(members + "?how=held")
    file = b"".join(client.get(f"{members}export/?q=pat").streaming_content).decode("utf-8-sig")
    header, row = csv.reader(io.StringIO(file))
    assert header[-2:] == ["Found", "Id"]
    assert row[-2] == (
        "Role is Admin (it is Admin) from Portal; Partner’s tier is Gold (it is Gold) from Portal"
    )


@pytest.mark.parametrize("count", [1, 12])
def test_it_costs_the_same_for_one_and_more(
    acme, client, admins, brightpath, pat, count, django_assert_num_queries
):
    for n in range(count):
        make_contact(acme, f"admin{n}", brightpath, role="admin")
    client.get(f"{HOME}{admins.pk}/members/?q=a")
    with django_assert_num_queries(QUERIES):
        client.get(f"{HOME}{admins.pk}/members/?q=a")
