"""The form that makes and changes a quote: its head, and lines that come and go.

Everything works by posting the whole form: named buttons add and take away lines, and the server says what each
line comes to. With htmx the same answers arrive while one types.
"""

import uuid

from django import forms
from django.http import QueryDict
from django.utils.functional import cached_property

from portal.quotes import money
from portal.quotes.line_form import FIELDS, LineForm
from portal.quotes.models import Product, Quote

MAX_LINES = 200
HEAD = ["customer", "currency", "valid_until", "note"]


class HeadForm(forms.ModelForm):
    currency = forms.ChoiceField()

    class Meta:
        model = Quote
        fields = HEAD
        labels = {"customer": "Customer", "valid_until": "Valid until"}
        widgets = {
            "valid_until": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            "note": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args, currencies, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["currency"] = forms.ChoiceField(choices=[(code, code) for code in currencies])


class QuoteEditor:
    """Opened without data; with data it does what the pressed button says."""

    def __init__(self, *, workspace, quote=None, data=None):
        self.quote, self.data = quote, data if data is not None else QueryDict()
        self.saving = "save" in self.data
        self.products = {product.pk: product for product in Product.objects.active()}
        self.made = {line.pk: line for line in quote.lines.select_related("product")} if quote else {}
        self.form_key = _uuid(self.data.get("form_key")) or uuid.uuid4()
        self.version = quote.version if quote else 0
        self.currencies = self._currencies(workspace)
        self.head = self._head()
        self.lines = self._lines() if data is not None else [LineForm.of_line(m) for m in self.made.values()]
        self._press()

    @property
    def seen_version(self):
        """The version of the draft that the person had before them when they began."""
        text = self.data.get("version", "")
        return int(text) if text.isdecimal() and len(text) < 9 else -1

    @property
    def currency(self):
        asked = self.data.get("currency")
        return asked if asked in self.currencies else self.currencies[0]

    @property
    def places(self):
        return money.places(self.currency)

    @property
    def offered(self):
        """The products one can add: those priced in the quote's currency."""
        return [product for product in self.products.values() if product.currency == self.currency]

    @cached_property
    def rows(self):
        """(form, what it comes to) of each line."""
        return [(line, line.total(self.currency)) for line in self.lines]

    @property
    def total(self):
        return sum(total for _, total in self.rows if total is not None)

    def is_valid(self):
        # Lists, not generators: every fault is to be said at once.
        valid = [self.head.is_valid(), *(line.is_valid() for line in self.lines)]
        offered = [line.has_its_product(self.currency) for line in self.lines]
        return all(valid) and all(offered)

    def values(self):
        """Head and lines for portal.quotes.drafts."""
        return {"head": self.head.cleaned_data, "lines": [line.values() for line in self.lines]}

    def _press(self):
        removed = self.data.get("remove")
        self.lines = [line for line in self.lines if line.key != removed][:MAX_LINES]
        if len(self.lines) == MAX_LINES:
            return
        if self.data.get("add") == "line":
            self.lines.append(LineForm(self._next_key(), {"quantity": "1"}))
        elif self.data.get("add") == "product" and (product := self._product(self.data.get("product"))):
            self.lines.append(LineForm(self._next_key(), {"quantity": "1"}, product=product))

    def _next_key(self):
        numbers = [int(line.key[1:]) for line in self.lines if line.key[1:].isdecimal()]
        return f"n{max(numbers, default=0) + 1}"

    def _head(self):
        if self.saving:
            # Never the record itself: that changes under its lock alone.
            return HeadForm(self.data, currencies=self.currencies)
        typed = {name: self.data[name] for name in HEAD if name in self.data}
        initial = {"currency": self.currency, **typed}
        return HeadForm(instance=self.quote, initial=initial, currencies=self.currencies)

    def _lines(self):
        keys = [key for key in dict.fromkeys(self.data.getlist("line")) if len(key) <= 36]
        return [self._posted(key) for key in keys[:MAX_LINES]]

    def _posted(self, key):
        answers = {name: self.data.get(f"line-{key}-{name}", "") for name in FIELDS}
        # In another currency nothing of the line as it was made would hold.
        made = self.made.get(_uuid(key)) if self.quote and self.quote.currency == self.currency else None
        asked = self.data.get(f"line-{key}-product")
        product = self._product(asked, made)
        gone = bool(asked) and product is None
        return LineForm(key, answers, made=made, product=product, gone=gone, checked=self.saving)

    def _product(self, key, made=None):
        key = _uuid(key)
        return made.product if made and key and made.product_id == key else self.products.get(key)

    def _currencies(self, workspace):
        """The quote's own first, then the workspace's, then those that products are priced in."""
        own = [self.quote.currency] if self.quote else []
        priced = sorted({product.currency for product in self.products.values()})
        return list(dict.fromkeys([*own, workspace.currency, *priced]))


def _uuid(text):
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None
