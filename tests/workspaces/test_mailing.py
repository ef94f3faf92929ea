"""Mail: in whose name, in which forms, and what a name cannot do to it."""

import pytest
from django.core import mail

from workspaces import mailing
from workspaces.models import Workspace


@pytest.fixture
def northwind():
    return Workspace(name='Northwind "Cloud"\nBcc: all@example.com', slug="northwind", brand_color="#123456")


def send(workspace):
    mail.outbox.clear()
    mailing.send("account/email/login_code", "ana@example.com", {"code": "ABCD-EFGH"}, workspace=workspace)
    return mail.outbox[0]


def test_a_mail_comes_in_the_workspaces_name_from_the_portals_address(settings, northwind):
    settings.DEFAULT_FROM_EMAIL = "Partner portal <portal@example.org>"
    message = send(northwind).message()
    assert message["From"].endswith("<portal@example.org>")
    assert "Northwind" in message["From"]
    assert send(None).from_email == "Partner portal <portal@example.org>"


def test_a_line_break_in_a_name_adds_no_header(northwind):
    message = send(northwind).message()
    assert message["Bcc"] is None
    assert "\n" not in message["Subject"]


def test_a_mail_has_a_text_and_a_page_that_escapes_names():
    message = send(Workspace(name="<b>Acme</b> & Co", brand_color="#123456"))
    page = message.alternatives[0].content
    assert "<b>Acme</b> & Co" in message.body
    assert "<b>Acme</b>" not in page
    assert "&lt;b&gt;Acme" in page
    assert "ABCD-EFGH" in page


def test_a_mail_server_that_is_away_breaks_no_page(settings, monkeypatch, northwind, caplog):
    def away(*args, **kwargs):
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", away)
    mailing.send("account/email/login_code", "ana@example.com", {"code": "ABCD-EFGH"}, workspace=northwind)
    assert "could not be sent" in caplog.text


def test_with_a_mail_server_nobody_waits_for_it(settings, monkeypatch, northwind):
    handed_over = []
    settings.MAIL_IN_BACKGROUND = True
    monkeypatch.setattr(mailing._senders, "submit", lambda work, message: handed_over.append(message.to))
    mail.outbox.clear()
    mailing.send("account/email/login_code", "ana@example.com", {"code": "ABCD-EFGH"}, workspace=northwind)
    assert handed_over == [["ana@example.com"]]
    assert mail.outbox == []
