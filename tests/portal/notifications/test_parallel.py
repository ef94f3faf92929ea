"""Two workers at the same queue: nobody is told twice, nothing is mailed twice, nothing is left."""

import threading

import pytest
from django.core import mail
from django.db import connections

from portal.notifications import events, mails
from portal.notifications.models import Event, Notice
from tests.conftest import make_contact
from workspaces import jobs

pytestmark = pytest.mark.django_db(transaction=True)
QUOTE = "quotes.created"


@pytest.fixture
def at_once(acme):
    """Runs a queue by several workers at the same moment."""

    def run(queue, workers=3):
        start, failed = threading.Barrier(workers), []

        def work():
            try:
                start.wait()
                jobs.run(acme.pk, queue)
            except Exception as error:
                failed.append(error)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=work) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []

    return run


def test_events_are_told_once(acme, inside, pat, cleo, dora, make_quote, at_once, monkeypatch):
    monkeypatch.setattr(events, "AT_ONCE", 1)
    for _ in range(5):
        make_quote(pat)
    at_once(events.QUEUE)
    with inside(acme):
        assert not Event.objects.filter(handled_at=None).exists()
        assert Notice.objects.count() == 5 * 3
        assert Notice.objects.filter(portal_why="").count() == 5 * 2


def test_mails_leave_once(acme, inside, brightpath, pat, make_quote, tell, by_default, chooses, at_once):
    by_default(QUOTE, mail="all")
    people = [make_contact(acme, f"person{number}", brightpath) for number in range(4)]
    for person in people[:2]:
        chooses(person, mail_mode="daily")
    for _ in range(3):
        make_quote(pat)
    tell()
    with inside(acme):
        Notice.objects.filter(mail_in_summary=True).update(mail_due_at=Notice.objects.earliest("at").at)
    at_once(mails.MAIL_QUEUE)
    each = [message for message in mail.outbox if "pieces of news" not in message.subject]
    summaries = [message for message in mail.outbox if "3 pieces of news" in message.subject]
    assert (len(each), len(summaries), len(mail.outbox)) == (2 * 3, 2, 2 * 3 + 2)
    with inside(acme):
        assert set(Notice.objects.exclude(contact=pat).values_list("mail", flat=True)) == {"sent"}
