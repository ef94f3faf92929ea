"""News of quotes at Brightpath: Pat makes them, Cleo and Dora are colleagues."""

import uuid
from decimal import Decimal

import pytest

from portal.notifications import choosing, events, mails
from portal.notifications.models import Notice
from portal.quotes import drafts
from segments import editing
from segments.notifications import set_defaults, set_levels
from segments.rules.tree import new_tree
from tests.conftest import make_contact
from workspaces import jobs
from workspaces.actors import SYSTEM
from workspaces.properties import properties_of

LINE = {"pk": None, "product": None, "title": "Storage", "quantity": Decimal(1), "unit_price": Decimal(5), "discount": Decimal(0)}  # fmt: skip


@pytest.fixture
def cleo(acme, brightpath):
    return make_contact(acme, "cleo", brightpath, role="sales_rep")


@pytest.fixture
def dora(acme, brightpath):
    return make_contact(acme, "dora", brightpath, role="marketing")


@pytest.fixture
def make_quote(acme, inside):
    """`make_quote(pat)`: a quote, noted but told to nobody yet."""

    def make(by, customer="Zephyr Labs"):
        head = {"customer": customer, "currency": "EUR", "note": ""}
        with inside(acme):
            return drafts.create_quote(by=by, form_key=uuid.uuid4(), head=head, lines=[dict(LINE)])

    return make


@pytest.fixture
def tell(acme):
    """Tells everybody what was noted so far."""
    return lambda: jobs.run(acme.pk, events.QUEUE)


@pytest.fixture
def send(acme):
    """Mails what is due."""
    return lambda: jobs.run(acme.pk, mails.MAIL_QUEUE)


@pytest.fixture
def notices(acme, inside):
    """name → the notice of that person, the latest of the kind."""

    def look(kind=None):
        with inside(acme):
            found = Notice.objects.select_related("contact", "mail_segment", "portal_segment", "event")
            found = found.filter(kind=kind) if kind else found
            return {notice.contact.name: notice for notice in found.order_by("at", "pk")}

    return look


@pytest.fixture
def by_default(acme, inside):
    """`by_default("quotes.created", mail="all")`"""

    def set_them(kind, **levels):
        with inside(acme):
            set_defaults({(kind, channel): level for channel, level in levels.items()})

    return set_them


@pytest.fixture
def segment_says(acme, inside):
    """`segment_says("sales_rep", "quotes.created", mail="off")`: a segment of everybody with that role."""

    def say(role, kind, name=None, **levels):
        with inside(acme):
            leaf = {
                "p": properties_of("contact")["role"].number,
                "of": "self",
                "op": "is_any_of",
                "v": [role],
            }
            tree = new_tree("contact", leaf)
            segment = editing.create(
                level="contact", kind="dynamic", name=name or f"All {role}", tree=tree, by=SYSTEM
            )
            set_levels(segment, {(kind, channel): level for channel, level in levels.items()})
            segment.refresh_from_db()
            return segment

    return say


@pytest.fixture
def chooses(acme, inside):
    """`chooses(cleo, "quotes.created", mail="off")`, and how their mails come."""

    def choose(contact, kind=None, *, mail_mode="each", stopped=False, **levels):
        with inside(acme):
            chosen = {(kind, channel): level for channel, level in levels.items()}
            choosing.choose(contact, levels=chosen, mail_mode=mail_mode, mails_stopped=stopped)

    return choose
