"""Settings → Notifications: the defaults, the ledger, and the block in the segment's editor."""

import pytest

from portal.notifications.models import Notice
from segments.models import NotificationDefault, SegmentNotification
from tests.conftest import make_member

DEFAULTS, LEDGER = "/acme/settings/notifications/", "/acme/settings/notifications/deliveries/"
QUOTE = "quotes.created"


def all_of(page, **changed):
    """The form as it stands, with some choices changed."""
    form = page.context["form"]
    return {name: form[name].value() for name in form.fields} | changed


def test_the_defaults_are_set(acme, inside, ada, as_user):
    client = as_user(ada)
    page = client.get(DEFAULTS)
    assert client.post(DEFAULTS, all_of(page, **{f"{QUOTE}:mail": "mine"})).status_code == 302
    with inside(acme):
        rows = NotificationDefault.objects.values_list("kind", "channel", "level")
        assert list(rows) == [(QUOTE, "mail", "mine")]
    client.post(DEFAULTS, all_of(client.get(DEFAULTS), **{f"{QUOTE}:mail": "off"}))
    with inside(acme):
        assert not NotificationDefault.objects.exists()


def test_what_cannot_be_narrowed_is_not_offered(ada, as_user):
    client = as_user(ada)
    sent = all_of(client.get(DEFAULTS), **{"team.invited:portal": "mine"})
    assert client.post(DEFAULTS, sent).status_code == 422


def test_who_may_only_look_cannot_save(acme, as_user):
    client = as_user(make_member(acme, "looker", "viewer"))
    page = client.get(DEFAULTS)
    assert page.status_code == 200
    assert client.post(DEFAULTS, all_of(page)).status_code == 403


def test_the_entry_is_in_the_menu(ada, as_user):
    assert f'href="{DEFAULTS}"' in as_user(ada).get("/acme/settings/").text


def test_the_ledger_answers_why_somebody_was_told_or_not(
    ada, pat, cleo, dora, make_quote, tell, as_user, segment_says, chooses
):
    segment_says("sales_rep", QUOTE, portal="off")
    chooses(dora, QUOTE, portal="off")
    make_quote(pat)
    tell()
    page = as_user(ada).get(LEDGER).text
    assert "Off in the segment “All sales_rep”" in page
    assert "Switched off by themselves" in page
    assert "Did it themselves" in page
    assert "Off by default" in page
    assert "Zephyr Labs" in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"Pat", "Cleo", "Dora"}),
        ("q=cleo", {"Cleo"}),
        ("q=brightp", {"Pat", "Cleo", "Dora"}),
        ("kind=quotes.created", {"Pat", "Cleo", "Dora"}),
        ("kind=quotes.changed", set()),
        ("outcome=portal", {"Dora"}),
        ("outcome=not_told", {"Pat", "Cleo"}),
        ("outcome=failed", set()),
        ("outcome=nonsense&contact=x", {"Pat", "Cleo", "Dora"}),
    ],
)
def test_the_ledger_is_filtered(ada, pat, cleo, dora, make_quote, tell, as_user, segment_says, query, names):
    segment_says("sales_rep", QUOTE, portal="off")
    make_quote(pat)
    tell()
    page = as_user(ada).get(f"{LEDGER}?{query}")
    assert {str(entry.notice.contact) for entry in page.context["page"]} == names


def test_the_ledger_of_one_person(ada, pat, cleo, make_quote, tell, as_user):
    make_quote(pat)
    tell()
    page = as_user(ada).get(f"{LEDGER}?contact={cleo.pk}")
    assert [str(entry.notice.contact) for entry in page.context["page"]] == ["Cleo"]


@pytest.mark.parametrize("count", [1, 30])
def test_the_ledger_costs_the_same_for_one_and_thirty(
    count, ada, pat, cleo, make_quote, tell, as_user, django_assert_num_queries
):
    for _ in range(count):
        make_quote(pat)
    tell()
    client = as_user(ada)
    client.get(LEDGER)
    with django_assert_num_queries(LEDGER_QUERIES):
        client.get(LEDGER)


LEDGER_QUERIES = 13


def test_an_empty_ledger_says_what_it_is_for(ada, as_user):
    assert "Nothing was told yet" in as_user(ada).get(LEDGER).text


