"""Rows about related records and activity, as a team member without scripts uses them."""

import pytest

from segments.engine.definitions import fields_of
from segments.models import Segment
from segments.rules.sentence import sentence_text
from tests.segments.engine.test_related import ask, quote, send  # noqa: F401  fixtures
from tests.segments.test_settings_views import HOME, client, page  # noqa: F401  fixtures


@pytest.fixture
def words(acme, inside):
    def look(name):
        with inside(acme):
            segment = Segment.objects.get(name=name)
            return sentence_text(segment.builds.latest("version").tree, fields_of(segment.level))

    return look


def choose(page, **parts):  # noqa: F811
    """One choice after the other, as each brings the next."""
    for name, value in parts.items():
        page.put(name.replace("__", ":"), value)
        page.press("refresh")


def test_records_are_counted_by_conditions_of_their_own(
    page, words, acme, inside, quote, send, brightpath, kestrel, pat, sam  # noqa: F811
):  # fmt: skip
    send(quote(pat), pat)
    quote(sam)
    page.open(HOME + "new/")
    page.press("add:")
    choose(page, c__0__field="self:records:quotes", c__0__op="at_least")
    page.put("c:0:v", "1")
    page.press("add:0")
    choose(page, **{"c:0.0:field": "self:_status"})
    page.put("c:0.0:v", "sent")
    page.press("add:0")
    choose(page, **{"c:0.1:field": "self:_sent", "c:0.1:op": "within_last"})
    page.put("c:0.1:v", "30")
    page.put("c:0.1:unit", "day")
    page.put("w:0", "all")
    page.fill(name="Quoting", description="")
    page.press("save")

    assert page.response.status_code == 200
    assert words("Quoting") == (
        "Partners that have at least 1 quote whose status is Sent, and whose date sent is in the last 30 days."
    )
    with inside(acme):
        assert Segment.objects.get(name="Quoting").member_count == 1
    page.press("remove:0.1")
    assert (page.fields["c:0.0:v"], "c:0.1:field" in page.fields) == (["sent"], False)


def test_what_is_measured_is_compared_like_any_value(page, words, brightpath):  # noqa: F811
    page.open(HOME + "new/")
    page.press("add:")
    choose(page, c__0__field="self:records:quotes", c__0__op="sum")
    choose(page, c__0__p="self:_amount", c__0__mop="gte")
    page.fill(name="Big", description="", **{"c:0:v": "25,000", "c:0:currency": "EUR"})
    page.press("save")

    assert page.response.status_code == 200
    assert words("Big") == "Partners that have quotes in which the sum of total is at least €25,000."
    assert (page.fields["c:0:p"], page.fields["c:0:mop"], page.fields["c:0:v"]) == (
        ["self:_amount"], ["gte"], ["25000"],
    )  # fmt: skip


def test_activity_says_how_often_and_how_long_ago(page, words, pat):  # noqa: F811
    page.open(HOME + "new/?level=contact")
    page.press("add:")
    choose(page, c__0__field="self:did:signed_in", c__0__op="at_most")
    page.fill(name="Rare", description="", **{"c:0:n": "2", "c:0:v": "30", "c:0:unit": "day"})
    page.press("save")

    assert page.response.status_code == 200
    assert words("Rare") == "Contacts who signed in at most 2 times in the last 30 days."


def test_what_is_wrong_is_said_at_the_row_that_holds_it(page, brightpath):  # noqa: F811
    page.open(HOME + "new/")
    page.press("add:")
    choose(page, c__0__field="self:records:quotes", c__0__op="sum")
    page.press("add:0")
    page.fill(name="Unfinished", description="")
    page.press("save")

    assert page.response.status_code == 422
    assert "Choose what to measure." in page.html
    assert "Choose what to ask about." in page.html
