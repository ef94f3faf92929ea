from decimal import Decimal

import pytest

from portal.quotes import drafts
from portal.quotes.models import Product, Quote, QuoteSettings
from workspaces.keys import uuid7


@pytest.fixture
def storage(acme, inside):
    """A product of acme."""
    with inside(acme):
        return Product.objects.create(
            name="Object Storage", sku="OS-1", unit_price=Decimal("19.99"), currency="EUR"
        )


@pytest.fixture
def make_quote(inside):
    """A draft of somebody's partner, with one line of 120 EUR; other heads by name."""

    def make(by, **head):
        head = {"customer": "Alpenbank", "currency": "EUR", "valid_until": None, "note": "", **head}
        line = {
            "pk": None,
            "product": None,
            "title": "Workshop",
            "quantity": Decimal(1),
            "discount": Decimal(0),
        }
        with inside(by.workspace_id):
            return drafts.create_quote(
                by=by, form_key=uuid7(), head=head, lines=[{**line, "unit_price": Decimal(120)}]
            )

    return make


@pytest.fixture
def only(acme, inside, narrow):
    """Lets only these segments create quotes."""

    def set_to(*segments, mode="only", workspace=acme):
        with inside(workspace):
            audience = QuoteSettings.ensure().audience
        narrow(audience, mode, *segments, workspace=workspace)

    return set_to


@pytest.fixture
def typed():
    """What the editor's form sends: a head, and lines by their key."""

    def form(*, button="save", value="1", lines=None, **head):
        data = {
            "customer": "Alpenbank",
            "currency": "EUR",
            "valid_until": "",
            "note": "",
            "version": "0",
            **head,
        }
        data["line"] = list(lines or {})
        for key, answers in (lines or {}).items():
            data |= {f"line-{key}-{name}": text for name, text in answers.items()}
        return {**data, button: value}

    return form


@pytest.fixture
def stored(inside):
    """A quote as the database has it."""

    def look(quote):
        with inside(quote.workspace_id):
            return Quote.objects.with_totals().get(pk=quote.pk)

    return look
