"""The bell, the list and a person's own choices: what is not theirs, or not visible any more, is not there."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from portal.notifications import choosing, inbox
from portal.notifications.models import Notice
from segments import editing
from segments.permissions import set_permissions
from tests.conftest import make_contact
from workspaces.actors import SYSTEM

LIST, BELL, SETTINGS = "/acme/notifications/", "/acme/notifications/bell/", "/acme/notifications/settings/"
QUOTE = "quotes.created"


@pytest.fixture
def restrict(acme, inside):
    """From now on they see only what they collaborate on."""

    def to_own(contact):
        with inside(acme):
            segment = editing.create(
                level="contact", kind="static", name="Restricted", members=[contact.pk], by=SYSTEM
            )
            set_permissions(segment, invite="inherit", restricted=True)

    return to_own


def notice_of(acme, inside, contact):
    with inside(acme):
        return Notice.objects.filter(contact=contact).first()


def test_the_bell_counts_what_is_unread(pat, cleo, make_quote, tell, as_user):
    client = as_user(cleo)
    assert "unread" not in client.get(BELL).text
    make_quote(pat)
    make_quote(pat)
    tell()
    assert "Notifications, 2 unread" in client.get(BELL).text
    assert "unread" not in as_user(pat).get(BELL).text


def test_many_are_not_counted_one_by_one(acme, inside, pat, cleo, make_quote, tell, as_user, monkeypatch):
    monkeypatch.setattr(inbox, "COUNTED", 2)
    for _ in range(3):
        make_quote(pat)
    tell()
    assert "2 unread" in as_user(cleo).get(BELL).text


def test_the_list_says_who_did_what(pat, cleo, make_quote, tell, as_user):
    quote = make_quote(pat)
    tell()
    page = as_user(cleo).get(LIST)
    assert f"Pat made Q-{quote.number}" in page.text
    assert "Zephyr Labs" in page.text
    assert "1 unread" in page.text


def test_an_empty_list_says_what_it_is_for(pat, as_user):
    assert "Nothing yet" in as_user(pat).get(LIST).text


def test_opening_one_reads_it_and_leads_there(acme, inside, pat, cleo, make_quote, tell, as_user):
    quote = make_quote(pat)
    tell()
    notice = notice_of(acme, inside, cleo)
    client = as_user(cleo)
    response = client.post(f"/acme/notifications/{notice.pk}/opening/")
    assert response.headers["Location"] == f"/acme/quotes/{quote.pk}/"
    assert "unread" not in client.get(BELL).text


def test_another_persons_notice_is_not_there(acme, inside, pat, cleo, dora, make_quote, tell, as_user):
    make_quote(pat)
    tell()
    notice = notice_of(acme, inside, cleo)
    assert as_user(dora).post(f"/acme/notifications/{notice.pk}/opening/").status_code == 404
    assert notice_of(acme, inside, cleo).read_at is None


def test_all_of_them_are_read_at_once(pat, cleo, dora, make_quote, tell, as_user):
    make_quote(pat)
    make_quote(pat)
    tell()
    assert as_user(cleo).post("/acme/notifications/reading/").status_code == 302
    assert "unread" not in as_user(cleo).get(BELL).text
    assert "2 unread" in as_user(dora).get(BELL).text


def test_what_may_not_be_seen_any_more_is_gone_from_list_count_and_summary(
    acme, inside, pat, cleo, make_quote, tell, send, as_user, by_default, chooses, restrict
):
    by_default(QUOTE, mail="all")
    chooses(cleo, mail_mode="daily")
    quote = make_quote(pat)
    tell()
    client = as_user(cleo)
    assert "Zephyr Labs" in client.get(LIST).text
    restrict(cleo)
    for address in (LIST, BELL):
        page = client.get(address).text
        assert "Zephyr" not in page
        assert f"Q-{quote.number}" not in page
        assert "unread" not in page
    notice = notice_of(acme, inside, cleo)
    assert client.post(f"/acme/notifications/{notice.pk}/opening/").status_code == 404
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=False):
        send()
    assert mail.outbox == []


def test_who_changes_the_partner_leaves_its_news_behind(
    acme, inside, pat, cleo, kestrel, make_quote, tell, as_user
):
    from workspaces.properties import move_contact

    make_quote(pat)
    tell()
    with inside(acme):
        move_contact(cleo, kestrel, by=SYSTEM)
    assert "Zephyr" not in as_user(cleo).get(LIST).text


@pytest.mark.parametrize("count", [1, 30])
def test_list_and_bell_cost_the_same_for_one_and_thirty(
    count, acme, inside, pat, cleo, make_quote, tell, as_user, django_assert_num_queries
):
    for _ in range(count):
        make_quote(pat)
    tell()
    client = as_user(cleo)
    client.get(LIST)
    with django_assert_num_queries(BELL_QUERIES):
        client.get(BELL)
    with django_assert_num_queries(LIST_QUERIES):
        client.get(LIST)


# Session, person, workspace, contact, BEGIN and its settings; then the notices, the viewer, and one for the quotes.
BELL_QUERIES = 11
# The same, the unread ones asked apart, and the tabs of the page around it.
LIST_QUERIES = 14


def test_the_list_has_pages(acme, inside, pat, cleo, make_quote, tell, as_user):
    for _ in range(31):
        make_quote(pat)
    tell()
    first = as_user(cleo).get(LIST).text
    assert "1–30 of 31 notifications" in first
    assert "31–31 of 31" in as_user(cleo).get(f"{LIST}?page=2").text


# ── Choosing ──


def post(client, **choices):
    return client.post(SETTINGS, {"mails": "on", "mail_mode": "each", **choices})


def test_choices_are_kept_and_hold(acme, inside, pat, cleo, make_quote, tell, as_user):
    client = as_user(cleo)
    assert post(client, **{f"{QUOTE}:portal": "off"}).status_code == 302
    make_quote(pat)
    tell()
    assert notice_of(acme, inside, cleo).portal_why == "off_person"


def test_nobody_chooses_more_than_is_allowed(acme, inside, pat, cleo, by_default, as_user):
    by_default(QUOTE, portal="mine")
    response = post(as_user(cleo), **{f"{QUOTE}:portal": "all"})
    assert response.status_code == 422
    assert "more than you can receive" in response.text
    with inside(acme):
        assert choosing.preference_of(cleo).choices == {}


def test_what_the_vendor_withholds_is_greyed_and_says_who(acme, pat, cleo, by_default, as_user):
    by_default(QUOTE, portal="mine", mail="off")
    page = as_user(cleo).get(SETTINGS).text
    assert "Acme sends you only those you collaborate on." in page
    assert "Acme does not send you these." in page
    assert '<option value="all" disabled>Everything</option>' in page


def test_segments_are_not_named_to_partners(cleo, segment_says, as_user):
    segment_says("sales_rep", QUOTE, name="Zephyrine at risk", portal="mine")
    assert "Zephyrine" not in as_user(cleo).get(SETTINGS).text


def test_as_much_as_allowed_is_no_choice_and_widens_later(acme, inside, cleo, by_default, as_user):
    by_default(QUOTE, portal="mine")
    post(as_user(cleo), **{f"{QUOTE}:portal": "mine"})
    with inside(acme):
        assert choosing.preference_of(cleo).chosen(QUOTE, "portal") is None


def test_a_choice_outlasts_what_the_vendor_withholds_for_a_while(
    acme, inside, cleo, by_default, chooses, as_user
):
    chooses(cleo, QUOTE, mail="off")
    by_default(QUOTE, mail="off")
    post(as_user(cleo))
    with inside(acme):
        assert choosing.preference_of(cleo).chosen(QUOTE, "mail") == "off"


def test_mails_can_be_stopped_and_taken_again(acme, inside, cleo, as_user):
    client = as_user(cleo)
    client.post(SETTINGS, {"mail_mode": "daily"})
    with inside(acme):
        found = choosing.preference_of(cleo)
        assert (found.mail_mode, found.mails_stopped_at is None) == ("daily", False)
    assert "You get no mails" in client.get(SETTINGS).text
    post(client)
    with inside(acme):
        assert choosing.preference_of(cleo).mails_stopped_at is None


def test_the_way_to_the_settings_is_in_the_portals_menu_alone(pat, ada, as_user):
    assert "Notification settings" in as_user(pat).get("/acme/").text
    assert "Notification settings" not in as_user(ada).get("/acme/settings/").text


def test_a_page_of_the_portal_asks_nothing_more_for_the_bell(pat, as_user):
    page = as_user(pat).get("/acme/").text
    assert 'hx-get="/acme/notifications/bell/"' in page
    assert 'class="unread"' not in page


def test_the_person_at_two_partners_reads_the_news_of_the_chosen_one(
    acme, inside, pat, cleo, kestrel, make_quote, tell, as_user
):
    other = make_contact(acme, "solo", kestrel)
    make_quote(pat)
    tell()
    assert "Zephyr" not in as_user(other).get(LIST).text