def test_a_ledger_without_a_match_says_so(ada, pat, cleo, make_quote, tell, as_user):
    make_quote(pat)
    tell()
    assert "Nothing matches" in as_user(ada).get(f"{LEDGER}?q=nobody").text


def test_the_ledger_keeps_what_is_gone(acme, inside, ada, pat, cleo, make_quote, tell, as_user):
    from portal.quotes.models import Quote

    quote = make_quote(pat)
    tell()
    with inside(acme):
        Quote.objects.filter(pk=quote.pk).delete()
    assert "Gone by now" in as_user(ada).get(LEDGER).text
    with inside(acme):
        assert Notice.objects.count() == 2


# ── The segment's editor ──


def saved(acme, inside, segment):
    with inside(acme):
        rows = SegmentNotification.objects.filter(segment=segment)
        return set(rows.values_list("kind", "channel", "level"))


def test_a_segment_says_what_its_members_receive(acme, inside, ada, as_user, segment_says):
    segment = segment_says("sales_rep", QUOTE, portal="off")
    client, address = as_user(ada), f"/acme/settings/segments/{segment.pk}/"
    page = client.get(address)
    assert 'id="notifications"' in page.text
    assert "Inherit: everything" in page.text
    form = editor_fields(page) | {
        f"notifications-{QUOTE}:portal": "inherit",
        "notifications-quotes.changed:mail": "mine",
        "do": "save",
    }
    assert client.post(address, form).status_code == 302
    assert saved(acme, inside, segment) == {("quotes.changed", "mail", "mine")}


def test_what_was_not_sent_stays(acme, inside, ada, as_user, segment_says):
    segment = segment_says("sales_rep", QUOTE, portal="off")
    client, address = as_user(ada), f"/acme/settings/segments/{segment.pk}/"
    form = {k: v for k, v in editor_fields(client.get(address)).items() if not k.startswith("notifications-")}
    assert client.post(address, form | {"do": "save"}).status_code == 302
    assert saved(acme, inside, segment) == {(QUOTE, "portal", "off")}


def test_a_level_that_does_not_exist_is_refused(acme, inside, ada, as_user, segment_says):
    segment = segment_says("sales_rep", QUOTE, portal="off")
    client, address = as_user(ada), f"/acme/settings/segments/{segment.pk}/"
    form = editor_fields(client.get(address)) | {f"notifications-{QUOTE}:portal": "everything", "do": "save"}
    assert client.post(address, form).status_code == 422
    assert saved(acme, inside, segment) == {(QUOTE, "portal", "off")}


def editor_fields(page):
    """What a browser would send: the inputs of the form as the page has them."""
    from html.parser import HTMLParser

    class Inputs(HTMLParser):
        def __init__(self):
            super().__init__()
            self.found, self.select = {}, None

        def handle_starttag(self, tag, attrs):
            attrs = dict(attrs)
            if tag == "select":
                self.select = attrs.get("name")
            elif tag == "option" and self.select and ("selected" in attrs or self.select not in self.found):
                self.found[self.select] = attrs.get("value", "")
            elif tag == "input" and "name" in attrs and self._sent(attrs):
                self.found[attrs["name"]] = attrs.get("value", "")

        def _sent(self, attrs):
            return attrs.get("type") not in ("radio", "checkbox") or "checked" in attrs

        def handle_endtag(self, tag):
            if tag == "select":
                self.select = None

    parser = Inputs()
    parser.feed(page.text.split('id="segment-form"')[1].split("</form>")[0])
    return parser.found


def test_a_copy_says_the_same(acme, inside, ada, as_user, segment_says):
    segment = segment_says("sales_rep", QUOTE, portal="off")
    response = as_user(ada).post(f"/acme/settings/segments/{segment.pk}/copy/")
    copy = response.headers["Location"].rstrip("/").rpartition("/")[2]
    assert saved(acme, inside, copy) == {(QUOTE, "portal", "off")}


def test_a_contacts_access_page_says_what_reaches_them_and_why(ada, cleo, as_user, segment_says, chooses):
    segment = segment_says("sales_rep", QUOTE, portal="mine")
    chooses(cleo, "team.invited", portal="off")
    page = as_user(ada).get(f"/acme/settings/contacts/{cleo.pk}/access/").text
    assert f'/segments/{segment.pk}/#notifications">Segment “All sales_rep”</a>' in page
    assert "Their own choice" in page
    assert f"{LEDGER}?contact={cleo.pk}" in page
