"""Mails leave from the job alone: one each or one a day, with a way out, once, and only what may still be seen."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from smtplib import SMTPRecipientsRefused
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from portal.notifications import mails, telling, unsubscribing
from portal.notifications.models import Notice
from portal.quotes.models import Quote
from segments.notifications import set_defaults
from workspaces.models import Contact, Due, Workspace

QUOTE = "quotes.created"


@pytest.fixture(autouse=True)
def mailed(by_default):
    by_default(QUOTE, mail="all")


def later(**more):
    return time_machine.travel(timezone.now() + timedelta(**more), tick=False)


def refused(*args, **kwargs):
    raise ConnectionRefusedError("Connection refused")


def test_one_mail_for_each_with_text_page_and_a_way_out(acme, pat, cleo, make_quote, tell, send):
    quote = make_quote(pat)
    tell()
    assert mail.outbox == []
    send()
    [message] = mail.outbox
    page = message.alternatives[0].content
    address = f"http://partners.acme.test/quotes/{quote.pk}/"
    assert message.to == ["cleo@example.com"]
    assert message.subject == f"Pat made Q-{quote.number}"
    for form in (message.body, page):
        assert address in form
        assert "Zephyr Labs" in form
        assert "http://partners.acme.test/notifications/unsubscribing/" in form
    headers = message_from_bytes(message.message(policy=SMTP).as_bytes())
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["List-Unsubscribe"].endswith("/>")
    assert headers["List-Unsubscribe"].startswith("<http://partners.acme.test/notifications/unsubscribing/")
    assert headers["Auto-Submitted"] == "auto-generated"


def test_a_workspace_without_an_address_of_its_own_mails_the_products(
    acme, inside, pat, cleo, make_quote, tell, send
):
    Workspace.objects.filter(pk=acme.pk).update(domain=None)
    quote = make_quote(pat)
    tell()
    send()
    assert f"http://localhost:8000/acme/quotes/{quote.pk}/" in mail.outbox[0].body


def test_nothing_is_mailed_twice(pat, cleo, make_quote, tell, send, notices):
    make_quote(pat)
    tell()
    send()
    send()
    assert len(mail.outbox) == 1
    assert notices(QUOTE)["Cleo"].mail == "sent"


def test_a_worker_that_dies_between_claim_and_mail_loses_nothing(
    acme, inside, pat, cleo, make_quote, tell, send, notices, monkeypatch
):
    make_quote(pat)
    tell()
    with monkeypatch.context() as dying:
        dying.setattr(mails, "deliver", lambda letter: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            send()
    assert mail.outbox == []
    assert Due.objects.filter(queue=mails.MAIL_QUEUE).exists()  # it is rung again
    send()
    assert mail.outbox == []  # somebody may still be at it
    assert Due.objects.filter(queue=mails.MAIL_QUEUE, due_at__gt=timezone.now()).exists()
    with later(seconds=mails.LEASE.total_seconds() + 1):
        send()
    assert len(mail.outbox) == 1
    assert notices(QUOTE)["Cleo"].mail == "sent"


def test_a_worker_that_dies_after_the_mail_repeats_it_under_the_same_id(
    pat, cleo, make_quote, tell, send, monkeypatch
):
    make_quote(pat)
    tell()
    find = mails._of

    def dies_once_it_is_mailed(notices):
        if mail.outbox:
            raise KeyboardInterrupt
        return find(notices)

    with monkeypatch.context() as dying:
        dying.setattr(mails, "_of", dies_once_it_is_mailed)
        with pytest.raises(KeyboardInterrupt):
            send()
    with later(minutes=5):
        send()
    first, second = (message.message()["Message-ID"] for message in mail.outbox)
    assert first == second


def test_a_mail_server_that_is_away_is_asked_again_and_at_last_given_up(
    pat, cleo, make_quote, tell, send, notices, monkeypatch
):
    make_quote(pat)
    tell()
    monkeypatch.setattr("django.core.mail.EmailMessage.send", refused)
    send()
    notice = notices(QUOTE)["Cleo"]
    assert (notice.mail, notice.mail_tries, notice.mail_error) == ("waiting", 1, "Connection refused")
    assert timedelta(seconds=50) < notice.mail_due_at - timezone.now() <= timedelta(minutes=1)
    for _ in range(mails.MOST_TRIES - 1):
        with time_machine.travel(notices(QUOTE)["Cleo"].mail_due_at + timedelta(seconds=1), tick=False):
            send()
    notice = notices(QUOTE)["Cleo"]
    assert (notice.mail, notice.mail_why, notice.mail_tries) == ("failed", "failed", mails.MOST_TRIES)


@pytest.mark.parametrize(("code", "state"), [(550, "failed"), (450, "waiting")])
def test_an_unknown_address_is_given_up_and_a_busy_server_is_not(
    pat, cleo, make_quote, tell, send, notices, monkeypatch, code, state
):
    def refuses(*args, **kwargs):
        raise SMTPRecipientsRefused({"cleo@example.com": (code, b"No")})

    make_quote(pat)
    tell()
    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuses)
    send()
    assert notices(QUOTE)["Cleo"].mail == state


def test_a_mail_that_cannot_be_written_keeps_no_other_waiting(
    pat, cleo, dora, make_quote, tell, send, notices, monkeypatch
):
    compose = mails.compose

    def breaks(claimed):
        letter = compose(claimed)
        assert letter.contact.name != "Cleo"
        return letter

    make_quote(pat)
    tell()
    monkeypatch.setattr(mails, "compose", breaks)
    send()
    assert [message.to for message in mail.outbox] == [["dora@example.com"]]
    assert (notices(QUOTE)["Cleo"].mail, notices(QUOTE)["Cleo"].mail_tries) == ("waiting", 1)


def test_no_transaction_is_open_while_the_mail_server_works(
    acme, pat, cleo, make_quote, tell, send, monkeypatch
):
    from workspaces.tenancy import NoWorkspace, current_workspace_id

    seen = []

    def look(*args, **kwargs):
        with pytest.raises(NoWorkspace):
            current_workspace_id()
        seen.append(True)

    make_quote(pat)
    tell()
    monkeypatch.setattr("django.core.mail.EmailMessage.send", look)
    send()
    assert seen == [True]


def test_what_is_gone_when_the_mail_is_due_is_not_mailed(
    acme, inside, pat, cleo, make_quote, tell, send, notices
):
    quote = make_quote(pat)
    tell()
    with inside(acme):
        Quote.objects.filter(pk=quote.pk).delete()
    send()
    assert mail.outbox == []
    assert (notices(QUOTE)["Cleo"].mail, notices(QUOTE)["Cleo"].mail_why) == ("none", "closed")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("unsubscribed", "stopped"),
        ("suspended", "not_there"),
        ("off", "off_workspace"),
        ("own", "off_person"),
    ],
)
def test_what_changed_since_counts(
    acme, inside, pat, cleo, make_quote, tell, send, notices, chooses, change, why
):
    make_quote(pat)
    tell()
    if change == "unsubscribed":
        chooses(cleo, stopped=True)
    elif change == "own":
        chooses(cleo, QUOTE, mail="off")
    with inside(acme):
        if change == "suspended":
            Contact.objects.filter(pk=cleo.pk).update(status="suspended")
        elif change == "off":
            set_defaults({(QUOTE, "mail"): "off"})
    send()
    assert mail.outbox == []
    assert notices(QUOTE)["Cleo"].mail_why == why


# ── Summaries ──


def test_the_next_morning_by_the_clock_of_the_workspace():
    berlin = ZoneInfo("Europe/Berlin")
    assert telling.next_summary(datetime(2026, 7, 1, 5, 59, tzinfo=UTC), berlin) == datetime(
        2026, 7, 1, 6, tzinfo=UTC
    )
    assert telling.next_summary(datetime(2026, 7, 1, 6, 0, tzinfo=UTC), berlin) == datetime(
        2026, 7, 2, 6, tzinfo=UTC
    )
    # The clocks go back in the night: eight in the morning comes an hour later.
    assert telling.next_summary(datetime(2026, 10, 24, 12, tzinfo=UTC), berlin) == datetime(
        2026, 10, 25, 7, tzinfo=UTC
    )


def test_a_summary_a_day_holds_everything_that_waits(
    acme, inside, pat, cleo, dora, make_quote, tell, send, notices, chooses
):
    chooses(cleo, mail_mode="daily")
    first, second = make_quote(pat, "Zephyr Labs"), make_quote(pat, "Ocean Bank")
    tell()
    send()
    assert [message.to for message in mail.outbox] == [["dora@example.com"]] * 2
    due = notices(QUOTE)["Cleo"].mail_due_at
    assert due.astimezone(ZoneInfo("Europe/Berlin")).hour == 8
    with time_machine.travel(due + timedelta(seconds=1), tick=False):
        send()
    summary = mail.outbox[-1]
    assert len(mail.outbox) == 3
    assert summary.subject == "2 pieces of news from Acme"
    for quote in (first, second):
        assert f"/quotes/{quote.pk}/" in summary.body
        assert quote.customer in summary.alternatives[0].content


def test_a_summary_leaves_out_what_was_read_and_what_closed(
    acme, inside, pat, cleo, make_quote, tell, send, notices, chooses
):
    chooses(cleo, mail_mode="daily")
    _, read, gone = (make_quote(pat, name) for name in ("Kept", "Read", "Gone"))
    tell()
    with inside(acme):
        Notice.objects.filter(event__subject_id=read.pk).update(read_at=timezone.now())
        Quote.objects.filter(pk=gone.pk).delete()
    with later(days=1):
        send()
    [message] = mail.outbox
    assert "Kept" in message.body
    assert "Read" not in message.body
    assert "Gone" not in message.body
    with inside(acme):
        assert sorted(Notice.objects.filter(contact=cleo).values_list("mail", "mail_why")) == [
            ("none", "closed"),
            ("none", "read"),
            ("sent", ""),
        ]


def test_a_summary_with_nothing_left_is_no_mail(acme, inside, pat, cleo, make_quote, tell, send, chooses):
    chooses(cleo, mail_mode="daily")
    make_quote(pat)
    tell()
    with inside(acme):
        Notice.objects.update(read_at=timezone.now())
    with later(days=1):
        send()
    assert mail.outbox == []


# ── The way out ──


@pytest.fixture
def way_out(acme, inside, cleo):
    def address(kind=None):
        with inside(acme):
            return f"/acme/notifications/unsubscribing/{unsubscribing.token(cleo, kind=kind)}/"

    return address


def preference(acme, inside, contact):
    from portal.notifications import choosing

    with inside(acme):
        return choosing.preference_of(contact)


def test_one_click_needs_no_sign_in_and_no_token(acme, inside, cleo, way_out):
    from django.test import Client

    client = Client(headers={"host": "localhost:8000"}, enforce_csrf_checks=True)
    response = client.post(way_out(QUOTE), {"List-Unsubscribe": "One-Click"})
    assert response.status_code == 200
    assert preference(acme, inside, cleo).choices == {QUOTE: {"mail": "off"}}
    assert preference(acme, inside, cleo).mails_stopped_at is None


def test_looking_at_the_link_changes_nothing(acme, inside, cleo, way_out, client):
    response = client.get(way_out(QUOTE), headers={"host": "localhost:8000"})
    assert response.status_code == 200
    assert "A colleague made a quote" in response.text
    assert preference(acme, inside, cleo).choices == {}


def test_all_mails_can_be_stopped_from_there(acme, inside, cleo, way_out, client):
    client.post(way_out(QUOTE), {"all": "1"}, headers={"host": "localhost:8000"})
    assert preference(acme, inside, cleo).mails_stopped_at is not None
    page = client.get(way_out(), headers={"host": "localhost:8000"})
    assert "You get no more mails" in page.text


@pytest.mark.parametrize("spoil", [lambda t: t[:-3] + "abc", lambda t: "x", lambda t: t.replace(":", ".")])
def test_a_forged_link_is_nobodys(acme, inside, cleo, way_out, client, spoil):
    address = way_out(QUOTE).removesuffix("/")
    head, _, token = address.rpartition("/")
    response = client.post(f"{head}/{spoil(token)}/", headers={"host": "localhost:8000"})
    assert response.status_code == 404
    assert preference(acme, inside, cleo).choices == {}


def test_a_link_of_one_workspace_is_nothing_in_another(acme, globex, inside, cleo, way_out, client):
    address = way_out(QUOTE).replace("/acme/", "/globex/")
    assert client.post(address, headers={"host": "localhost:8000"}).status_code == 404


def test_the_way_out_of_a_mail_works(acme, inside, pat, cleo, make_quote, tell, send, client):
    make_quote(pat)
    tell()
    send()
    address = (
        mail.outbox[0].message()["List-Unsubscribe"].strip("<>").removeprefix("http://partners.acme.test")
    )
    assert client.post(address, headers={"host": "partners.acme.test"}).status_code == 200
    make_quote(pat)
    tell()
    send()
    assert len(mail.outbox) == 1
