"""Mail: a subject, a text, and the same as a calm page, in the name of the workspace that it is about.

`send("emails/invitation", to, {…}, workspace=…)` renders emails/invitation_subject.txt, …_message.txt and, where
there is one, …_message.html.
"""

import email.policy
import logging
from concurrent.futures import ThreadPoolExecutor
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string, select_template
from django.utils import timezone

LONGEST_LINE = 990  # SMTP allows 998
log = logging.getLogger(__name__)
_senders = ThreadPoolExecutor(max_workers=2, thread_name_prefix="mail")


def send(template, to, context=None, *, workspace=None):
    """Leaves at once, or beside the page where a mail server takes its time. Whoever waits for it asks again."""
    message = _compose(template, to, context, workspace)
    if settings.MAIL_IN_BACKGROUND:
        _senders.submit(_deliver, message)
    else:
        _deliver(message)


def send_now(template, to, context=None, *, workspace=None, headers=None):
    """For jobs, which try again: raises OSError where the mail server is away or refuses."""
    message = _compose(template, to, context, workspace)
    message.extra_headers = headers or {}
    message.send()


def _compose(template, to, context, workspace):
    """Times are told on the workspace's clock."""
    with timezone.override(workspace.zone if workspace else None):
        return _written(template, to, context, workspace)


def _written(template, to, context, workspace):
    context = {**(context or {}), "workspace": workspace, "public_url": settings.PUBLIC_URL}
    subject = " ".join(render_to_string(f"{template}_subject.txt", context).split())
    text = render_to_string(f"{template}_message.txt", context).strip() + "\n"
    html = select_template([f"{template}_message.html", "emails/plain.html"])
    message = _Message(subject, text, _sender(workspace), [to])
    message.attach_alternative(html.render({**context, "subject": subject, "text": text}), "text/html")
    return message


class _Message(EmailMultiAlternatives):
    """Folded at 78 characters, an address in a header (List-Unsubscribe) would be encoded past recognition."""

    def message(self, *, policy=email.policy.default):
        return super().message(policy=policy.clone(max_line_length=LONGEST_LINE))


def _sender(workspace):
    """The workspace's name at the portal's address."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    if workspace:
        name = " ".join(f"{workspace.name} partner portal".split())
    return formataddr((name, address))


def _deliver(message):
    try:
        message.send()
    except OSError:  # the mail server's refusals are OSErrors too; whoever waits for the mail asks again
        log.exception("A mail to %s could not be sent", message.to[0])
